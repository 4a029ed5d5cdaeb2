// SPDX-License-Identifier: BSD-3-Clause
#ifndef FORECAST_FORECAST_H
#define FORECAST_FORECAST_H

#include <channel/message.h>
#include <running/configuration.h>
#include <snapshot/snapshot.h>

// What a change would cost: each pool's slots that go to another backend, and what becomes of each
// flow in the workers' tables, judged by the snapshot that the change would bring, by the code
// that the workers judge with. Nothing is changed, and no worker waits. Runs on the job thread:
// all of the input is borrowed until forecast_make() returns, and nobody changes it meanwhile but
// the workers their own tables.

struct flow_table;

struct forecast_input {
	const struct configuration *running, *planned;
	const struct snapshot *before, *after; // theirs
	// By a backend's index: in 'planned' it is another machine, or a new one.
	const bool *is_stranger;
	struct flow_table *const *flows;
	uint32_t worker_count;
	// The workers' clock. It is asked again after each FORECAST_PIECE buckets: a walk may last
	// longer than a flow lives.
	uint32_t (*clock_s)(void *context);
	void *clock_context;
};

#define FORECAST_PIECE 256

// A row a pool: those of 'planned' in its order, then those that are no more. The caller frees
// '*rows'. 0 or -ENOMEM.
int forecast_make(
	const struct forecast_input *input, struct message_row_plan **rows, uint32_t *count);

#endif
