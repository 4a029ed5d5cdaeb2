#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 'user:' takes root's rights away once the ports are open, and the daemon works without them.
. "$(dirname "$0")/lib.sh"

# capabilities TID: those that a thread has, in hexadecimal.
capabilities() {
	awk '/^CapEff/ {print $2}' /proc/${lab_pids[fulcrumd]}/task/$1/status
}

lab_begin
lab_web_backends 3
lab_config
echo 'user: nobody' >>$LAB/fulcrumd.yaml
mkdir -p $LAB/state
chown nobody $LAB/state /run/fulcrum
chmod 755 $LAB
lab_fulcrumd
pid=${lab_pids[fulcrumd]}

lab_check "it runs as nobody" test "$(stat -c %U /proc/$pid)" = nobody
lab_check "in every thread" test "$(awk '/^Uid/ {print $2, $3, $4, $5}' /proc/$pid/task/*/status | sort -u)" = \
	"$(id -u nobody) $(id -u nobody) $(id -u nobody) $(id -u nobody)"
lab_check "the control thread keeps CAP_NET_ADMIN and CAP_NET_RAW" test "$(capabilities $pid)" = 0000000000003000
worker=$(grep -lE '^(rte|dpdk|lcore)-worker|^lcore-worker' /proc/$pid/task/*/comm | awk -F/ '{print $5; exit}')
lab_check "a worker keeps nothing" test "$(capabilities "$worker")" = 0000000000000000

lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
lab_requests 90 >$LAB/answers
lab_check "90 of 90 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 90
lab_check "what is kept is the user's" test "$(stat -c %U $LAB/state/pools.yaml)" = nobody
lab_check "a neighbour that is forgotten is asked for again" in_ns lb ip neigh flush dev fulcrum0
lab_wait_up web-1 web-2 web-3
lab_stop fulcrumd TERM
lab_check "it ends cleanly" test $lab_status -eq 0
lab_check "its segment is gone" test ! -e $FULCRUM_CHANNEL

sed -i 's/^user: nobody/user: nobody-of-that-name/' $LAB/fulcrumd.yaml
lab_check "a user that there is not is told of" grep -q "there is no user 'nobody-of-that-name'" \
	<(in_ns lb timeout 20 "$fulcrumd" -c $LAB/fulcrumd.yaml 2>&1)
lab_end
