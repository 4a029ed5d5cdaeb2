#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The control thread waits for no disk: through every kind of request and event it opens, reads,
# writes, renames and removes no file of one. What it may touch is in loop_files.py, each with its
# reason.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || {
	echo "skipped: needs strace"
	exit 77
}

lab_begin
lab_web_backends 3
cp $LAB/tls.crt $LAB/ca.crt
lab_config
cp $lab_pool $LAB/pools.yaml
echo "pools: $LAB/pools.yaml" >>$LAB/fulcrumd.yaml
lab_fulcrumd
: >$LAB/strace.log
lab_start strace lb strace -qq -y -s 64 -o $LAB/loop.trace -p "${lab_pids[fulcrumd]}"
lab_wait_for "test -s $LAB/loop.trace" 10 "the control thread is traced"
lab_wait_up web-1 web-2 web-3

lab_say "-- changes"
sed "s|type: tcp.*|type: tls\n      ca: $LAB/ca.crt\n      host: web.example|" $lab_pool >$LAB/tls.yaml
lab_check "an apply" ctl apply --force -f $LAB/tls.yaml
lab_check "a plan" eval "ctl plan -f $lab_pool >$LAB/answer"
lab_wait_up web-1 web-2 web-3
lab_check "a weight" ctl backend weight web-1 50
lab_check "a drain" ctl backend drain web-3
lab_check "its end" ctl backend enable web-3
lab_check "an apply to be confirmed" ctl apply --force --confirm 60s -f $LAB/tls.yaml
lab_check "its confirmation" ctl confirm
lab_check "the history" eval "ctl history >$LAB/answer"
lab_check "a rollback" eval "ctl rollback --force 1 >$LAB/answer"
sed -i 's/name: web-1, /&weight: 90, /' $LAB/pools.yaml
kill -HUP "${lab_pids[fulcrumd]}"
lab_wait_for "ctl show config | grep -q 'weight: 90'" 10 "the file is read again"

lab_say "-- questions"
for what in services pools backends drops workers ports vips zones config version; do
	lab_check "show $what" eval "ctl show $what >$LAB/answer"
done
lab_check "flows" eval "ctl flows >$LAB/answer"
lab_check "events" eval "ctl events >$LAB/answer"
lab_check "explain" eval "ctl explain tcp $CLIENT:40000 $VIP:443 --syn >$LAB/answer"
lab_check "digest" eval "ctl digest >$LAB/answer"
for page in metrics healthz; do
	lab_check "/$page" eval "in_ns lb curl -sf --max-time 20 http://127.0.0.1:9110/$page >$LAB/answer"
done
lab_check "a capture" ctl capture -w $LAB/loop.pcapng --seconds 1

lab_say "-- events"
lab_requests 30 >$LAB/answers
lab_stop nginx-b2
lab_wait_for "lab_backend_is web-2 health down" 15 "a backend dies"
lab_nginx b2
lab_wait_up web-2
lab_check "a neighbour is asked for again" in_ns lb ip neigh flush dev fulcrum0
lab_check "a route comes" ip -n lb route add 192.0.2.0/24 via 10.0.0.1
lab_check "the kernel side goes" ip -n lb link del fulcrum0
lab_wait_for "ip -n lb link show fulcrum0" 10 "it is made again"
lab_wait_for "test -s $LAB/state/pools.yaml && test -s $LAB/state/health" 10 "what is in force is kept"
rm -f /run/fulcrum/channel
lab_wait_for "ctl show version" 10 "the segment is made again"
lab_check "the thread is there still" lab_alive fulcrumd

lab_stop strace INT
lab_check "the channel is in memory" test "$(stat -f -c %T /run/fulcrum)" = tmpfs
status=0
python3 "$lab_root/tests/lab/loop_files.py" $LAB/loop.trace >$LAB/found || status=$?
sed 's/^/  /' $LAB/found
lab_check "the control thread touches no file that a disk could hold up" test $status -eq 0
lab_end
