// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_BUILD_H
#define RUNNING_BUILD_H

#include <base/error.h>
#include <running/running.h>
#include <snapshot/snapshot.h>

// What a snapshot is built from, by whoever builds it.
struct build {
	const struct configuration *configuration;
	struct running_backend *states; // by the backend's index
	const struct running_port *ports;
	const struct snapshot *previous;
	const struct snapshot_own_input *own;
	uint32_t service_capacity;
	uint64_t version;
	uint64_t age_s; // since what is built came into force
	struct snapshot *snapshot; // out
};

// 0, or a negative errno with the sentence.
int build_run(struct build *build, struct error *err);

#endif
