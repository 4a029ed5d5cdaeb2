#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The README's pool file balances real HTTPS connections over three web servers.
. "$(dirname "$0")/lib.sh"

lab_quickstart
lab_check "the README's file itself is applied" ctl apply -f "$lab_root/config/quickstart.yaml"
lab_wait_up web-1 web-2 web-3
lab_check "and again with patient probes" ctl apply -f $lab_pool
lab_wait_up web-1 web-2 web-3

lab_count_requests 300 b1 b2 b3
# A third is 100, the standard deviation 8: five of them on each side.
lab_check "300 of 300 requests are answered, near a third by each: ${lab_served[b1]} ${lab_served[b2]} ${lab_served[b3]}" \
	lab_served_by 300 59 b1 b2 b3

lab_check "applying the same file again changes nothing" ctl apply -f $lab_pool
for what in services pools backends drops workers ports version config; do
	lab_check "show $what prints a table" test -n "$(ctl show $what)"
done
for what in services pools backends drops workers ports version; do
	lab_check "show $what -o json is JSON" sh -c "'$fulcrumctl' show $what -o json | python3 -m json.tool >/dev/null"
done
lab_check "check takes the file" ctl check -f "$lab_root/config/quickstart.yaml"

packets() {
	ctl show backends -o json | python3 -c 'import json, sys; print(sum(b["packets"] for b in json.load(sys.stdin)))'
}
# A connection is at least a SYN, an ACK, a request and a FIN towards the backend.
lab_check "packets are counted" test "$(packets)" -ge 1200
lab_end
