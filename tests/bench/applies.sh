#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What a stream of applies over the channel costs a worker at full load: a real fulcrumd over a
# capture of 1,024 flows that net_pcap repeats for ever, its worker's processor time by the packets
# that it passed on, quiet and while fulcrumctl applies on the other core a pool with another
# weight, again and again, in turns. Medians, and the median of the turns' ratios.
#   [TURNS=15] [PACKETS=20000000] [PAUSE=0.1] FULCRUM_BUILD=build tests/bench/applies.sh
TURNS=${TURNS:-15}
. "$(dirname "$0")/lib.sh"
bench_needs_load

PACKETS=${PACKETS:-20000000} # of a turn
PAUSE=${PAUSE:-0.1} # seconds between two applies

# A turn's cost, in ns a packet. Sets figure.
measure() {
	local packets time
	bench_sample
	packets=$passed time=$spent
	lab_wait_for "bench_has forwarded $((packets + PACKETS))" 120 "$PACKETS packets are forwarded"
	bench_sample
	figure=$(awk "BEGIN { printf \"%.3f\", ($spent - $time) / ($passed - $packets) }")
}

apply_stream() {
	local file
	while :; do
		for file in $LAB/heavy.yaml $LAB/pool.yaml; do
			taskset -c 0 "$fulcrumctl" -w 60s apply -f $file >/dev/null 2>&1 && echo >>$LAB/applied
			sleep "$PAUSE" # the rate of the applies is part of what is measured
		done
	done
}

make_capture 1024 $LAB/flows.pcap
bench_fulcrumd "net_pcap0,rx_pcap=$LAB/flows.pcap,infinite_rx=1" 4096
bench_apply "{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, forwarding: ipip, pool: p}"
sed 's/{name: b7,/{name: b7, weight: 50,/' $LAB/pool.yaml >$LAB/heavy.yaml
lab_wait_for "bench_has flow_hits 2048" 60 "every flow is known"
quiet='' applying='' ratios='' spent_s=0
for _ in $(seq 1 "$TURNS"); do
	measure && alone=$figure
	began=$(date +%s%N)
	apply_stream &
	stream=$!
	measure
	kill $stream
	wait $stream 2>/dev/null || true
	spent_s=$(awk "BEGIN { print $spent_s + ($(date +%s%N) - $began) / 1e9 }")
	quiet+=$alone$'\n' applying+=$figure$'\n'
	ratios+=$(awk "BEGIN { printf \"%.4f\", $figure / $alone }")$'\n'
done
printf 'quiet     %s ns a packet (least %s)\napplying  %s ns a packet (least %s), %s applies a second\nratio     %s (median of %s turns)\n' \
	"$(median "${quiet%$'\n'}")" "$(least "${quiet%$'\n'}")" "$(median "${applying%$'\n'}")" "$(least "${applying%$'\n'}")" \
	"$(awk "BEGIN { printf \"%.1f\", $(wc -l <$LAB/applied) / $spent_s }")" "$(median "${ratios%$'\n'}")" "$TURNS"
lab_stop fulcrumd
[ "$lab_status" -eq 0 ] || lab_fail "fulcrumd ended with status $lab_status"
