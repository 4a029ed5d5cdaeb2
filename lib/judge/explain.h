// SPDX-License-Identifier: BSD-3-Clause
#ifndef JUDGE_EXPLAIN_H
#define JUDGE_EXPLAIN_H

#include <flow/flow.h>
#include <judge/select.h>
#include <packet/drop.h>
#include <snapshot/snapshot.h>
#include <stdbool.h>

// What would become of a packet, step by step, by the code that the workers judge with. Changes
// nothing: the flow tables are looked at in copies. Any thread that may read the snapshot.

#define EXPLAIN_TTL 64 // of a packet of which nothing else is known

// What the packet alone decides.
struct explanation {
	const struct snapshot *snapshot;
	struct packet packet;
	struct hash128 hash;
	bool is_vip; // else it goes to the kernel, and nothing below counts
	enum drop_reason reason; // DROP_REASON_COUNT: it has a service
	bool ends_traceroute; // it has none, and is answered by port unreachable or a reset
	uint16_t service; // index
	const struct snapshot_view *view;
	uint64_t slot_hash;
	uint32_t slot; // of 'slots'; both 0 without a current table
	uint32_t slots;
	bool has_current, has_previous;
	uint32_t current, previous; // what the two tables say, references
};

// What the flow table of one worker makes of it.
struct explained_flow {
	bool is_known; // the table has the flow, also where a SYN begins it anew
	struct flow_row row; // where it is known
	struct select_result result;
	enum drop_reason reason; // DROP_REASON_COUNT: it is not dropped
	uint32_t
		room; // the largest packet of the client, from its IP header on, that is forwarded whole
};

// The packet that 'protocol' (IP_TCP, IP_UDP), both ends and 'tcp_flags' make. Addresses of one
// family.
void explain_make_packet(uint8_t protocol, const struct addr *source, uint16_t source_port,
	const struct addr *destination, uint16_t destination_port, uint8_t tcp_flags,
	struct packet *out);

// 'ttl' is the packet's, or its hop limit.
void explain_packet(const struct snapshot *snapshot, const struct packet *packet, uint8_t ttl,
	struct explanation *out);
// For an explanation with a service. 'now_s' is the worker's clock.
void explain_flow(const struct explanation *explanation, const struct flow_table *flows,
	uint32_t now_s, struct explained_flow *out);

#endif
