// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_GENERATION_H
#define SNAPSHOT_GENERATION_H

#include <maglev/maglev.h>

// Tables and their members, counted: any thread may hold and release one. NULL is fine.

// A Maglev table and who its members are. Shared by the views and snapshots that have it.
struct snapshot_generation {
	struct maglev *table;
	uint32_t references;
	uint32_t member_count;
	struct snapshot_member {
		uint32_t backend; // reference
		uint32_t weight;
	} members[];
};

struct snapshot_generation *generation_hold(struct snapshot_generation *generation);
void generation_release(struct snapshot_generation *generation);

static inline uint32_t generation_backend(
	const struct snapshot_generation *generation, uint64_t hash)
{
	return generation->members[maglev_lookup(generation->table, hash)].backend;
}

#endif
