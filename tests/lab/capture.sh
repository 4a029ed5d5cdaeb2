#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Captures of what the balancer does: tshark reads packets before and after, and the reason of each
# drop.
. "$(dirname "$0")/lib.sh"

command -v tshark >/dev/null || {
	echo "skipped: needs tshark"
	exit 77
}
lab_quickstart

# capture_starts NAME OPTION...: one that goes on in the background.
capture_starts() {
	local name=$1
	shift
	lab_start capture-$name lb "$fulcrumctl" capture -w $LAB/$name.pcapng --seconds 60 "$@"
	lab_wait_for "[ -s $LAB/$name.pcapng ]" 5 "the capture's file is there"
}

# By Ctrl-C, as it were.
capture_ends() {
	lab_stop capture-$1 INT
	lab_check "the capture ends well: $(tail -n 1 $LAB/capture-$1.log)" test "$lab_status" -eq 0
}

# frames NAME FILTER: how many tshark finds.
frames() {
	tshark -r $LAB/$1.pcapng -Y "$2" -T fields -e frame.number 2>>$LAB/tshark.log | wc -l
}

no_errors() {
	tshark -r $LAB/$1.pcapng -q -z expert,error 2>/dev/null | grep -qi malformed && return 1
	[ "$(frames $1 _ws.malformed)" -eq 0 ]
}

# stamped_between NAME FROM TO: every time stamp is between these two by the wall clock, in seconds
# with a fraction.
stamped_between() {
	tshark -r $LAB/$1.pcapng -T fields -e frame.time_epoch 2>>$LAB/tshark.log |
		awk -v from="$2" -v to="$3" '$1 < from || $1 > to {print; bad = 1} END {exit bad || NR == 0}'
}

lab_say "a service's packets, while requests are answered"
begun=$(date +%s.%N)
capture_starts web --service web
lab_check "the daemon answers meanwhile" ctl show drops -o json >/dev/null
lab_requests 4 >$LAB/answers
lab_check "4 of 4 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 4
capture_ends web
before=$(frames web "ip.dst == $VIP && !(ip.src == $BALANCER)")
after=$(frames web "ip.src == $BALANCER && ip.dst == $VIP")
lab_check "$before frames before and $after after, as many of each" test "$before" -gt 20 -a "$before" -eq "$after"
lab_check "and no others" test "$(frames web frame)" -eq $((before + after))
lab_check "the ones before came in" test "$(frames web 'frame.packet_flags_direction == 1')" -eq "$before"
lab_check "the ones after went out" test "$(frames web 'frame.packet_flags_direction == 2')" -eq "$after"
lab_check "those have an outer header to a backend" \
	test "$(frames web "ip.proto == 4 && ip.src == $BALANCER && ip.dst == 10.0.1.0/24")" -eq "$after"
lab_check "the SYNs of 4 connections came in" test "$(tshark -r $LAB/web.pcapng -T fields -e tcp.srcport \
	-Y 'tcp.flags.syn == 1 && frame.packet_flags_direction == 1' 2>>$LAB/tshark.log | sort -u | wc -l)" -eq 4
lab_check "tshark finds nothing malformed" no_errors web
lab_check "every packet has the time when it came" stamped_between web "$begun" "$(date +%s.%N)"
lab_check "the interface has a name" test -n "$(tshark -r $LAB/web.pcapng -c 1 -T fields -e frame.interface_name 2>/dev/null)"
lab_check "the file is its owner's alone" test "$(stat -c %a $LAB/web.pcapng)" = 600

lab_say "drops, with their reason"
begun=$(date +%s.%N)
capture_starts drops --drops
in_ns client curl -s --max-time 1 "http://$VIP:81/" || true
in_ns router python3 "$lab_root/tests/lab/malformed.py" ftap0 "$(lab_port_mac)" $VIP 50
lab_requests 1 >$LAB/answers
lab_wait_for "[ \$(frames drops frame) -ge 5 ]" 5 "drops are in the file"
capture_ends drops
lab_check "the port without a service is named" \
	test "$(frames drops 'frame.comment contains "dropped: no_service: " && tcp.dstport == 81')" -ge 1
lab_check "every one has a reason" test "$(frames drops '!frame.comment')" -eq 0
lab_check "each has its own: $(tshark -r $LAB/drops.pcapng -T fields -e frame.comment 2>/dev/null |
	sed 's/dropped: \([a-z0-9_]*\).*/\1/' | sort -u | tr '\n' ' ')" \
	test "$(tshark -r $LAB/drops.pcapng -T fields -e frame.comment 2>/dev/null | sort -u | wc -l)" -ge 3

lab_check "a later capture has its own times" stamped_between drops "$begun" "$(date +%s.%N)"

lab_say "a backend without a next hop: the service's drop"
capture_starts hop --service web
ip -n lb route replace unreachable 10.0.1.0/24
lab_wait_for 'LAB_TIMEOUT=0.2 lab_requests 1 >$LAB/answers; [ $(frames hop frame.comment) -ge 1 ]' 10 "a drop"
capture_ends hop
lab_check "with its reason" test "$(frames hop "frame.comment && ip.dst == $VIP")" -ge 1
ip -n lb route del unreachable 10.0.1.0/24
lab_wait_up web-1 web-2 web-3

lab_say "bounds"
lab_start capture-few lb "$fulcrumctl" capture -w $LAB/few.pcapng --packets 5 --snaplen 64
lab_wait_for 'lab_requests 1 >$LAB/answers; ! lab_alive capture-few' 10 "the capture of 5 packets ends"
lab_check "5 packets are in the file" test "$(frames few frame)" -eq 5
lab_check "none longer than 64 bytes" test "$(frames few 'frame.cap_len > 64')" -eq 0
lab_check "but one was" test "$(frames few 'frame.len > 64')" -ge 1
unset 'lab_pids[capture-few]'
lab_check "it ends after its time" ctl capture -w $LAB/short.pcapng --seconds 1
lab_check "a file that is there is left alone" sh -c "! '$fulcrumctl' capture -w $LAB/few.pcapng 2>$LAB/said"
lab_check "and the tool says so: $(cat $LAB/said)" grep -q "is there already" $LAB/said
mkdir $LAB/full
nsenter -t ${lab_pids[fulcrumd]} -m mount -t tmpfs -o size=4k full $LAB/full # it has mounts of its own
nsenter -t ${lab_pids[fulcrumd]} -m sh -c "head -c 8k /dev/zero >$LAB/full/fill" 2>/dev/null || true
lab_check "a full disk is told as that" \
	sh -c "'$fulcrumctl' capture -w $LAB/full/x.pcapng 2>&1 | grep -q 'cannot be written: No space left on device'"
lab_check "a service that is not there is refused" \
	sh -c "! '$fulcrumctl' capture --service nobody -w $LAB/none.pcapng 2>/dev/null && [ ! -e $LAB/none.pcapng ]"
lab_check "so is a name that is no capture's" sh -c "! '$fulcrumctl' capture -w $LAB/none 2>/dev/null && [ ! -e $LAB/none ]"

lab_say "a client that is killed: the capture ends by itself, and the daemon with one open"
lab_start capture-killed lb "$fulcrumctl" capture -w $LAB/killed.pcapng --seconds 1
lab_wait_for "[ -s $LAB/killed.pcapng ]" 5 "the capture goes on"
lab_stop capture-killed KILL
lab_wait_for "ctl capture -w $LAB/next.pcapng --seconds 1" 5 "another can begin"
lab_start capture-open lb "$fulcrumctl" capture -w $LAB/open.pcapng --seconds 60
lab_wait_for "[ -s $LAB/open.pcapng ]" 5 "the last capture goes on"
lab_requests 1 >$LAB/answers
lab_stop capture-open KILL
lab_end
