// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CENSUS_H
#define CONTROL_CENSUS_H

#include <flow/flow.h>
#include <snapshot/snapshot.h>
#include <stdbool.h>
#include <stdint.h>

// The one count of flows: of each backend and of each worker, in steps over the workers' tables. Whatever shows how many
// flows there are, on the channel or on the page of metrics, reads the last whole round. Nobody counts unless somebody
// asks. One thread uses a census; the tables' workers are not disturbed.

struct census_counts {
	uint32_t *flows; // by the backend's index: those that are open (flow_row_is_open())
	bool *is_known; // it has a row at all, be it of a connection that was closed
	uint32_t *oldest_s; // the age of its oldest flow
	uint64_t *worker_flows; // by the worker; those of backends that are gone are among them
};

struct census {
	uint32_t capacity; // of backends
	uint32_t table_count;
	struct census_counts last; // what the last whole round found; zeroes before it
	struct census_counts next; // what the present one has found so far
	uint64_t begun; // rounds
	uint64_t done;
	uint64_t done_ns; // when the last one was; 0: there was none
	uint32_t cleared; // indexes of 'next'
	uint32_t table; // that is counted
	uint32_t bucket;
};

struct census_source {
	struct flow_table *const *tables; // as many as the census is of
	const struct snapshot
		*snapshot; // that the workers go by; it may be another one at each step
};

// 0 or -ENOMEM.
int census_init(struct census *census, uint32_t capacity, uint32_t table_count);
void census_free(struct census *census); // a zeroed one is fine

// Asks for a count of what is there from now on. Returns its round, for census_has().
uint64_t census_ask(const struct census *census);
bool census_has(const struct census *census, uint64_t round);
// Goes on with the round at hand, or begins one: about a tenth of a millisecond.
void census_step(struct census *census, const struct census_source *source);
// The index has another owner now, of whom nothing is counted yet.
void census_forget(struct census *census, uint32_t index);

#endif
