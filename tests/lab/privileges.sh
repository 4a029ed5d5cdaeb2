#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# 'user:' takes root's rights away once the ports are open, and the daemon works without them. With
# or without a user, daemon and agent keep the system calls and the folders that they need, and no
# more.
. "$(dirname "$0")/lib.sh"
lab_refused=acct # by tests/lab/forbidden_call.c

# capabilities TID: those that a thread has, in hexadecimal.
capabilities() {
	awk '/^CapEff/ {print $2}' /proc/${lab_pids[fulcrumd]}/task/$1/status
}

# of_threads FIELD: what /proc says of each thread of the process, each value once.
of_threads() {
	awk -v field="$1:" '$1 == field {print $2}' /proc/$2/task/*/status | sort -u | paste -sd' '
}

# is_refused NAME: the program makes a call that it may not, is answered, and goes on.
is_refused() {
	kill -USR2 "${lab_pids[$1]}"
	lab_wait_for "grep -q 'forbidden call: Function not implemented' $LAB/$1.log" 5 "the call is answered"
	lab_wait_for "grep -q 'system call acct (.*) is none that this program may make: refused 1 time' $LAB/$1.log" 5 \
		"the log names the call"
	lab_alive "$1"
}

# DPDK's threads and sockets for other processes than this one.
lacks_dpdk_doors() {
	! grep -qE "rte_mp|telemetry" /proc/$1/task/*/comm && ! ss -xalp | grep "pid=$1," | grep -qE "mp_socket|telemetry"
}

lab_begin
export LD_PRELOAD=$lab_build/tests/lab/libforbidden_call.so
lab_web_backends 3
lab_config
echo 'user: nobody' >>$LAB/fulcrumd.yaml
mkdir -p $LAB/state
chown nobody $LAB/state /run/fulcrum
chmod 755 $LAB
lab_fulcrumd
pid=${lab_pids[fulcrumd]}
landlock=1
! grep -q "files are held by their modes alone" $LAB/fulcrumd.log || landlock=

lab_check "it runs as nobody" test "$(stat -c %U /proc/$pid)" = nobody
lab_check "in every thread" test "$(awk '/^Uid/ {print $2, $3, $4, $5}' /proc/$pid/task/*/status | sort -u)" = \
	"$(id -u nobody) $(id -u nobody) $(id -u nobody) $(id -u nobody)"
lab_check "the control thread keeps CAP_NET_ADMIN and CAP_NET_RAW" test "$(capabilities $pid)" = 0000000000003000
worker=$(grep -lE '^(rte|dpdk|lcore)-worker|^lcore-worker' /proc/$pid/task/*/comm | awk -F/ '{print $5; exit}')
lab_check "a worker keeps nothing" test "$(capabilities "$worker")" = 0000000000000000

lab_check "no thread gets new privileges" test "$(of_threads NoNewPrivs $pid)" = 1
lab_check "nor a program that it would run" test "$(of_threads CapBnd $pid)" = 0000000000000000
lab_check "a filter of system calls holds every thread" test "$(of_threads Seccomp $pid)" = 2
lab_check "DPDK has no socket and no thread for others" lacks_dpdk_doors $pid
lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
lab_requests 90 >$LAB/answers
lab_check "90 of 90 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 90
lab_check "a call that is not on the list is refused and told" is_refused fulcrumd
lab_requests 9 >$LAB/answers
lab_check "and requests are answered as before" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 9
lab_check "so it is in the agent" is_refused agent-b1
lab_check "whose bounding set is empty, too" test "$(of_threads CapBnd "${lab_pids[agent-b1]}")" = 0000000000000000
lab_check "and that keeps three capabilities" test "$(of_threads CapEff "${lab_pids[agent-b1]}")" = 000000c000001000
if [ -n "$landlock" ]; then
	mkdir -m 777 /run/elsewhere
	lab_check "a folder that is not configured is out of reach" \
		grep -q "/run/elsewhere/x.pcapng.*Permission denied.*'folders:'" <(ctl capture -w /run/elsewhere/x.pcapng --seconds 1 2>&1)
fi
chmod 777 $LAB
lab_check "one that is configured is not" ctl capture -w $LAB/x.pcapng --seconds 1
lab_check "what is kept is the user's" test "$(stat -c %U $LAB/state/pools.yaml)" = nobody
lab_check "a neighbour that is forgotten is asked for again" in_ns lb ip neigh flush dev fulcrum0
lab_wait_up web-1 web-2 web-3
lab_stop fulcrumd TERM
lab_check "it ends cleanly" test $lab_status -eq 0
lab_check "its segment is gone" test ! -e $FULCRUM_CHANNEL

sed -i 's/^user: nobody$//; s/hugepages: auto/hugepages: off/; s|^state:.*|state: /run/kept|' $LAB/fulcrumd.yaml
lab_fulcrumd
pid=${lab_pids[fulcrumd]}
lab_check "as root, it gets no new privileges, either" test "$(of_threads NoNewPrivs $pid)" = 1
lab_check "and has its filter" is_refused fulcrumd
lab_check "it keeps what is applied in a folder that it had to make" sh -c \
	"'$fulcrumctl' apply -f $lab_pool >/dev/null 2>&1 && test -s /run/kept/pools.yaml"
lab_check "and, without hugepages, DPDK no door" lacks_dpdk_doors $pid
lab_stop fulcrumd TERM

sed -i 's/hugepages: off/hugepages: auto, telemetry: on/' $LAB/fulcrumd.yaml
lab_fulcrumd
lab_check "DPDK's telemetry is there where it is asked for" in_ns lb python3 -c "
import socket, sys
door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
door.settimeout(20)
door.connect('/var/run/dpdk/fulcrum/dpdk_telemetry.v2')
sys.exit(b'version' not in door.recv(65536))"
lab_stop fulcrumd TERM

echo 'user: nobody' >>$LAB/fulcrumd.yaml
sed -i 's/^user: nobody/user: nobody-of-that-name/' $LAB/fulcrumd.yaml
lab_check "a user that there is not is told of" grep -q "there is no user 'nobody-of-that-name'" \
	<(in_ns lb timeout 20 "$fulcrumd" -c $LAB/fulcrumd.yaml 2>&1)
lab_end
