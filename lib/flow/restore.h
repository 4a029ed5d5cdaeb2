// SPDX-License-Identifier: BSD-3-Clause
#ifndef FLOW_RESTORE_H
#define FLOW_RESTORE_H

#include <flow/flow.h>

// Flows that go from a table to the next daemon's, whose clock and whose references are others.

// A row without its table. The hash is one that leads to the row's place: all that the table still
// knows of it, so it is good for tables of the same number of buckets alone.
struct flow_saved {
	uint64_t hash;
	struct flow_client client;
	uint16_t client_port; // network order
	uint16_t service;
	uint32_t backend;
	enum flow_state state;
	uint32_t age_s; // since it began; to 16 s, at most FLOW_AGE_MAX_S
	uint32_t idle_s; // since its last packet
};

// Any thread: copies the live rows of a bucket to 'out', as flow_read_bucket() does; returns how
// many. A row that its worker writes meanwhile may be half of the one and half of the other;
// 'now_s' may be a few seconds behind its worker's clock.
uint32_t flow_save_bucket(const struct flow_table *table, uint32_t bucket,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s,
	struct flow_saved out[FLOW_WAYS]);

// While no worker runs: puts a flow into a table, with its age. False: it has expired, or means
// nothing. Of two rows of the same flow the one stays that had its packet later; where the table is
// too small for all, those go that idle longest.
bool flow_restore(struct flow_table *table, const struct flow_saved *saved,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s);

#endif
