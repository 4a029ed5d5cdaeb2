// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include "generator.h"

#include <config/config.h>
#include <pipeline/pipeline.h>

// Workers of the daemon, each between a generator and a port that frees what it is given: the lanes
// whose packets are timed. They share what the daemon's workers share, a snapshot. Any failure of
// the set-up ends the program with a sentence.

#define LANES_MAX 2

struct lane_options {
	struct generator_options traffic;
	enum config_forwarding forwarding;
	uint32_t backends; // of each pool
	uint32_t pools; // that the services take in turn
	uint32_t workers;
	bool huge; // pages, where enough are free
};

// One thread at a time.
struct lane {
	uint32_t index; // its worker's
	struct generator generator;
	struct metrics_worker *metrics;
	struct worker *worker;
	struct flow_table *flows;
} __attribute__((aligned(64)));

struct lanes {
	struct publisher publisher;
	uint32_t count;
	bool huge;
	struct lane lane[LANES_MAX];
};

// Ready to be timed: every flow is in each table, which has four places for each; where new flows
// are asked for, it is full of them. EAL has a core for each lane.
void lanes_open(struct lanes *lanes, const struct lane_options *options);
void lanes_close(struct lanes *lanes);
// What the flow tables are on: "2 MiB".
const char *lanes_pages(const struct lanes *lanes);

// 'packets' of them, and no more than a burst on top: through the worker; from the generator
// straight to the port; with their MAC addresses swapped between, as testpmd's macswap does.
// Returns how many. The first two names are what tools/count-instructions asks callgrind for.
uint64_t lane_balance(struct lane *lane, uint64_t packets);
uint64_t lane_pass(struct lane *lane, uint64_t packets);
uint64_t lane_swap(struct lane *lane, uint64_t packets);

// Like lane_balance(), the clock read between the stages: up to LANE_SAMPLES bursts, each step's
// cycles a packet. Medians of them leave out the bursts in which the core was somebody else's.
#define LANE_SAMPLES 65536
enum { LANE_RECEIVE, LANE_STAGES, LANE_SEND = LANE_STAGES + 7, LANE_STEPS };
const char *lane_step_name(uint32_t step);
struct lane_steps {
	uint32_t count;
	double cycles[LANE_STEPS][LANE_SAMPLES];
};
uint64_t lane_balance_by_stage(struct lane *lane, uint64_t packets, struct lane_steps *out);

#endif
