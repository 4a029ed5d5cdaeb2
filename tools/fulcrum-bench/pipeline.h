// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_PIPELINE_H
#define BENCH_PIPELINE_H

#include "lane.h"

#include <stdio.h>

// The parts of 'fulcrum-bench pipeline': what is asked for, what was measured, how it is told.

#define PIPELINE_ROUNDS_MAX 1001
#define PIPELINE_TURNS_MAX  101
#define PIPELINE_PASSED_MAX 32

struct pipeline_options {
	struct lane_options lane;
	uint64_t rounds;
	uint64_t packets; // of a round
	bool stages;
	bool json;
	const char *baseline; // a program to compare with; NULL
	uint64_t turns; // of each program then
	char passed[PIPELINE_PASSED_MAX][48]; // the options that such a run gets
	uint32_t passed_count;
};

// 0, 1 for --help, or -EINVAL after a sentence on stderr.
int pipeline_parse(int argc, char **argv, struct pipeline_options *out);
void pipeline_help(FILE *out);

// ns a packet of each round, sorted when the rounds are over.
enum pipeline_figure {
	GROSS, // the worker, generator and port
	ALONE, // generator and port
	SWAP, // macswap, generator and port
	NET, // GROSS less ALONE of the same round
	TOGETHER, // like GROSS, while the other worker works too
	FIGURES
};

struct pipeline_result {
	double ns[FIGURES][PIPELINE_ROUNDS_MAX];
	uint64_t rounds;
	struct lane_steps steps; // none, where they were not asked for; sorted likewise
	uint64_t received;
	uint64_t hits;
	uint64_t evictions;
	uint64_t lost; // not forwarded
};

void pipeline_sort(double *values, uint64_t count);
void pipeline_print(const struct pipeline_options *options, const struct pipeline_result *result,
	const char *pages);

#endif
