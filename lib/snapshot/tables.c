// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/snapshot_private.h>

#include <base/map.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

// What a table was built from; the names are the configuration's, which outlives the build.
struct entry {
	struct map_node node;
	struct maglev *table;
	uint32_t count;
	struct maglev_member members[];
};

int tables_init(struct tables *tables)
{
	return map_init(&tables->map, 64);
}

void tables_free(struct tables *tables)
{
	struct map_node *next;

	if (tables->map.buckets == NULL)
		return;
	for (struct map_node *node = map_first(&tables->map); node != NULL; node = next) {
		struct entry *entry = MAP_ENTRY(node, struct entry, node);

		next = map_next(&tables->map, node);
		maglev_release(entry->table);
		free(entry);
	}
	map_free(&tables->map);
}

static uint32_t hash_of(const struct maglev_member *members, uint32_t count)
{
	uint32_t hash = count;

	for (uint32_t i = 0; i < count; i++)
		hash = hash * 31 +
		       (map_hash(members[i].name, strlen(members[i].name)) ^ members[i].weight);
	return hash;
}

static bool is_of(const struct entry *entry, const struct maglev_member *members, uint32_t count,
	uint32_t size)
{
	bool is_same = entry->count == count && entry->table->size == size;

	for (uint32_t i = 0; is_same && i < count; i++)
		is_same = entry->members[i].weight == members[i].weight &&
			  strcmp(entry->members[i].name, members[i].name) == 0;
	return is_same;
}

// One that there is no memory to remember is not shared.
static void remember(struct tables *tables, const struct maglev_member *members, uint32_t count,
	uint32_t hash, struct maglev *table)
{
	struct entry *entry = malloc(sizeof(*entry) + count * sizeof(*members));

	if (entry == NULL)
		return;
	entry->table = maglev_hold(table);
	entry->count = count;
	memcpy(entry->members, members, count * sizeof(*members));
	map_insert(&tables->map, &entry->node, hash);
}

int tables_get(struct tables *tables, const struct maglev_member *members, uint32_t count,
	uint32_t size, struct maglev **out, struct error *err)
{
	uint32_t hash = hash_of(members, count);
	int rc;

	for (struct map_node *node = map_find(&tables->map, hash); node != NULL;
		node = map_find_next(node)) {
		struct entry *entry = MAP_ENTRY(node, struct entry, node);

		if (is_of(entry, members, count, size)) {
			*out = maglev_hold(entry->table);
			return 0;
		}
	}
	rc = maglev_build(members, count, size, out, err);
	if (rc == 0)
		remember(tables, members, count, hash, *out);
	return rc;
}
