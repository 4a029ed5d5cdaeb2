// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_BUILD_H
#define RUNNING_BUILD_H

#include <base/error.h>
#include <metrics/metrics.h>
#include <running/running.h>
#include <snapshot/snapshot.h>

// What a snapshot is built from, by whoever builds it.
struct build {
	const struct configuration *configuration;
	struct running_backend *states; // by the backend's index
	const struct running_port *ports;
	const struct snapshot *previous;
	const struct snapshot_own_input *own;
	struct metrics_worker *const *metrics; // one a worker: what has begun; NULL: nobody counts
	uint32_t worker_count;
	uint32_t service_capacity;
	uint64_t version;
	uint32_t now_s; // of the clock that never jumps, when it begins
	uint64_t age_s; // since what is built came into force
	struct snapshot *snapshot; // out
};

// How many flows of each of the configuration's services have begun so far; the caller frees it.
// NULL without memory.
uint64_t *build_count_flows(const struct configuration *configuration,
	struct metrics_worker *const *metrics, uint32_t worker_count);
// 0, or a negative errno with the sentence.
int build_run(struct build *build, struct error *err);

#endif
