// SPDX-License-Identifier: BSD-3-Clause
#include <control/registry.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void push_free(struct registry *registry, uint32_t index)
{
	registry->free[(registry->free_first + registry->free_count++) % registry->capacity] =
		index;
}

static uint32_t pop_free(struct registry *registry)
{
	uint32_t index = registry->free[registry->free_first];

	registry->free_first = (registry->free_first + 1) % registry->capacity;
	registry->free_count--;
	return index;
}

int registry_init(struct registry *registry, uint32_t capacity)
{
	*registry = (struct registry){.capacity = capacity};
	registry->entries = calloc(capacity, sizeof(*registry->entries));
	registry->free = calloc(capacity, sizeof(*registry->free));
	if (registry->entries == NULL || registry->free == NULL ||
		map_init(&registry->map, 64) != 0) {
		registry_free(registry);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < capacity; i++)
		push_free(registry, i);
	return 0;
}

void registry_free(struct registry *registry)
{
	map_free(&registry->map);
	free(registry->entries);
	free(registry->free);
}

void registry_begin(struct registry *registry)
{
	for (uint32_t i = 0; i < registry->capacity; i++) {
		registry->entries[i].wanted = false;
		registry->entries[i].fresh = false;
	}
}

static struct registry_entry *find(struct registry *registry, const char *name, uint32_t hash)
{
	for (struct map_node *node = map_find(&registry->map, hash); node != NULL;
		node = map_find_next(node)) {
		struct registry_entry *entry = MAP_ENTRY(node, struct registry_entry, node);

		if (strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

int registry_take(struct registry *registry, const char *name, uint32_t *index)
{
	uint32_t hash = map_hash(name, strlen(name));
	struct registry_entry *entry = find(registry, name, hash);

	if (entry == NULL) {
		if (registry->free_count == 0)
			return -ENOSPC;
		entry = &registry->entries[pop_free(registry)];
		snprintf(entry->name, sizeof(entry->name), "%s", name);
		entry->used = true;
		entry->fresh = true;
		map_insert(&registry->map, &entry->node, hash);
	}
	entry->wanted = true;
	*index = (uint32_t)(entry - registry->entries);
	return 0;
}

static void release(struct registry *registry, struct registry_entry *entry)
{
	map_remove(&registry->map, &entry->node);
	entry->used = false;
	entry->generation++;
	push_free(registry, (uint32_t)(entry - registry->entries));
}

void registry_commit(struct registry *registry)
{
	for (uint32_t i = 0; i < registry->capacity; i++) {
		if (registry->entries[i].used && !registry->entries[i].wanted)
			release(registry, &registry->entries[i]);
	}
}

void registry_abort(struct registry *registry)
{
	for (uint32_t i = 0; i < registry->capacity; i++) {
		if (registry->entries[i].used && registry->entries[i].fresh)
			release(registry, &registry->entries[i]);
	}
}
