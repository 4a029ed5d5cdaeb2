// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <usage/usage.h>

// The commands of fulcrum-bench, a row each: each gets its whole name as argv[0], returns the exit
// status, and has its options in options_<id>[].
//     VERB(id, arguments, what it does, kinds of its words as in struct usage_verb)
#define BENCH_VERBS(VERB)                                                                       \
	VERB(latency, "", "measure how long packets stay in a worker under a given load", NULL) \
	VERB(pipeline, "", "measure what a packet costs a worker", NULL)                        \
	VERB(replay, "", "take a capture through the packet path, every frame accounted for",   \
		NULL)                                                                           \
	VERB(simulate, "[SCRIPT]", "count the connections that events break", "FILE")

#define BENCH_DECLARE(id, ...)                                           \
	int command_##id(const struct ctl *none, int argc, char **argv); \
	extern const struct option options_##id[];
BENCH_VERBS(BENCH_DECLARE)

#define EXIT_UNMET 1 // an expectation was not met
#define EXIT_USAGE 2

#endif
