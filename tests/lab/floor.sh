#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The probes break, and not the backends: a pool with a floor keeps what it may not lose, says so,
# and loses no request.
. "$(dirname "$0")/lib.sh"

# 'pool_is KEY VALUE': what 'show pools' says of the pool.
pool_is() {
	ctl show pools -o json | python3 -c 'import json, sys
sys.exit(str(json.load(sys.stdin)[0][sys.argv[1]]) != sys.argv[2])' "$@"
}

# The backends' answers to the balancer are lost; those to clients are not.
break_probes() {
	local k
	for k in 1 2 3; do
		ip -n b$k route add blackhole $BALANCER
	done
	for k in 1 2 3; do
		lab_wait_for "lab_backend_is web-$k health down" 10 "web-$k down"
	done
}

mend_probes() {
	local k
	for k in 1 2 3; do
		ip -n b$k route del blackhole $BALANCER
	done
	lab_wait_up web-1 web-2 web-3
}

lab_quickstart
sed '/^pools:/,$ s/  - name: web$/&\n    max_down_percent: 40/' \
	$lab_pool >$LAB/floor.yaml
lab_check "a floor of 40% is applied" ctl apply -f $LAB/floor.yaml

break_probes
lab_check "one of three may be lost, two are kept" pool_is backends_kept 2
lab_check "they are usable" pool_is backends_usable 2
lab_check "the alarm is in the log" \
	grep -q "pool 'web': 2 of the 3 backends that served failed within 4s, more than max_down_percent 40" \
	$LAB/fulcrumd.log
lab_check "'show backends' says who is kept, and why" test \
	"$(ctl show backends -o json | grep -c 'kept in service by max_down_percent: connect to')" -eq 2
lab_requests 60 >$LAB/answers
lab_check "every request is answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60
lab_check "by the two that are kept" test "$(sort -u $LAB/answers | wc -l)" -eq 2

mend_probes
lab_wait_for "pool_is backends_kept 0" 10 "nobody is kept"
lab_wait_for "grep -q 'no backend is kept in service any more' $LAB/fulcrumd.log" 10 "the end of it is told"

lab_stop nginx-b1
lab_wait_for "lab_backend_is web-1 health down" 10 "web-1 down"
lab_check "one that fails alone goes down" pool_is backends_usable 2
lab_nginx b1
lab_wait_up web-1

break_probes
lab_check "two are kept again" pool_is backends_kept 2
lab_check "an apply without the floor" ctl apply -f $lab_pool
lab_wait_for "pool_is backends_kept 0 && pool_is backends_usable 0" 10 "lets them go"
mend_probes
lab_end
