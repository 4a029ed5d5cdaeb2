// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

// A hash table whose nodes live inside the caller's structs: it allocates its buckets and nothing
// else, so that only map_init() can fail. It grows by itself (where there is no memory for it, the
// chains grow instead). Several nodes may share a hash: the caller compares keys. One thread at a
// time.

struct map_node {
	struct map_node *next;
	uint32_t hash;
};

struct map {
	struct map_node **buckets;
	uint32_t mask;
	uint32_t count;
};

// The struct of type 'type' whose member 'member' is '*node'; NULL for NULL.
#define MAP_ENTRY(node, type, member) \
	((type *)((node) == NULL ? NULL : (void *)((char *)(node)-offsetof(type, member))))

// 'capacity' is how many nodes are expected. 0 or -ENOMEM.
int map_init(struct map *map, uint32_t capacity);

// Frees the buckets; the nodes are the caller's. A zeroed map is fine.
void map_free(struct map *map);

void map_insert(struct map *map, struct map_node *node, uint32_t hash);
void map_remove(struct map *map, struct map_node *node);

// The nodes with 'hash': the first one, and the one after 'node'. NULL at the end.
struct map_node *map_find(const struct map *map, uint32_t hash);
struct map_node *map_find_next(const struct map_node *node);

// All nodes, in no order: the first one, and the one after 'node'. A walk that removes 'node' asks
// for the next one before.
struct map_node *map_first(const struct map *map);
struct map_node *map_next(const struct map *map, const struct map_node *node);

// FNV-1a with its bits mixed. Not keyed: not for keys that a stranger chooses freely.
uint32_t map_hash(const void *bytes, size_t size);

#endif
