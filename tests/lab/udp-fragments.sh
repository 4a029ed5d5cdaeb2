#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Datagrams larger than a packet: their fragments go where the first one went, in whatever order
# they come, by IPIP and DSR, and a flood of fragments that belong to nothing keeps nobody out for
# long.
. "$(dirname "$0")/lib.sh"

fragments="$lab_root/tests/lab/fragments.py"
lab_begin
lab_backends 3 dsr
for k in 1 2 3; do
	lab_agent b$k
	lab_start server-b$k b$k python3 "$lab_root/tests/lab/backend_server.py" 443 udp:5353 udp:5354
	lab_wait_for "grep -q listening $LAB/server-b$k.log" 10 "the server on b$k"
done
ip -n client addr add 198.51.100.8/24 dev eth0
ip -n client addr add fd00:100::8/64 dev eth0 nodad
declare -A other=([$VIP]=198.51.100.8 [$VIP6]=fd00:100::8)
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

# back 'what' WORDS...: what the client sends comes back. What it had to send twice is counted.
back() {
	local what=$1
	shift
	in_ns client "$fragments" "$@" >>$LAB/told || lab_fail "does not hold: $what"
	lab_say "ok: $what"
}

for vip in $VIP $VIP6; do
	for port in 5353 5354; do
		back "30 datagrams of 4000 bytes to $vip port $port come back" echo $vip $port 30
		back "so they do when their last fragment comes first" reversed $vip $port 10 "${other[$vip]}"
	done
done
lab_wait_for '[ "$(queued)" -eq 0 ]' 5 "no fragment waits"
again=$(lab_count 'is sent again' $LAB/told)
lab_check "2 of 160 at most were sent again: $again" test "$again" -le 2
lab_check "none else was without its first one" test "$(lab_dropped fragment_unknown)" -le $((3 * again))

# The tap holds no more of them than the worker has time for.
lab_wait_for 'in_ns client "$fragments" flood $VIP 5353 20000
	[ $(($(lab_dropped fragment_full) + $(lab_dropped fragment_unknown))) -gt 3000 ]' 20 "a flood of which 3000 came in"
lab_wait_for '[ "$(queued)" -eq 0 ]' 10 "those that were held are given up"
full=$(lab_dropped fragment_full) unknown=$(lab_dropped fragment_unknown)
lab_check "they are dropped by name: $full at once, $unknown after a while" test $((full + unknown)) -gt 3000
lab_check "and some of them did wait" test "$unknown" -ge 256
back "datagrams come back after the flood, in order" echo $VIP 5353 10
back "and reversed" reversed $VIP 5353 5 "${other[$VIP]}"
lab_wait_for '[ "$(queued)" -eq 0 ]' 5 "no fragment waits"
lab_end
