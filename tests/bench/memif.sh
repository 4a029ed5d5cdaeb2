#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a real fulcrumd passes on when another process makes the packets: testpmd's flowgen on one
# core, net_memif, the daemon's worker on the other core, and back; beside testpmd's macswap in the
# daemon's place. Packets a second that came back, in turns; the most of the turns is the least
# disturbed.
#   [TURNS=3] [WINDOW_S=1] FULCRUM_BUILD=build tests/bench/memif.sh
. "$(dirname "$0")/lib.sh"
bench_needs_load
pmd_needs

WINDOW_S=${WINDOW_S:-1}
FLOWS=64 # flowgen's go to as many addresses from 10.253.0.0 on, UDP port 1001
memif="net_memif0,socket=$LAB/memif.sock,socket-abstract=no"

# A window's packets a second, in millions, when the ring is under way. Sets rate. The generator
# stays for as long as the other end is there: neither is to poll a ring that the other one takes
# away.
generate() {
	pmd_start generator 0@1,1@0 "$memif,role=client" --forward-mode=flowgen --flowgen-flows=$FLOWS \
		--total-num-mbufs=16384
	lab_wait_for 'pmd_has_received generator 100000' 30 "packets come back"
	sleep "$WINDOW_S" # the window
	pmd_stats generator
	pmd_halt generator
	rate=$(awk "BEGIN { printf \"%.2f\n\", $pmd_pps / 1e6 }")
}

macswap() {
	pmd_start macswap 0@0,1@1 "$memif,role=server" --forward-mode=macswap --total-num-mbufs=16384
	generate
	pmd_halt macswap
	pmd_stop macswap
	pmd_stop generator
}

fulcrum() {
	local services flow
	services=$(for flow in $(seq 0 $((FLOWS - 1))); do
		printf '{name: s%d, vip: 10.253.0.%d, protocol: udp, port: 1001, forwarding: %s, pool: p}, ' $flow $flow "$1"
	done)
	bench_fulcrumd "$memif,role=server" 1024
	bench_apply "$services"
	generate
	[ "$(bench_counted punted)" -lt 1000 ] || lab_fail "what flowgen sends is not for a service"
	lab_stop fulcrumd
	[ "$lab_status" -eq 0 ] || lab_fail "fulcrumd ended with status $lab_status"
	pmd_stop generator
}

swapped='' ipip='' dsr=''
for _ in $(seq 1 "$TURNS"); do
	macswap && swapped+=$rate$'\n'
	fulcrum ipip && ipip+=$rate$'\n'
	fulcrum dsr && dsr+=$rate$'\n'
done
swapped=${swapped%$'\n'} ipip=${ipip%$'\n'} dsr=${dsr%$'\n'}
printf '%-36s %8s %8s\n' 'net_memif, M packets/s back' median most
printf '%-36s %8s %8s\n' 'testpmd macswap' "$(median "$swapped")" "$(most "$swapped")"
for mode in ipip dsr; do
	printf '%-36s %8s %8s   %s of macswap, median (most)\n' "fulcrumd $mode" "$(median "${!mode}")" "$(most "${!mode}")" \
		"$(awk "BEGIN { printf \"%.0f%% (%.0f%%)\", 100 * $(median "${!mode}") / $(median "$swapped"),
			100 * $(most "${!mode}") / $(most "$swapped") }")"
done
