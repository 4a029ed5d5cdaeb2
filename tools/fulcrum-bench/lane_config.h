// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_LANE_CONFIG_H
#define BENCH_LANE_CONFIG_H

#include "lane.h"

// What the lanes' services and pools are, and who stands in for the control lcore. Any failure ends
// the program with a sentence.

// Above the number of backends and of services.
uint32_t lane_names(const struct lane_options *options);

// The caller frees it. 'change' is in the weight of a backend of each pool: another one asks for
// another table of each.
struct config *lane_config(const struct lane_options *options, uint32_t change);

// Builds the snapshot of a configuration and publishes it, sharing what the one before has. One
// thread at a time, which may be another one than the workers'.
void lanes_apply(
	struct lanes *lanes, const struct lane_options *options, const struct config *config);

#endif
