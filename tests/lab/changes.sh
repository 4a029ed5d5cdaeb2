#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A thousand long-lived connections over ten backends live through more than twenty changes of their
# pool in a row: backends added, removed, drained, brought back, weighed anew. None is reset, none
# stalls, no byte is lost.
. "$(dirname "$0")/lib.sh"

CONNECTIONS=${CONNECTIONS:-1000}

# pool 'names' ['name weight']: the pool file with these backends.
pool() {
	local name
	echo "services: [{name: stream, vip: $VIP, protocol: tcp, port: 7000, pool: stream}]"
	echo "pools: [{name: stream, health: {interval: 5s, timeout: 5s, rise: 1, fall: 4}, backends: ["
	for name in $1; do
		echo "  {name: s$name, address: 10.0.1.$((10 + name)), weight: $([ "${2:-}" = $name ] && echo ${3:-50} || echo 100)},"
	done
	echo "]}]"
}

change() {
	pool "$@" >$LAB/pool.yaml
	ctl apply -f $LAB/pool.yaml >/dev/null 2>&1
	changes=$((changes + 1))
}

said() {
	python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readlines()[-1])[sys.argv[2]])' $LAB/hold.log $1
}

lab_begin
lab_backends 10
for k in 1 2 3 4 5 6 7 8 9 10; do
	lab_agent b$k
	lab_start stream-$k b$k python3 "$lab_root/tests/lab/stream.py" serve 0.0.0.0 7000 b$k
done
lab_fulcrumd
changes=0
change "1 2 3 4 5 6 7 8"
lab_wait_up s1 s2 s3 s4 s5 s6 s7 s8

lab_start hold client python3 "$lab_root/tests/lab/stream.py" hold $VIP 7000 --connections $CONNECTIONS --until $LAB/end
lab_wait_for "grep -q 'all are open' $LAB/hold.log" 60 "$CONNECTIONS connections are open"

for round in 1 2 3; do
	change "1 2 3 4 5 6 7 8 9"
	lab_wait_up s9
	change "1 2 3 4 5 6 7 8 9 10"
	lab_wait_up s10
	ctl backend drain s3 >/dev/null
	ctl backend weight s4 20 >/dev/null
	change "1 2 4 5 6 7 8 9 10" 4 20
	change "1 2 4 5 6 7 8 9 10" 5 200
	change "2 4 6 7 8 9 10" # removed while they have flows
	change "1 2 3 4 5 6 7 8"
	lab_wait_up s1 s3 s5

	change "8 7 6 5 4 3 2 1"
done
lab_say "$changes applies, and changes of single backends between them"

touch $LAB/end
lab_wait_for '! lab_alive hold' 60 "the client has ended"
unset 'lab_pids[hold]'
lab_say "$(tail -n 1 $LAB/hold.log)"
lab_check "every connection was kept" test "$(said kept)" -eq $CONNECTIONS
lab_check "none was reset" test "$(said reset)" -eq 0
lab_check "none stalled" test "$(said stalled)" -eq 0
lab_end
