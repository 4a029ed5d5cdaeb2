// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include "generator.h"

#include <config/config.h>
#include <pipeline/pipeline.h>

// A worker of the daemon between a generator and a port that frees what it is given: the lane whose packets are
// timed. One thread. Any failure of the set-up ends the program with a sentence.

struct lane_options {
	struct generator_options traffic;
	enum config_forwarding forwarding;
	uint32_t backends;
	bool huge; // pages, where enough are free
};

struct lane {
	struct generator generator;
	struct publisher publisher;
	struct metrics_worker *metrics;
	struct worker *worker;
	struct flow_table *flows;
	bool huge;
};

// Ready to be timed: every flow is in the table, which has four places for each; where new flows are asked for,
// it is full of them.
void lane_open(struct lane *lane, const struct lane_options *options);
void lane_close(struct lane *lane);

// 'packets' of them, and no more than a burst on top: through the worker, or from the generator straight to
// the port. Returns how many. Their names are what tools/count-instructions asks callgrind for.
uint64_t lane_balance(struct lane *lane, uint64_t packets);
uint64_t lane_pass(struct lane *lane, uint64_t packets);

#endif
