#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A backend's cable is pulled under real connections. By the pool's on_down the client is told at
# once (reset), is told by another backend's kernel (rehash), or waits and goes on when the backend
# is back (keep). Connections of the other backends go on whatever happens.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

lab_stream_health="interval: 1s, timeout: 1s, rise: 1, fall: 4" # here servers are lost

# Opens 24 connections that are asked by 'ask SECONDS'; the answer is in 'said'.
open_connections() {
	rm -f $LAB/questions
	mkfifo $LAB/questions
	: >$LAB/talk.log
	exec 7<>$LAB/questions
	in_ns client python3 "$lab_root/tests/lab/talk.py" ask $VIP 7000 --connections 24 \
		<$LAB/questions >>$LAB/talk.log 7>&- &
	talk_pid=$!
	answers=0
	next_answer
	mine=$(of_answer b1)
	lab_check "b1 has some of the 24 connections" test "$mine" -gt 0
}

close_connections() {
	exec 7>&-
	kill $talk_pid
	wait $talk_pid || true
}

next_answer() {
	answers=$((answers + 1))
	lab_wait_for "[ \$(wc -l <$LAB/talk.log) -ge $answers ]" 90 "the client's answer $answers"
	said=$(tail -n 1 $LAB/talk.log)
}

# What the machine kept the daemon and the client waiting for a core until now, in milliseconds.
waited_ms() {
	awk '{ sum += $2 } END { print int(sum / 1e6) }' /proc/{"${lab_pids[fulcrumd]}","$(pgrep -P $talk_pid)"}/task/*/schedstat
}

ask() {
	echo "$1" >&7
	next_answer
}

# of_answer BACKEND [OUTCOME]: what the client said last; 0 where it said nothing of it.
of_answer() {
	python3 -c 'import json, sys
value = json.loads(sys.argv[1]).get(sys.argv[2], 0)
print(value.get(sys.argv[3], 0) if len(sys.argv) > 3 else value)' "$said" "$@"
}

others_talk() {
	lab_check "connections of b2 and b3 go on" \
		test "$(($(of_answer b2 echoed) + $(of_answer b3 echoed)))" -eq $((24 - mine))
}

pull_b1() {
	ip -n router link set b1 down
	lab_wait_for "lab_backend_is b1 health down" 20 "b1 down"
}

plug_b1() {
	ip -n router link set b1 up
	lab_wait_for "lab_backend_is b1 health up" 20 "b1 up"
}

# RSTs that the kernels of b2 and b3 have sent.
kernel_resets() {
	local k sum=0
	for k in 2 3; do
		sum=$((sum + $(in_ns b$k nstat -asz TcpOutRsts | awk '/TcpOutRsts/ {print $2}')))
	done
	echo $sum
}

lab_begin
lab_stream_backends 3
lab_fulcrumd

lab_say "on_down: reset"
lab_stream_apply 3 'on_down: reset'
open_connections
ask 5
round_trip=$(of_answer b1 echoed_ms)
pull_b1
waited=$(waited_ms)
ask 5
lab_say "through a backend and back took up to $round_trip ms; the reset up to $(of_answer b1 reset_ms) ms"
lab_check "each of b1's $mine connections got ECONNRESET" test "$(of_answer b1 reset)" -eq "$mine"
# A kernel sends nothing again before 200 ms are over: the RST answered the first packet.
lab_check "by its next packet" test "$(of_answer b1 reset_ms | cut -d. -f1)" -lt $((200 + $(waited_ms) - waited))
lab_check "the balancer made the RSTs" test "$(lab_worker_sum resets)" -eq "$mine"
others_talk
close_connections
plug_b1

lab_say "on_down: reset, of a backend that was taken out of the file"
lab_stream_apply 3 'on_down: reset'
open_connections
leaves=$(of_answer b3)
lab_stream_apply 2 'on_down: reset'
lab_check "b3 leaves" lab_backend_is b3 state leaving
ask 5
lab_check "its $leaves connections go on" test "$(of_answer b3 echoed)" -eq "$leaves"
ip -n router link set b3 down
lab_wait_for "lab_backend_is b3 health down" 20 "b3 is still probed"
ask 5
lab_check "each of them got ECONNRESET" test "$(of_answer b3 reset)" -eq "$leaves"
close_connections
ip -n router link set b3 up

lab_say "on_down: rehash"
lab_stream_apply 3 'on_down: rehash'
open_connections
pull_b1
before=$(kernel_resets)
made=$(lab_worker_sum resets)
ask 5
lab_check "each of b1's $mine connections got ECONNRESET" test "$(of_answer b1 reset)" -eq "$mine"
lab_check "from the kernel of another backend" test $(($(kernel_resets) - before)) -eq "$mine"
lab_check "none from the balancer" test "$(lab_worker_sum resets)" -eq "$made"
others_talk
close_connections
plug_b1

lab_say "on_down: keep"
lab_stream_apply 3 'on_down: keep'
open_connections
pull_b1
ask 2
lab_check "b1's $mine connections wait" test "$(of_answer b1 silent)" -eq "$mine"
others_talk
lab_check "their flows are still b1's" test "$(ctl flows --backend b1 | grep -c ' established ')" -eq "$mine"
plug_b1
ask 60
lab_check "b1's $mine connections go on when it is back" test "$(of_answer b1 echoed)" -eq "$mine"
others_talk
close_connections
lab_end
