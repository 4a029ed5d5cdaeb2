#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Thousands of spoilt packets: each counted under its reason, none of them harms anybody.
. "$(dirname "$0")/lib.sh"

lab_quickstart
mac=$(lab_port_mac)

received() {
	ctl show ports -o json | python3 -c 'import json, sys; print(sum(p["rx_packets"] for p in json.load(sys.stdin)))'
}
before=$(received)
in_ns router python3 "$lab_root/tests/lab/malformed.py" ftap0 "$mac" $VIP 4000
# The tap's queue may lose some of them while the machine is busy with something else.
lab_wait_for "[ \$(received) -ge $((before + 3000)) ]" 20 "3000 of 4000 spoilt packets arrive"

ctl show drops -o json | python3 -c 'import json, sys
for drop in json.load(sys.stdin):
    if drop["packets"]:
        print(drop["name"])' >$LAB/reasons
lab_check "drops have names, several of them: $(tr '\n' ' ' <$LAB/reasons)" test "$(wc -l <$LAB/reasons)" -ge 3
lab_requests 60 >$LAB/answers
lab_check "60 of 60 requests are answered after it" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60
lab_end
