#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Whoever reads the log stops, and the pipe is full: changes, questions and failover go on, and so
# does the agent's watch. When it is read again, a line says how many are missing. Before, write(2)
# held the whole daemon.
. "$(dirname "$0")/lib.sh"

# by_pipe NAME PROGRAM: a program like it whose words go by the pipe of that name, to a reader that
# can be stopped.
by_pipe() {
	mkfifo $LAB/$1.pipe
	: >$LAB/$1.log # who waits for a word of it waits for this one's
	cat $LAB/$1.pipe >>$LAB/$1.log &
	readers[$1]=$!
	printf '#!/bin/sh\nexec %s "$@" 2>%s\n' "$2" $LAB/$1.pipe >$LAB/$1.program
	chmod +x $LAB/$1.program
}

# Stops the reader, and fills what the pipe holds.
stall() {
	kill -STOP "${readers[$1]}"
	python3 -c 'import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
try:
    while True: os.write(fd, b"#" * 4095 + b"\n")
except BlockingIOError:
    pass
try:
    while True: os.write(fd, b"\n")
except BlockingIOError:
    pass' $LAB/$1.pipe
}

metric() {
	in_ns lb curl -sf --max-time 5 http://127.0.0.1:9110/metrics | sed -n "s/^$1 //p"
}

# Backends that nobody is: each one's health is a line of the log.
crowd() { # NAME
	cat $lab_pool
	printf '  - name: crowd\n    health: {type: tcp, port: 1, interval: 1s, timeout: 500ms, fall: 1}\n    backends:\n'
	seq 600 | awk -v name="$1" '{ printf "      - {name: %s-%d, address: 10.9.%d.%d}\n", name, $1, $1 / 200, $1 % 200 + 1 }'
}

declare -A readers=()
lab_begin
lab_web_backends 3
by_pipe fulcrumd "$fulcrumd"
fulcrumd=$LAB/fulcrumd.program
lab_config
echo 'log: json' >>$LAB/fulcrumd.yaml
lab_fulcrumd
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3

lab_say "the log's reader stops, the pipe is full"
stall fulcrumd
for name in first second third; do
	crowd $name >$LAB/crowd.yaml
	timeout 60 "$fulcrumctl" apply --force -f $LAB/crowd.yaml >$LAB/applied
	lab_wait_for "lab_backend_is $name-1 health down && lab_backend_is $name-600 health down" 20 "they are found down"
done
lab_check "lines are lost, and /metrics says so" test "$(metric fulcrum_log_lost_lines_total)" -gt 0
lab_check "/healthz is well" in_ns lb curl -sf --max-time 5 http://127.0.0.1:9110/healthz
ctl apply --force -f $lab_pool >$LAB/applied
lab_check "a backend drains" ctl backend drain web-3
lab_check "and serves again" ctl backend enable web-3

lab_say "b1 dies meanwhile"
lab_stop nginx-b1
lab_wait_for "lab_backend_is web-1 health down" 15 "web-1 is down"
lab_wait_for '! lab_requests 12 | grep -q failed' 10 "no request fails"
lab_requests 30 >$LAB/answers
lab_check "30 of 30 requests are answered" test "$(lab_count '^b[23]$' $LAB/answers)" -eq 30

lab_say "the log is read again"
kill -CONT "${readers[fulcrumd]}"
lab_wait_for "grep -q 'lines are missing here' $LAB/fulcrumd.log" 10 "a line says how many are missing"
ctl backend drain web-3 >/dev/null
lab_wait_for "tail -n 3 $LAB/fulcrumd.log | grep -q 'web-3'" 10 "the log goes on"
told() { sed -n 's/.*log: \([0-9]*\) lines are missing here.*/\1/p' $LAB/fulcrumd.log | awk '{ sum += $1 } END { print sum + 0 }'; }
lab_check "it says of all that are counted" test "$(told)" -eq "$(metric fulcrum_log_lost_lines_total)"
lab_stop fulcrumd
lab_check "the daemon ended well" test $lab_status -eq 0
# A sanitizer may have a word behind them.
lab_wait_for "grep -v '^==' $LAB/fulcrumd.log | tail -n 1 | grep -q 'fulcrumd: stopped'" 10 "its last words are in the log"

lab_say "the agent on b2, whose log nobody reads"
lab_stop agent-b2
by_pipe agent-b2 "$fulcrum_backend"
fulcrum_backend=$LAB/agent-b2.program lab_agent b2
stall agent-b2
for round in 1 2 3; do
	in_ns b2 tc filter del dev eth0 ingress
	lab_wait_for "in_ns b2 tc filter show dev eth0 ingress | grep -q bpf" 20 "its filter is put back, the $round. time"
done
kill -CONT "${readers[agent-b2]}"
lab_wait_for "[ \"\$(grep -c 'eth0' $LAB/agent-b2.log)\" -ge 3 ]" 10 "it says so when it is read again"
lab_end
