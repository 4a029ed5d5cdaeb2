#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What clients say of a backend that the probes find well: SYNs that come again where its
# decapsulation is missing, and RSTs of clients that want nothing to do with its answer. Counted for
# that backend and for no other.
. "$(dirname "$0")/lib.sh"

# sign NAME KEY: what 'show backends' counts.
sign() {
	ctl show backends -o json | python3 -c 'import json, sys
print(next(b[sys.argv[2]] for b in json.load(sys.stdin) if b["name"] == sys.argv[1]))' "$@"
}

# A busy machine lets the client's kernel repeat a SYN that nobody lost.
client_repeats() {
	in_ns client nstat -asz TcpExtTCPSynRetrans | awk '/SynRetrans/ {print $2}'
}

# All that are counted are the client's own.
repeats_are_true() {
	[ $(($(sign web-1 syn_repeats) + $(sign web-2 syn_repeats) + $(sign web-3 syn_repeats))) -le "$(client_repeats)" ]
}

lab_quickstart
lab_requests 30 >$LAB/answers
lab_check "30 of 30 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 30
for k in 1 2 3; do
	lab_check "web-$k had no RST after a SYN" test "$(sign web-$k syn_resets)" -eq 0
done
lab_check "no SYN came again but those that the client sent again" repeats_are_true

lab_say "b1 no longer decapsulates; its probe goes to its own address and is answered"
lab_stop agent-b1
LAB_TIMEOUT=8 lab_requests 30 >$LAB/answers
lab_check "some requests had no answer" test "$(lab_count failed $LAB/answers)" -gt 0
lab_check "web-1 is up all the same" lab_backend_is web-1 health up
lab_check "their SYNs came again, to web-1" test "$(sign web-1 syn_repeats)" -ge "$(lab_count failed $LAB/answers)"
lab_check "and all that are counted were sent" repeats_are_true

lab_say "SYNs without a socket: the client's kernel answers the SYN-ACK with a RST"
ctl backend disable web-1 >/dev/null
in_ns client python3 "$lab_root/tests/lab/syn.py" $CLIENT $VIP 443 10
lab_wait_for '[ $(($(sign web-2 syn_resets) + $(sign web-3 syn_resets))) -eq 10 ]' 10 "ten RSTs are counted"
lab_check "none of web-1" test "$(sign web-1 syn_resets)" -eq 0
lab_end
