#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A member of the channel's group locks the segment, writes over it and stops with its lock: the
# daemon starts, tools work.
. "$(dirname "$0")/lib.sh"

# member NAME 'python': a process of the group with the segment open as 'fd' and mapped as
# 'segment'.
member() {
	lab_start "$1" lb python3 -uc "
import fcntl, mmap, os, signal, struct, time
fd = os.open('$FULCRUM_CHANNEL', os.O_RDWR)
lock = lambda command, byte: fcntl.fcntl(fd, command, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, byte, 1, 0))
segment = mmap.mmap(fd, 0)
print('begun')
$2
print('done')
while True: signal.pause()"
}

begun() {
	lab_wait_for "grep -q begun $LAB/$1.log" 10 "$1 has the segment"
}

done_by() {
	lab_wait_for "grep -q done $LAB/$1.log" 10 "$1 is done"
}

lab_begin
lab_config
lab_daemon

member waiting 'lock(fcntl.F_OFD_SETLKW, 0)'
begun waiting
lab_stop fulcrumd KILL
done_by waiting
lab_daemon
lab_check "the daemon starts while a member holds the lock of the one that was killed" ctl show version

member garbling 'segment[:] = bytes([0xa5]) * len(segment); os.ftruncate(fd, 100)'
done_by garbling
lab_wait_for 'grep -q "was mended" $LAB/fulcrumd.log' 5 "the daemon says that its segment was mended"
lab_check "a segment that is cut short and garbled serves on" ctl show version
lab_stop garbling KILL
lab_stop fulcrumd KILL
printf garbage >$FULCRUM_CHANNEL
lab_daemon
lab_check "a dead segment that is garbled does not stop the start" ctl show version
lab_check "the lock file is the daemon's alone" test "$(stat -c %a $FULCRUM_CHANNEL.lock)" = 600

member zeroing 'for i in range(2000): segment[0:64] = bytes(64); time.sleep(0.001)'
begun zeroing
for ((i = 0; i < 20; i++)); do
	ctl show version >$LAB/answer || lab_fail "a tool finds no channel while its header is zeroed"
done
lab_check "tools work while the header is zeroed again and again" test -s $LAB/answer
lab_stop zeroing KILL

member stopped 'lock(fcntl.F_SETLK, 1); os.kill(os.getpid(), signal.SIGSTOP)'
begun stopped
lab_check "a tool gets its turn from one that is stopped" ctl --wait 60s show version 2>$LAB/note
lab_check "and is told of it" grep -q "note: process .* said nothing" $LAB/note
lab_check "the log tells it, too" grep -q "held it and said nothing for .* (it is stopped)" $LAB/fulcrumd.log
lab_stop stopped KILL

member scribbling 'import random
random.seed(15)
for i in range(300000):
    segment[random.randrange(576 if i % 4 else len(segment))] = random.randrange(256)'
begun scribbling
while ! grep -q done $LAB/scribbling.log; do
	ctl --wait 1s show version >/dev/null 2>&1 || true
done
lab_check "after a member wrote all over it a tool is served" ctl show version
lab_check "by the same daemon" lab_alive fulcrumd
lab_stop scribbling KILL
lab_stop fulcrumd TERM
lab_check "it ends cleanly" test $lab_status -eq 0
lab_check "and leaves nothing" test -z "$(ls -A /run/fulcrum)"
lab_end
