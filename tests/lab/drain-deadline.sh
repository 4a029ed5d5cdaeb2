#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A drain with a finish line: what is left at the deadline is reset, and the client's kernel takes
# the reset; a watched drain tells how many are left until none is; an undrain in time cancels the
# deadline.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"
lab_hold_wait_s=30 lab_hold_pace="--period 0.2"

lab_begin
lab_backends 2
for k in 1 2; do
	lab_agent b$k
	lab_start stream-$k b$k python3 "$lab_root/tests/lab/stream.py" serve 0.0.0.0 7000 b$k
done
lab_fulcrumd
cat >$LAB/pool.yaml <<-YAML
	services: [{name: stream, vip: $VIP, protocol: tcp, port: 7000, pool: stream, flow_ttl: {half_closed: 1s, closing: 1s}}]
	pools:
	  - name: stream
	    health: {interval: 1s, timeout: 1s, rise: 1}
	    backends: [{name: s1, address: 10.0.1.11}, {name: s2, address: 10.0.1.12}]
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up s1 s2

lab_hold one 40
lab_check "a deadline that is cancelled" ctl backend drain s1 --deadline 60s --then reset
lab_check "a deadline for what is drained already is told, too" grep -q "in 1m what is left of its connections is reset" \
	<(ctl backend drain s1 --deadline 60s --then reset)
lab_check "show tells what is left of it" \
	sh -c "'$fulcrumctl' show backends -o json | grep -Eq '\"drain_left_s\": ?[1-9]'"
lab_check "undrained in time" ctl backend undrain s1
lab_wait_for "! ctl show backends -o json | grep -Eq '\"drain_left_s\": ?[1-9]'" 5 "there is no deadline any more"

lab_check "a deadline that passes" ctl backend drain s1 --deadline 2s --then reset
lab_wait_for "grep -q 'the deadline has passed; what is left is reset' $LAB/fulcrumd.log" 10 "the deadline passes"
lab_wait_for "lab_backend_is s1 flows 0" 15 "nothing is left on s1"
lab_hold_end one
released=$(lab_held one reset)
lab_say "$released of 40 connections were reset, those of s1"
lab_check "s1 had some, and s2 kept its own" test $released -gt 5 -a $released -lt 35

ctl backend undrain s1
lab_hold two 20
lab_start watch lb "$fulcrumctl" backend drain s2 --watch
lab_wait_for "grep -q 'connections, the oldest' $LAB/watch.log" 10 "the watch tells of connections"
lab_hold_end two
released=$(lab_held two kept)
lab_check "a drain without a deadline breaks none" test $released -eq 20
lab_wait_for "! lab_alive watch" 20 "the watch ends by itself"
unset 'lab_pids[watch]'
lab_check "when none is left" grep -q ' 0 connections' $LAB/watch.log
lab_end
