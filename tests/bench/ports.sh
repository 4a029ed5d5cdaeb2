#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a packet costs a worker, driver and all, beside testpmd's macswap over the same driver, in
# turns: a real fulcrumd over captures of 1 to 64k flows that net_pcap repeats for ever. net_null's
# packets are of zeroes, so for no service: there it is fulcrum-bench's figure without the generator
# that writes its headers, and the driver's, which testpmd's io mode tells. Each figure is processor
# time of the thread by the packets that it passed on, the least of the turns.
#   [TURNS=3] [PACKETS=20000000] [FLOWS='1 1024 16384 65536'] FULCRUM_BUILD=build tests/bench/ports.sh
. "$(dirname "$0")/lib.sh"
bench_needs_load
pmd_needs

PACKETS=${PACKETS:-20000000} # of a turn
bench=$lab_build/tools/fulcrum-bench/fulcrum-bench

# fulcrum DEVICE FORWARDING DESCRIPTORS
fulcrum() {
	local packets time
	bench_fulcrumd "$1" "$3"
	bench_apply "{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: $2, pool: p}"
	lab_wait_for "bench_has flow_hits $((2 * flows))" 60 "every flow is known"
	bench_sample
	packets=$passed time=$spent
	lab_wait_for "bench_has forwarded $((packets + PACKETS))" 120 "$PACKETS packets are forwarded"
	bench_sample
	lab_stop fulcrumd
	[ "$lab_status" -eq 0 ] || lab_fail "fulcrumd ended with status $lab_status"
	cost $((spent - time)) $((passed - packets))
}

# testpmd MODE DEVICE BUFFERS
testpmd() {
	local time
	pmd_start testpmd 0@0,1@1 "$2" --forward-mode="$1" --total-num-mbufs="$3"
	lab_wait_for "pmd_has_received testpmd $PACKETS" 120 "$PACKETS packets are forwarded"
	pmd_halt testpmd
	time=$(worker_ns testpmd)
	pmd_stop testpmd
	cost "$time" "$pmd_received"
}

# Without generator and port.
pipeline() {
	"$bench" pipeline --json --rounds 5 --flows "$1" | python3 -c 'import json, sys
print("%.1f" % json.load(sys.stdin)["net_ns"])'
}

# Each command of 'commands' in turn; sets figures, the least of each.
take_turns() {
	local i turn
	figures=()
	for turn in $(seq 1 "$TURNS"); do
		for i in "${!commands[@]}"; do
			# shellcheck disable=SC2086 # a function and its arguments, split on purpose
			figures[i]+=$(${commands[i]})$'\n'
		done
	done
	for i in "${!commands[@]}"; do
		figures[i]=$(least "${figures[i]%$'\n'}")
	done
}

# tell WHAT MACSWAP FIGURE...: with the ratio of each to the first one.
tell() {
	local what=$1 macswap=$2 figure line=''
	shift 2
	for figure; do
		line+=$(awk "BEGIN { printf \"%9.1f (x%.2f)\", $figure, $figure / $macswap }")
	done
	printf '%-24s %9.1f %s\n' "$what" "$macswap" "$line"
}

printf '%-24s %9s %17s %17s\n' 'ns a packet, gross' macswap 'ipip        ' 'dsr        '
for flows in ${FLOWS:-1 1024 16384 65536}; do
	make_capture "$flows" $LAB/flows.pcap
	device="net_pcap0,rx_pcap=$LAB/flows.pcap,infinite_rx=1"
	buffers=$((flows < 4096 ? 4096 : 32768))
	commands=("testpmd macswap $device $((buffers * 3))" "fulcrum $device ipip $buffers"
		"fulcrum $device dsr $buffers")
	take_turns
	tell "net_pcap, $flows flows" "${figures[@]}"
done
commands=("testpmd macswap net_null0,size=60 4096" "testpmd io net_null0,size=60 4096" "pipeline 1k" "pipeline 1M")
take_turns
printf '\n%-24s %9s %17s %17s\n' '' macswap 'ipip, 1k flows' '1M flows    '
tell net_null "${figures[0]}" "$(awk "BEGIN { print ${figures[1]} + ${figures[2]} }")" \
	"$(awk "BEGIN { print ${figures[1]} + ${figures[3]} }")"
echo "of which the driver, by testpmd's io mode, takes ${figures[1]}"
