// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_COUNTER_H
#define PACKET_COUNTER_H

// What each worker counts beside dropped packets (drop.h), once. The list feeds the worker's block
// (metrics/metrics.h), the families of metrics, the channel's row and the tool's column. A worker
// counts by metrics_add(&metrics->member, n).

// X(member, identifier of the family, type, its name, its unit, sentence, column, its key, rank). A
// column of NULL is in JSON alone. Those of the highest rank are left out first where a terminal is
// too narrow; 0: never.
// clang-format off
#define PACKET_COUNTERS(X) \
	X(received, WORKER_RECEIVED, COUNTER, "fulcrum_worker_received_packets", "packets", \
		"Packets from the ports", \
		"RX", "rx_packets", 0) \
	X(from_kernel, WORKER_FROM_KERNEL, COUNTER, "fulcrum_worker_from_kernel_packets", "packets", \
		"Packets from the kernel-side interfaces", \
		NULL, "from_kernel", 0) \
	X(made, WORKER_MADE, COUNTER, "fulcrum_worker_made_packets", "packets", \
		"Packets that the worker added itself, such as fragments beyond the first", \
		NULL, "made", 0) \
	X(forwarded, WORKER_FORWARDED, COUNTER, "fulcrum_worker_forwarded_packets", "packets", \
		"Packets to backends", \
		"FORWARDED", "forwarded", 0) \
	X(to_kernel, WORKER_TO_KERNEL, COUNTER, "fulcrum_worker_to_kernel_packets", "packets", \
		"Packets that were for no VIP and went to the kernel", \
		"PUNTED", "punted", 5) \
	X(injected, WORKER_INJECTED, COUNTER, "fulcrum_worker_injected_packets", "packets", \
		"Packets of the kernel that left by a port", \
		"INJECTED", "injected", 8) \
	X(answered, WORKER_ANSWERED, COUNTER, "fulcrum_worker_answered_packets", "packets", \
		"Packets that became the balancer's own answer, by ICMP or a reset", \
		"ANSWERED", "answered", 7) \
	X(probe_answers, WORKER_PROBE_ANSWERS, COUNTER, "fulcrum_worker_probe_answer_packets", "packets", \
		"Packets that answered half-open probes (via: forwarding)", \
		NULL, "probe_answers", 0) \
	X(held, WORKER_HELD, GAUGE, "fulcrum_worker_held_packets", "packets", \
		"Fragments that wait for their first one", \
		NULL, "queued", 0) \
	X(flow_hits, FLOW_HITS, COUNTER, "fulcrum_flow_hits", "", \
		"Packets whose flow the table knew", \
		"HITS", "flow_hits", 3) \
	X(flow_misses, FLOW_MISSES, COUNTER, "fulcrum_flow_misses", "", \
		"Packets whose flow it did not know", \
		"MISSES", "flow_misses", 4) \
	X(previous_table, FLOW_PREVIOUS, COUNTER, "fulcrum_flow_previous_table_hits", "", \
		"Misses that a pool's tables before its last change answered", \
		"PREVIOUS", "previous_table", 11) \
	X(flow_skipped, FLOW_SKIPPED, COUNTER, "fulcrum_flow_skipped", "", \
		"New flows above new_flow_rate, which were forwarded and not remembered", \
		"SKIPPED", "flow_skipped", 10) \
	X(flow_evictions, FLOW_EVICTIONS, COUNTER, "fulcrum_flow_evictions", "", \
		"Live flows that were forgotten to make room for others", \
		"EVICTED", "flow_evictions", 6) \
	X(resets, FLOW_RESETS, COUNTER, "fulcrum_flow_resets", "", \
		"Resets that were sent to clients for on_down: reset", \
		"RESETS", "resets", 9) \
	X(rejects, FLOW_REJECTS, COUNTER, "fulcrum_flow_rejects", "", \
		"Answers to clients for on_all_down: reject, by a RST or port unreachable", \
		"REJECTS", "rejects", 13)
// clang-format on

#endif
