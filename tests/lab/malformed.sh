#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Thousands of spoilt packets: each counted under its reason, none of them harms anybody.
. "$(dirname "$0")/lib.sh"

lab_quickstart
mac=$(lab_port_mac)

# What the daemon received, and what the tap's queue lost before it while the machine was busy.
arrived() {
	local lost
	lost=$(in_ns router cat /sys/class/net/ftap0/statistics/tx_dropped)
	ctl show ports -o json | python3 -c 'import json, sys
print(int(sys.argv[1]) + sum(p["rx_packets"] for p in json.load(sys.stdin)))' $lost
}
before=$(arrived)
in_ns router python3 "$lab_root/tests/lab/malformed.py" ftap0 "$mac" $VIP 4000
lab_wait_for "[ \$(arrived) -ge $((before + 4000)) ]" 20 "4000 spoilt packets arrive"

ctl show drops -o json | python3 -c 'import json, sys
for drop in json.load(sys.stdin):
    if drop["packets"]:
        print(drop["name"])' >$LAB/reasons
lab_check "drops have names, several of them: $(tr '\n' ' ' <$LAB/reasons)" test "$(wc -l <$LAB/reasons)" -ge 3
lab_requests 60 >$LAB/answers
lab_check "60 of 60 requests are answered after it" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 60
lab_end
