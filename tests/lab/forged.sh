#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Packets that are not what they seem: SYNs that come again because an answer was lost while the
# pool changed, and SYNs, FINs and RSTs that somebody forged who knows a connection's ports and not
# its numbers. No connection notices. Then ports that clients use again as fast as they can.
. "$(dirname "$0")/lib.sh"
. "$lab_root/tests/lab/streams.sh"

# open_connections NAME N: they are asked by 'ask NAME SECONDS'.
declare -A talkers=() answers=() pipes=()
open_connections() {
	local pipe=$LAB/$1.questions
	mkfifo $pipe
	: >$LAB/$1.talk
	exec {fd}<>$pipe
	pipes[$1]=$fd answers[$1]=0
	in_ns client python3 "$lab_root/tests/lab/talk.py" ask $VIP 7000 --connections $2 <$pipe >>$LAB/$1.talk &
	talkers[$1]=$!
	next_answer $1
}

next_answer() {
	answers[$1]=$((${answers[$1]} + 1))
	lab_wait_for "[ \$(wc -l <$LAB/$1.talk) -ge ${answers[$1]} ]" 60 "answer ${answers[$1]} of $1"
	said=$(tail -n 1 $LAB/$1.talk)
}

ask() {
	echo "$2" >&${pipes[$1]}
	next_answer $1
}

close_connections() {
	kill ${talkers[$1]}
	wait ${talkers[$1]} 2>/dev/null || true
}

# of_all OUTCOME: how many connections of any backend.
of_all() {
	python3 -c 'import json, sys
print(sum(backend.get(sys.argv[2], 0) for backend in json.loads(sys.argv[1]).values()))' "$said" "$1"
}

# The client's ports of the connections that are established.
ports() {
	ctl flows --limit 10000 -o json | python3 -c 'import json, sys
print(*(flow["client_port"] for flow in json.load(sys.stdin)["flows"] if flow["state"] == "established"))'
}

# states STATE: how many flows are in it.
states() {
	ctl flows --limit 10000 -o json | python3 -c 'import json, sys
print(sum(flow["state"] == sys.argv[1] for flow in json.load(sys.stdin)["flows"]))' "$1"
}

forge() {
	# shellcheck disable=SC2046 # a word a port
	in_ns client python3 "$lab_root/tests/lab/forge.py" "$1" $CLIENT $VIP 7000 $(ports)
}

syn_repeats() {
	ctl show backends -o json | python3 -c 'import json, sys
print(sum(backend["syn_repeats"] for backend in json.load(sys.stdin)))'
}

lab_begin
lab_stream_backends 3
lab_fulcrumd
lab_stream_apply 3

lab_say "a RST for each of 30 connections, of somebody else's, and then silence"
open_connections quiet 30
forge R
silent_since=$(now_ms)
lab_wait_for '[ "$(states closing)" -eq 30 ]' 5 "their rows are closing"
lab_check "which are no connections to who drains" test "$(ctl show backends -o json | python3 -c 'import json, sys
print(sum(backend["flows"] for backend in json.load(sys.stdin)))')" -eq 0

# server_answers_again TIMES: how often a server sends a SYN-ACK again by itself.
server_answers_again() {
	local k
	for k in 1 2 3; do
		in_ns b$k sysctl -qw net.ipv4.tcp_synack_retries="$1"
	done
}

lab_say "the SYN-ACKs of 60 clients are lost while a weight changes"
# Else a server's second SYN-ACK may come before a client's second SYN, which is then not needed.
server_answers_again 0
ip -n router route add blackhole $CLIENT/32
in_ns client python3 "$lab_root/tests/lab/talk.py" spread $VIP 7000 --sources $CLIENT --each 60 --workers 60 --timeout 20 \
	>$LAB/spread.log &
spread=$!
lab_wait_for '[ "$(states new)" -eq 60 ]' 10 "60 SYNs have come"
ctl backend weight b1 10
ip -n router route del blackhole $CLIENT/32
lab_check "all are answered" wait $spread
lab_check "each by a server" test "$(grep -c ' b[123]$' $LAB/spread.log)" -eq 60
lab_check "SYNs came again" test "$(syn_repeats)" -ge 60
server_answers_again 5

lab_say "a backend is drained, and for each connection come a SYN and a FIN of somebody else's"
open_connections busy 30
ask busy 10
lab_check "30 connections are well" test "$(of_all echoed)" -eq 30
ctl backend drain b2
mine=$(ctl flows --backend b2 --limit 0)
lab_check "b2 has some of them" test "${mine% matched}" -gt 0
forge S
forge S
ask busy 10
lab_check "all 30 go on after the SYNs" test "$(of_all echoed)" -eq 30
forge FA
ask busy 10
lab_check "all 30 go on after the FINs" test "$(of_all echoed)" -eq 30

lab_say "34 seconds and two changes after the RSTs"
lab_wait_for "[ \$((\$(now_ms) - $silent_since)) -ge 34000 ]" 40 "34 s are over"
ask quiet 10
lab_check "all 30 go on" test "$(of_all echoed)" -eq 30
close_connections quiet
close_connections busy

lab_say "one port of the client's, 200 connections one after the other"
for how in close reset; do
	in_ns client python3 "$lab_root/tests/lab/talk.py" again $VIP 7000 --each 200 --how $how >$LAB/again.log
	lab_check "200 of 200 are answered when each ends by $how" test "$(grep -c ' b[13]$' $LAB/again.log)" -eq 200
done
lab_end
