// SPDX-License-Identifier: BSD-3-Clause
#include <health/group.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct group *group_find(const struct map *groups, const char *name)
{
	struct map_node *node = map_find(groups, map_hash(name, strlen(name)));

	while (node != NULL && strcmp(MAP_ENTRY(node, struct group, node)->name, name) != 0)
		node = map_find_next(node);
	return MAP_ENTRY(node, struct group, node);
}

struct group *group_hold(struct map *groups, const char *name)
{
	struct group *group = group_find(groups, name);

	if (group == NULL) {
		group = calloc(1, sizeof(*group));
		if (group == NULL)
			return NULL;
		snprintf(group->name, sizeof(group->name), "%s", name);
		map_insert(groups, &group->node, map_hash(name, strlen(name)));
	}
	group->target_count++;
	return group;
}

void group_release(struct map *groups, struct group *group)
{
	if (group == NULL || --group->target_count > 0)
		return;
	map_remove(groups, &group->node);
	free(group);
}
