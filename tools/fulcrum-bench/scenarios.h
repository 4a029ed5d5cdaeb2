// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_SCENARIOS_H
#define BENCH_SCENARIOS_H

#include <stdint.h>

// What Fulcrum promises of connections, as scripts (script.h) that each begin with a fresh world of
// at least 10 backends and 3 balancers.
struct scenario {
	const char *name;
	const char *script;
};

extern const struct scenario scenarios[];
extern const uint32_t scenario_count;

#endif
