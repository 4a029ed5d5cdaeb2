// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include "paced.h"

#include <stdio.h>

// The parts of 'fulcrum-bench latency': what is asked for, what was measured, how it is told.

#define LATENCY_ROUNDS_MAX 101
#define LATENCY_LOADS      3
extern const uint32_t latency_loads[LATENCY_LOADS]; // percent of what the lane can do

struct latency_options {
	struct lane_options lane;
	uint64_t rounds;
	uint64_t round_ms; // of each load in a round
	bool is_poisson;
	bool realtime; // nobody else gets the core while the lane is loaded
	bool json;
};

// 0, 1 for --help, or -EINVAL after a sentence on stderr.
int latency_parse(int argc, char **argv, struct latency_options *out);
void latency_help(FILE *out);

// Of a run, in microseconds: of the packets that nobody else's use of the core held up, and of all.
enum latency_figure {
	LATENCY_P50,
	LATENCY_P99,
	LATENCY_P999,
	LATENCY_LONGEST,
	LATENCY_ALL_P999,
	LATENCY_RATE, // packets a second
	LATENCY_OFF, // percent of the time in which others had the core
	LATENCY_FIGURES
};

// A load alone, and while configurations are applied.
enum { LATENCY_ALONE, LATENCY_APPLYING, LATENCY_WAYS };

struct latency_result {
	double values[LATENCY_LOADS][LATENCY_WAYS][LATENCY_FIGURES]
		     [LATENCY_ROUNDS_MAX]; // sorted when the rounds are over
	uint64_t rounds;
	uint32_t applies; // that came into force meanwhile
	double apply_ms; // of each, on average
	uint64_t lost; // packets that were not forwarded
};

double latency_median(
	const struct latency_result *result, uint32_t load, uint32_t way, uint32_t figure);
void latency_print(const struct latency_options *options, const struct latency_result *result,
	const char *pages);

#endif
