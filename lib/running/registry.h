// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_REGISTRY_H
#define RUNNING_REGISTRY_H

#include <base/map.h>
#include <stdbool.h>
#include <stdint.h>

// Names to indexes that stay while the name does: what workers count by and flow tables refer to.
// An index that became free is given out again as late as possible, under another generation. One
// thread at a time.

#define REGISTRY_NAME_SIZE 128
#define REGISTRY_NONE      UINT32_MAX

struct registry_entry {
	struct map_node node;
	char name[REGISTRY_NAME_SIZE];
	bool is_used;
	uint8_t generation;
};

struct registry {
	struct map map;
	struct registry_entry *entries; // by index
	uint32_t *free; // a ring of indexes
	uint32_t free_first;
	uint32_t free_count;
	uint32_t capacity;
	uint32_t end; // above every index that was ever given out
};

// What the registry would be with another set of names. Good until the registry changes.
struct registry_plan {
	uint32_t *indexes; // of each name
	uint8_t *generations; // of each name
	bool *is_new; // of each name: it had no index
	uint32_t count;
	uint32_t *released; // the indexes of names that are no longer there
	uint32_t released_count;
};

// Writes name number 'at' to 'name'.
typedef void registry_name_fn(const void *context, uint32_t at, char name[REGISTRY_NAME_SIZE]);

// 0 or -ENOMEM.
int registry_init(struct registry *registry, uint32_t capacity);
void registry_free(struct registry *registry); // a zeroed one is fine

// REGISTRY_NONE where it has none.
uint32_t registry_find(const struct registry *registry, const char *name);

// Plans for 'count' names, all different, to be the set: 'known' is what registry_find() says of
// each. 0, -ENOMEM, or -ENOSPC where they are more than the capacity. Nothing changes in the
// registry.
int registry_plan(const struct registry *registry, uint32_t count, const uint32_t *known,
	struct registry_plan *out);
// Makes it so, by the names' texts. Cannot fail.
void registry_carry_out(struct registry *registry, const struct registry_plan *plan,
	registry_name_fn *name, const void *context);
// Gives the owner of an index another name, which nobody has; the index and its generation stay.
void registry_rename(struct registry *registry, uint32_t index, const char *name);
// The indexes that change hands, for the caller to free; NULL without memory.
uint32_t *registry_plan_new(const struct registry_plan *plan, uint32_t *count);
void registry_plan_free(struct registry_plan *plan); // a zeroed one is fine

#endif
