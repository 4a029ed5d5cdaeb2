// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_GROUP_H
#define HEALTH_GROUP_H

#include <base/map.h>
#include <config/config.h>
#include <metrics/histogram.h>

// The targets that share a histogram, by name. A group is there as long as it has a target.

struct group {
	struct map_node node;
	char name[CONFIG_NAME_SIZE];
	uint32_t target_count;
	struct histogram latency; // of the probes that succeeded
};

// NULL: there is none.
struct group *group_find(const struct map *groups, const char *name);
// Counts a target in; makes the group where it is the first one. NULL without memory.
struct group *group_hold(struct map *groups, const char *name);
void group_release(struct map *groups, struct group *group); // NULL is fine

#endif
