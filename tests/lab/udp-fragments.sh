#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Datagrams larger than a packet: their fragments go where the first one went, in whatever order they come, by
# IPIP and DSR, and a flood of fragments that belong to nothing keeps nobody out for long.
. "$(dirname "$0")/lib.sh"

fragments="$lab_root/tests/lab/fragments.py"
lab_begin
lab_backends 3 dsr
for k in 1 2 3; do
	lab_agent b$k
	lab_start server-b$k b$k python3 "$lab_root/tests/lab/backend_server.py" 443 udp:5353 udp:5354
	lab_wait_for "grep -q listening $LAB/server-b$k.log" 10 "the server on b$k"
done
lab_fulcrumd
cat >$LAB/pool.yaml <<-YAML
	services:
	  - {name: ipip, vip: $VIP, protocol: udp, port: 5353, pool: four}
	  - {name: dsr, vip: $VIP, protocol: udp, port: 5354, pool: four, forwarding: dsr}
	  - {name: ipip6, vip: "$VIP6", protocol: udp, port: 5353, pool: six}
	  - {name: dsr6, vip: "$VIP6", protocol: udp, port: 5354, pool: six, forwarding: dsr}
	pools:
	  - name: four
	    health: &probe {port: 443, interval: 1s, timeout: 1s, rise: 1}
	    backends:
	      - {name: four-1, address: 10.0.0.11}
	      - {name: four-2, address: 10.0.0.12}
	      - {name: four-3, address: 10.0.0.13}
	  - name: six
	    health: *probe
	    backends:
	      - {name: six-1, address: "fd00:10::11"}
	      - {name: six-2, address: "fd00:10::12"}
	      - {name: six-3, address: "fd00:10::13"}
YAML
lab_check "the pool is applied" ctl apply -f $LAB/pool.yaml
lab_wait_up four-1 four-2 four-3 six-1 six-2 six-3

queued() {
	ctl show workers -o json | python3 -c 'import json, sys; print(sum(w["queued"] for w in json.load(sys.stdin)))'
}

for vip in $VIP $VIP6; do
	for port in 5353 5354; do
		lab_check "30 datagrams of 4000 bytes to $vip port $port come back" \
			in_ns client "$fragments" echo $vip $port 30
		lab_check "so they do when their last fragment comes first" \
			in_ns client "$fragments" reversed $vip $port 10
	done
done
lab_wait_for '[ "$(queued)" -eq 0 ]' 5 "no fragment waits"
lab_check "none was without its first one" test "$(lab_dropped fragment_unknown)" -eq 0

# The tap holds no more of them than the worker has time for.
lab_wait_for 'in_ns client "$fragments" flood $VIP 5353 20000
	[ $(($(lab_dropped fragment_full) + $(lab_dropped fragment_unknown))) -gt 3000 ]' 20 "a flood of which 3000 came in"
lab_wait_for '[ "$(queued)" -eq 0 ]' 10 "those that were held are given up"
full=$(lab_dropped fragment_full) unknown=$(lab_dropped fragment_unknown)
lab_check "they are dropped by name: $full at once, $unknown after a while" test $((full + unknown)) -gt 3000
lab_check "and some of them did wait" test "$unknown" -ge 256
lab_check "datagrams come back after the flood, in order" in_ns client "$fragments" echo $VIP 5353 10
lab_check "and reversed" in_ns client "$fragments" reversed $VIP 5353 5
lab_wait_for '[ "$(queued)" -eq 0 ]' 5 "no fragment waits"
lab_end
