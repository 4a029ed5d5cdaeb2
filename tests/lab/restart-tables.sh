#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A daemon that is killed leaves the hash tables that it had, the one now and the one before: what
# it judged its flows by is what its successor finds them by. Nobody can make these tables again
# from a pool file and from who is up: a backend failed after a drain, another one has a part of its
# share. No connection breaks.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

CONNECTIONS=${CONNECTIONS:-200}

# copied_since EVENT: the log has it, and a copy is on disk that is younger than the last one.
copied_since() {
	local at
	at=$(grep -- "$1" $LAB/fulcrumd.log | tail -n 1 | cut -d' ' -f1)
	[ -n "$at" ] && touch -d "$at" $LAB/event && [ $LAB/state/flows.checkpoint -nt $LAB/event ]
}

# Two copies that end from now on: the second one began after this. There are flows that no table
# finds.
copied_anew() {
	local turn
	for turn in 1 2; do
		touch $LAB/now
		lab_wait_for "[ $LAB/state/flows.checkpoint -nt $LAB/now ]" 30 "a copy of the flows"
	done
}

# kill_under NAME EVENT: the daemon is killed, when it has a copy of what is since the event, and a
# new one goes on with the connections of NAME.
kill_under() {
	lab_wait_for "copied_since '$2'" 10 "a copy of the flows"
	lab_stop fulcrumd KILL
	lab_fulcrumd
	lab_wait_for '[ "$(lab_worker_sum flow_hits)" -ge $((3 * CONNECTIONS)) ]' 30 "the connections talk again"
	lab_hold_end $1
	lab_check "$1: each of the $CONNECTIONS connections was kept" test "$(lab_held $1 kept)" -eq $CONNECTIONS
}

# lose_probes b1 add|del: whether the answers to its probes are lost; its connections go on.
lose_probes() {
	ip -n $1 route $2 blackhole $BALANCER
}

lab_begin
lab_stream_backends 4
lab_fulcrumd
lab_stream_health="interval: 1s, timeout: 1s, rise: 1, fall: 2"
lab_stream_apply 4

# The table before has b1, and the pool file before has b4. As many connections began under it.
lab_hold early $CONNECTIONS
ctl backend drain b4 >/dev/null
lose_probes b1 add
lab_wait_for "lab_backend_is b1 health down" 10 "b1 is down"
lab_hold drained $CONNECTIONS
copied_anew
kill_under drained 'stream/b1 is down'
lab_hold_end early
lab_check "early: each of the $CONNECTIONS connections was kept" test "$(lab_held early kept)" -eq $CONNECTIONS
lose_probes b1 del
lab_wait_for "lab_backend_is b1 health up" 10 "b1 is up"
ctl backend undrain b4 >/dev/null

# b1 has a tenth of its share, and nobody but the table says so. No table before is remembered.
lab_stream_apply 4 $'previous_table: 0s\n    slow_start: 1h'
lose_probes b1 add
lab_wait_for "lab_backend_is b1 health down" 10 "b1 is down"
lose_probes b1 del
lab_wait_for "lab_backend_is b1 health up" 10 "b1 is up"
lab_hold slow $CONNECTIONS
shares=$(ctl show backends -o json | python3 -c 'import json, sys; print([b["share_ppm"] for b in json.load(sys.stdin)])')
kill_under slow 'stream/b1 is up'
lab_check "b1's slow start goes on where it was" test "$shares" = "$(ctl show backends -o json |
	python3 -c 'import json, sys; print([b["share_ppm"] for b in json.load(sys.stdin)])')"

# A daemon whose network comes up later than itself: that it has no route yet says nothing about its
# backends.
lab_stop fulcrumd KILL
lab_daemon
lab_wait_for '[ "$(in_ns lb curl -sf http://127.0.0.1:9110/metrics | sed -n "s/^fulcrum_probe_local_failures_total //p")" -ge 8 ]' 20 \
	"two probes of each backend were not made"
lab_wire
lab_addresses
lab_wait_up b2 b3
lab_check "no backend was taken for dead" eval '! grep "backend .* is down" $LAB/fulcrumd.log'
lab_end
