// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_REGISTRY_H
#define CONTROL_REGISTRY_H

#include <base/map.h>
#include <stdbool.h>
#include <stdint.h>

// Names to indexes that stay while the name does: what workers count by and flow tables refer to. An index
// that became free is given out again as late as possible, under another generation. The control lcore alone.

#define REGISTRY_NAME_SIZE 128

struct registry_entry {
	struct map_node node;
	char name[REGISTRY_NAME_SIZE];
	bool used;
	bool fresh; // taken since registry_begin()
	bool wanted;
	uint8_t generation;
};

struct registry {
	struct map map;
	struct registry_entry *entries;
	uint32_t *free; // a ring of indexes
	uint32_t free_first;
	uint32_t free_count;
	uint32_t capacity;
};

int registry_init(struct registry *registry, uint32_t capacity);
void registry_free(struct registry *registry);

// A change of the whole set: begin, take every name of the new set, then commit (names that were not taken are
// released) or abort (names that were new are).
void registry_begin(struct registry *registry);
// 0 and '*index', or -ENOSPC.
int registry_take(struct registry *registry, const char *name, uint32_t *index);
void registry_commit(struct registry *registry);
void registry_abort(struct registry *registry);

#endif
