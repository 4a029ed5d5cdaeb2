#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Somebody sets the machine's clock, an hour ahead and an hour back: drains, slow starts and
# backends that leave go on as if nothing had happened, and a deadline comes when it was to come.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/clock.sh"
. "$lab_root/tests/lab/streams.sh"
lab_hold_wait_s=30 lab_hold_pace="--period 0.2"

# of NAME KEY: a number that 'show backends' has of it
of() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b[sys.argv[2]] or 0 for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' $1 $2
}

stream() {
	lab_start stream-$1 b$1 python3 "$lab_root/tests/lab/stream.py" serve 0.0.0.0 7000 b$1
}

pool() { # BACKENDS...: those of the pool
	cat <<-YAML
		services: [{name: stream, vip: $VIP, protocol: tcp, port: 7000, pool: stream, flow_ttl: {half_closed: 1s, closing: 1s}}]
		pools:
		  - name: stream
		    slow_start: ${slow_start:-0s}
		    previous_table: 30m
		    health: {interval: 1s, timeout: 1s, rise: 1}
		    backends:
	YAML
	for k; do
		echo "      - {name: s$k, address: 10.0.1.1$k}"
	done
}

lab_begin
clock_begin
lab_backends 4
for k in 1 2 3 4; do
	lab_agent b$k
	stream $k
done
lab_fulcrumd
lab_check "the pool is applied" ctl apply -f <(pool 1 2 3 4)
lab_wait_up s1 s2 s3 s4
slow_start=10m
lab_check "with a slow start from here on" ctl apply -f <(pool 1 2 3 4)
lab_stop stream-2
lab_wait_for "lab_backend_is s2 health down" 10 "s2 is down"
stream 2
lab_wait_for "lab_backend_is s2 health up" 10 "s2 is up, and begins slowly"
lab_hold one 30
lab_check "s1 is drained" ctl backend drain s1 --deadline 10m --then reset
lab_check "s3 leaves, with its connections" ctl apply -f <(pool 1 2 4)

# What is left of the drain goes by seconds, whatever the clock: three of them are three looks at
# all that takes time.
for by in 3600 -3600; do
	left=$(of s1 drain_left_s)
	clock_set $by
	lab_wait_for "[ \$(of s1 drain_left_s) -le $((left - 3)) ]" 30 "three seconds of the drain pass"
	lab_check "set by $by s: the deadline is where it was" test "$(of s1 drain_left_s)" -gt 300
	lab_check "and s2 begins as slowly" test "$(of s2 share_ppm)" -lt 300000
done
lab_check "no deadline has passed" sh -c "! grep -q 'the deadline has passed' $LAB/fulcrumd.log"
lab_hold_end one
lab_check "all 30 connections are kept, those of the one that left, too" test "$(lab_held one kept)" -eq 30

lab_hold two 20
lab_check "the clock is an hour behind, and a drain of 2 s begins" ctl backend drain s4 --deadline 2s --then reset
lab_wait_for "grep -q 'the deadline has passed; what is left is reset' $LAB/fulcrumd.log" 10 "its deadline comes"
told=$(sed -n 's/Z .*the deadline has passed.*//p' $LAB/fulcrumd.log)
behind=$(($(date +%s) - $(date -u -d "$told" +%s)))
lab_check "the daemon's clock is an hour behind indeed" test $behind -gt 3500 -a $behind -lt 4200
lab_wait_for "lab_backend_is s4 flows 0" 15 "nothing is left on s4"
lab_hold_end two
of_s4=$(python3 -c 'import ast, sys; print(ast.literal_eval(sys.argv[1]).get("b4", 0))' "$(lab_held two backends)")
lab_check "and its $of_s4 connections are reset" test $of_s4 -gt 0 -a "$(lab_held two reset)" -eq $of_s4
lab_end
