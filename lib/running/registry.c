// SPDX-License-Identifier: BSD-3-Clause
#include <running/registry.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void push_free(struct registry *registry, uint32_t index)
{
	uint32_t at = registry->free_first + registry->free_count++;

	registry->free[at % registry->capacity] = index;
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
	*registry = (struct registry){0};
}

static uint32_t hash_of(const char *name)
{
	return map_hash(name, strlen(name));
}

uint32_t registry_find(const struct registry *registry, const char *name)
{
	for (struct map_node *node = map_find(&registry->map, hash_of(name)); node != NULL;
		node = map_find_next(node)) {
		struct registry_entry *entry = MAP_ENTRY(node, struct registry_entry, node);

		if (strcmp(entry->name, name) == 0)
			return (uint32_t)(entry - registry->entries);
	}
	return REGISTRY_NONE;
}

static int plan_allocate(
	const struct registry *registry, uint32_t count, struct registry_plan *plan)
{
	*plan = (struct registry_plan){.count = count};
	plan->indexes = calloc((size_t)count + 1, sizeof(*plan->indexes));
	plan->generations = calloc((size_t)count + 1, sizeof(*plan->generations));
	plan->is_new = calloc((size_t)count + 1, sizeof(*plan->is_new));
	plan->released = calloc((size_t)registry->map.count + 1, sizeof(*plan->released));
	if (plan->indexes == NULL || plan->generations == NULL || plan->is_new == NULL ||
		plan->released == NULL)
		return -ENOMEM;
	return 0;
}

// The names that have an index keep it; the other indexes in use are released.
static int plan_known(
	const struct registry *registry, const uint32_t *known, struct registry_plan *plan)
{
	bool *kept = calloc((size_t)registry->end + 1, sizeof(*kept));

	if (kept == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < plan->count; i++) {
		plan->indexes[i] = known[i];
		plan->is_new[i] = known[i] == REGISTRY_NONE;
		if (!plan->is_new[i])
			kept[known[i]] = true;
	}
	for (uint32_t i = 0; i < registry->end; i++) {
		if (registry->entries[i].is_used && !kept[i])
			plan->released[plan->released_count++] = i;
	}
	free(kept);
	return 0;
}

// The free indexes in their order, and then those that are about to become free.
static void plan_new(const struct registry *registry, struct registry_plan *plan)
{
	uint32_t taken = 0;

	for (uint32_t i = 0; i < plan->count; i++) {
		uint32_t index = plan->indexes[i];
		uint8_t later = 0;

		if (plan->is_new[i] && taken < registry->free_count) {
			index = registry->free[(registry->free_first + taken++) %
					       registry->capacity];
		} else if (plan->is_new[i]) {
			index = plan->released[taken++ - registry->free_count];
			later = 1;
		}
		plan->indexes[i] = index;
		plan->generations[i] = (uint8_t)(registry->entries[index].generation + later);
	}
}

int registry_plan(const struct registry *registry, uint32_t count, const uint32_t *known,
	struct registry_plan *out)
{
	int rc;

	*out = (struct registry_plan){0};
	if (count > registry->capacity)
		return -ENOSPC;
	rc = plan_allocate(registry, count, out);
	if (rc == 0)
		rc = plan_known(registry, known, out);
	if (rc != 0) {
		registry_plan_free(out);
		return rc;
	}
	plan_new(registry, out);
	return 0;
}

static void release(struct registry *registry, struct registry_entry *entry)
{
	map_remove(&registry->map, &entry->node);
	entry->is_used = false;
	entry->generation++;
	push_free(registry, (uint32_t)(entry - registry->entries));
}

static void take(
	struct registry *registry, registry_name_fn *name, const void *context, uint32_t at)
{
	uint32_t index = pop_free(registry);
	struct registry_entry *entry = &registry->entries[index];

	name(context, at, entry->name);
	entry->is_used = true;
	map_insert(&registry->map, &entry->node, hash_of(entry->name));
	if (index >= registry->end)
		registry->end = index + 1;
}

void registry_carry_out(struct registry *registry, const struct registry_plan *plan,
	registry_name_fn *name, const void *context)
{
	for (uint32_t i = 0; i < plan->released_count; i++)
		release(registry, &registry->entries[plan->released[i]]);
	for (uint32_t i = 0; i < plan->count; i++) {
		if (plan->is_new[i])
			take(registry, name, context, i);
	}
}

void registry_rename(struct registry *registry, uint32_t index, const char *name)
{
	struct registry_entry *entry = &registry->entries[index];

	map_remove(&registry->map, &entry->node);
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	map_insert(&registry->map, &entry->node, hash_of(entry->name));
}

uint32_t *registry_plan_new(const struct registry_plan *plan, uint32_t *count)
{
	uint32_t *indexes = calloc((size_t)plan->count + 1, sizeof(*indexes));

	*count = 0;
	for (uint32_t i = 0; indexes != NULL && i < plan->count; i++) {
		if (plan->is_new[i])
			indexes[(*count)++] = plan->indexes[i];
	}
	return indexes;
}

void registry_plan_free(struct registry_plan *plan)
{
	free(plan->indexes);
	free(plan->generations);
	free(plan->is_new);
	free(plan->released);
	*plan = (struct registry_plan){0};
}
