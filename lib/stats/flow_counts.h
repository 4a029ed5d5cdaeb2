// SPDX-License-Identifier: BSD-3-Clause
#ifndef STATS_FLOW_COUNTS_H
#define STATS_FLOW_COUNTS_H

#include <flow/flow.h>
#include <snapshot/snapshot.h>
#include <stdbool.h>
#include <stdint.h>

// How many flows there are: of each backend and of each worker, counted in steps over the workers'
// tables. Whatever shows such a number, on the channel or on the page of metrics, reads the last
// whole round. Nothing is counted unless somebody asks. Runs on one thread, which owns the counts:
// the control lcore, or a job with counts of its own. Workers go on meanwhile. Ages are in
// seconds.

struct flow_counts_result {
	uint32_t *flows; // by the backend's index: those that are open (flow_row_is_open())
	bool *is_known; // it has a row at all, be it of a connection that was closed
	uint32_t *oldest_s; // the age of its oldest flow
	uint64_t *worker_flows; // by the worker; those of backends that are gone are among them
};

struct flow_counts {
	uint32_t capacity; // of backends
	uint32_t table_count;
	struct flow_counts_result last; // what the last whole round found; zeroes before it
	struct flow_counts_result next; // what the present one has found so far
	uint64_t begun; // rounds
	uint64_t done;
	uint64_t done_ns; // when the last one was; 0: there was none
	uint32_t cleared; // indexes of 'next'
	uint32_t table; // that is counted
	uint32_t bucket;
};

struct flow_counts_source {
	struct flow_table *const *tables; // as many as there are workers
	const struct snapshot *snapshot; // the workers'; it may be another one at each step
};

// 0 or -ENOMEM.
int flow_counts_init(struct flow_counts *counts, uint32_t capacity, uint32_t table_count);
void flow_counts_free(struct flow_counts *counts); // a zeroed one is fine

// Asks for a count of what is there from now on. Returns its round, for flow_counts_has().
uint64_t flow_counts_ask(const struct flow_counts *counts);
bool flow_counts_has(const struct flow_counts *counts, uint64_t round);
// Goes on with the round at hand, or begins one: about a tenth of a millisecond.
void flow_counts_step(struct flow_counts *counts, const struct flow_counts_source *source);
// The index has another owner now, of whom nothing is counted yet.
void flow_counts_forget(struct flow_counts *counts, uint32_t index);

#endif
