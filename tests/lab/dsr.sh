#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Direct server return on one segment: the frame's destination is rewritten, the packet left as it
# is.
. "$(dirname "$0")/lib.sh"

lab_begin
lab_backends 3 dsr
for k in 1 2 3; do
	lab_nginx b$k
done
lab_fulcrumd

sed 's/forwarding: ipip/forwarding: dsr/; s/10\.0\.1\./10.0.0./' $lab_pool >$LAB/pool.yaml
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up web-1 web-2 web-3

lab_start capture b1 tcpdump --immediate-mode -nn -l -i eth0 "dst host $VIP or ip proto 4"
lab_wait_for "grep -q 'listening on' $LAB/capture.log" 5 "tcpdump listens"
lab_requests 90 >$LAB/answers
lab_check "90 of 90 requests are answered" test "$(lab_count '^b[123]$' $LAB/answers)" -eq 90
for k in 1 2 3; do
	lab_check "b$k served its part" test "$(lab_count "^b$k$" $LAB/answers)" -gt 8
done
lab_wait_for "grep -q '> $VIP.443' $LAB/capture.log" 5 "b1 saw packets to the VIP"
lab_check "no packet was encapsulated" test "$(lab_count 'IP 10.0.0.2 >.*IP ' $LAB/capture.log)" -eq 0

head -c 2M /dev/urandom >$LAB/www/big
lab_check "a download arrives" \
	in_ns client curl -sf --cacert $LAB/tls.crt -o $LAB/got "https://$VIP/files/big"
lab_check "byte for byte" cmp $LAB/www/big $LAB/got
lab_end
