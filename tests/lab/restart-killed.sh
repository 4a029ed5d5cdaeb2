#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The daemon is killed right after a change of the pool and backends that fail: the connections of
# those, which serve on, are exceptions since a moment, and are in the copy that this moment had
# written. None breaks.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

CONNECTIONS=${CONNECTIONS:-100}

# copied_since EVENT: the log has the event, and a copy is on disk that is younger.
copied_since() {
	local at copy
	at=$(grep -m 1 -- "$1" $LAB/fulcrumd.log | cut -d' ' -f1)
	[ -n "$at" ] && touch -d "$at" $LAB/event && [ $LAB/state/flows.checkpoint -nt $LAB/event ] || return 1
	copy=$(stat -c %.3Y $LAB/state/flows.checkpoint)
	echo "copied $(awk -v a="$(date -d "$at" +%s.%3N)" -v b="$copy" 'BEGIN { printf "%d", 1000 * (b - a) }') ms after: $1" >$LAB/copied
}

has_flows() {
	! lab_backend_is "$1" flows 0
}

lab_begin
lab_stream_backends 4
lab_fulcrumd
lab_stream_health="interval: 1s, timeout: 1s, rise: 1, fall: 2"
lab_stream_apply 4
lab_hold held $CONNECTIONS
lab_stream_apply 3
lab_check "b1, b2 and b4 have connections" eval 'has_flows b1 && has_flows b2 && has_flows b4'
# The answers to their probes are lost, and their connections go on.
for backend in b1 b2; do
	ip -n $backend route add blackhole $BALANCER
	lab_wait_for "lab_backend_is $backend health down" 10 "$backend is down"
	lab_slack=2 lab_wait_for "copied_since 'backend stream/$backend is down'" 1 "a copy of the flows within a second"
	lab_say "$(cat $LAB/copied)"
done
lab_stop fulcrumd KILL
lab_fulcrumd
lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((3 * CONNECTIONS)) ]' 30 "the connections talk again"
lab_hold_end held
lab_check "each of the $CONNECTIONS connections was kept" test "$(lab_held held kept)" -eq $CONNECTIONS
lab_end
