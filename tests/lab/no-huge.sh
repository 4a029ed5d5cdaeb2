#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A machine without hugepages, and one that tells systemd when the daemon is ready.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_web_backends 3
lab_config 'eal: {hugepages: "off", memory: 128MiB, prefix: fulcrum}'

# What systemd does: a datagram socket whose name the daemon is given.
lab_start notify lb python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(256).decode(), flush=True)' $LAB/notify
lab_wait_for "test -S $LAB/notify" 5
NOTIFY_SOCKET=$LAB/notify lab_fulcrumd
lab_wait_for "grep -q READY=1 $LAB/notify.log" 2 "systemd is told READY=1"

lab_check "the pool is applied" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3
lab_requests 90 >$LAB/answers
lab_check "90 of 90 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 90
lab_check "it maps no hugepage" \
	test "$(awk '/^KernelPageSize: *2048/ {n++} END {print n + 0}' /proc/${lab_pids[fulcrumd]}/smaps)" -eq 0
lab_end
