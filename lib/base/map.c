// SPDX-License-Identifier: BSD-3-Clause
#include <base/fnv.h>
#include <base/map.h>

#include <errno.h>
#include <stdlib.h>

#define LEAST_BUCKETS 16

int map_init(struct map *map, uint32_t capacity)
{
	uint32_t buckets = LEAST_BUCKETS;

	while (buckets < capacity && buckets < 1u << 31)
		buckets *= 2;
	map->buckets = calloc(buckets, sizeof(*map->buckets));
	map->mask = buckets - 1;
	map->count = 0;
	return map->buckets == NULL ? -ENOMEM : 0;
}

void map_free(struct map *map)
{
	free(map->buckets);
	map->buckets = NULL;
}

static void push(struct map *map, struct map_node *node)
{
	struct map_node **bucket = &map->buckets[node->hash & map->mask];

	node->next = *bucket;
	*bucket = node;
	map->count++;
}

static void grow(struct map *map)
{
	struct map larger;

	if (map_init(&larger, map->count * 2) != 0)
		return;
	for (uint32_t i = 0; i <= map->mask; i++) {
		for (struct map_node *node = map->buckets[i], *next; node != NULL; node = next) {
			next = node->next;
			push(&larger, node);
		}
	}
	map_free(map);
	*map = larger;
}

void map_insert(struct map *map, struct map_node *node, uint32_t hash)
{
	if (map->count > map->mask && map->mask < UINT32_MAX / 4)
		grow(map);
	node->hash = hash;
	push(map, node);
}

void map_remove(struct map *map, struct map_node *node)
{
	struct map_node **place = &map->buckets[node->hash & map->mask];

	while (*place != node)
		place = &(*place)->next;
	*place = node->next;
	map->count--;
}

static struct map_node *with_hash(struct map_node *node, uint32_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

struct map_node *map_find(const struct map *map, uint32_t hash)
{
	return with_hash(map->buckets[hash & map->mask], hash);
}

struct map_node *map_find_next(const struct map_node *node)
{
	return with_hash(node->next, node->hash);
}

static struct map_node *first_from(const struct map *map, uint32_t bucket)
{
	for (; bucket <= map->mask; bucket++) {
		if (map->buckets[bucket] != NULL)
			return map->buckets[bucket];
	}
	return NULL;
}

struct map_node *map_first(const struct map *map)
{
	return first_from(map, 0);
}

struct map_node *map_next(const struct map *map, const struct map_node *node)
{
	return node->next != NULL ? node->next : first_from(map, (node->hash & map->mask) + 1);
}

uint32_t map_hash(const void *bytes, size_t size)
{
	uint64_t whole = fnv_add(FNV_START, bytes, size);
	uint32_t hash = (uint32_t)(whole ^ whole >> 32);

	hash ^= hash >> 16;
	hash *= 0x7feb352du;
	return hash ^ hash >> 15;
}
