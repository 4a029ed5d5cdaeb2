// SPDX-License-Identifier: BSD-3-Clause
#ifndef FORECAST_FLOWS_H
#define FORECAST_FLOWS_H

#include <base/addr.h>
#include <base/error.h>
#include <channel/message.h>
#include <flow/flow.h>
#include <running/configuration.h>
#include <snapshot/snapshot.h>

// A listing of flows, step by step through the workers' tables, which workers go on to change.
// Runs on the control lcore; whoever asks owns the listing, and what a step reads is borrowed for
// that step.

struct flows_listing {
	// What to list; each of the first two counts only where the name before was given.
	bool is_by_service;
	bool is_by_backend;
	uint16_t service; // index
	uint32_t backend; // reference
	struct prefix clients; // ADDR_NONE: any
	uint32_t limit;

	uint32_t worker; // how far it got
	uint32_t bucket;
	struct flow_row rows[FLOW_WAYS]; // of the bucket before
	uint32_t row_count;
	uint32_t row_next;
	uint64_t matched;
};

// 0, or -ENOENT, -EEXIST (an ambiguous name), -EINVAL with the sentence.
int flows_begin(struct flows_listing *listing, const struct message_flows *request,
	const struct configuration *configuration, struct error *err);

enum flows_step {
	FLOWS_ROW, // '*out' is one to send
	FLOWS_MORE, // so far there is none
	FLOWS_END,
};

// What a step reads: the workers' tables, and what their rows mean at the moment.
struct flows_source {
	struct flow_table *const *tables;
	uint32_t table_count;
	const struct snapshot *snapshot;
	const struct configuration *configuration;
	uint32_t now_s;
};

// Goes on for about a tenth of a millisecond, or to the next row.
enum flows_step flows_next(struct flows_listing *listing, const struct flows_source *source,
	struct message_row_flow *out);

#endif
