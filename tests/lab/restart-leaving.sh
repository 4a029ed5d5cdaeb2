#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Backends that were taken out of the file keep their connections over a planned restart, whoever
# has their addresses by
# then: another backend, one after two renames, a VIP.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

# pool NAME=ADDRESS...: those are the backends; VIPs of a second service by vip=ADDRESS.
pool() {
	local word extra=""
	for word; do
		[[ $word != vip=* ]] || extra=", {name: other, vip: ${word#vip=}, protocol: tcp, port: 7001, pool: stream}"
	done
	{
		echo "services: [{name: stream, vip: $VIP, protocol: tcp, port: 7000, pool: stream}$extra]"
		echo "pools:"
		echo "  - name: stream"
		echo "    health: {$lab_stream_health}"
		echo "    backends:"
		for word; do
			[[ $word == vip=* ]] || echo "      - {name: ${word%=*}, address: ${word#*=}}"
		done
	} >$lab_stream_pool
	ctl apply --force -f $lab_stream_pool >$LAB/apply.out 2>&1
}

leaving() {
	ctl show backends -o json | python3 -c 'import json, sys
print(sum(backend["state"] == "leaving" for backend in json.load(sys.stdin)))'
}

lab_begin
lab_stream_backends 4
lab_fulcrumd
lab_stream_apply 4
lab_hold held 90

pool b9=10.0.1.11 b2=10.0.1.12 b3=10.0.1.13 b4=10.0.1.14
lab_wait_up b9
pool b10=10.0.1.11 b3=10.0.1.13 b4=10.0.1.14
lab_wait_up b10
pool b10=10.0.1.11 b3=10.0.1.13 b4=10.0.1.14 vip=10.0.1.12
lab_check "three backends leave" test "$(leaving)" -eq 3
lab_stop fulcrumd
lab_check "it ends cleanly" test $lab_status -eq 0
lab_fulcrumd
lab_check "no file is refused" test "$(lab_count 'pools.yaml.left:' $LAB/fulcrumd.log)" -eq 1
lab_check "they leave again" test "$(leaving)" -eq 3
lab_hold_end held
lab_check "all 90 connections were kept" test "$(lab_held held kept)" -eq 90
lab_end
