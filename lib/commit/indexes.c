// SPDX-License-Identifier: BSD-3-Clause
#include <commit/commit_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Which index each record of a new configuration is to have.

static bool indexes_same_name(const struct config_backend *a, const struct config_backend *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->pool, b->pool) == 0;
}

// Most configurations have the backends in the order of the one before: the next one is tried
// first.
uint32_t commit_find_running(struct commit *commit, const struct config *config, uint32_t at)
{
	const struct configuration *running = commit->running;
	char name[REGISTRY_NAME_SIZE];
	uint32_t index;

	if (running == NULL)
		return CONFIGURATION_NONE;
	if (commit->next < running->config->backend_count &&
		indexes_same_name(&running->config->backends[commit->next], &config->backends[at]))
		return commit->next++;
	configuration_backend_name(config, at, name);
	index = registry_find(commit->backend_registry, name);
	if (index == REGISTRY_NONE)
		return CONFIGURATION_NONE;
	commit->next = running->places[index] + 1;
	return running->places[index];
}

// Finds where each backend stood before. 0 or -ENOMEM.
static int indexes_find_before(struct commit *commit)
{
	uint32_t count = commit->all->backend_count;

	commit->places = calloc((size_t)count + 1, sizeof(*commit->places));
	commit->next = 0;
	for (uint32_t i = 0; commit->places != NULL && i < count; i++)
		commit->places[i] = commit_find_running(commit, commit->all, i);
	return commit->places == NULL ? -ENOMEM : 0;
}

static int indexes_plan_backends(struct commit *commit, struct registry_plan *out)
{
	uint32_t count = commit->all->backend_count;
	uint32_t *known = calloc((size_t)count + 1, sizeof(*known));
	int rc = known == NULL ? -ENOMEM : indexes_find_before(commit);

	for (uint32_t i = 0; rc == 0 && i < count; i++)
		known[i] = commit->places[i] == CONFIGURATION_NONE
				   ? REGISTRY_NONE
				   : configuration_index(commit->running, commit->places[i]);
	if (rc == 0)
		rc = registry_plan(commit->backend_registry, count, known, out);
	free(known);
	return rc;
}

// A service of the running configuration whose name is gone.
struct nameless {
	struct map_node node;
	const struct config_service *service;
	uint32_t index;
};

static uint32_t indexes_hash_of_endpoint(const struct config_service *service)
{
	return map_hash(&service->vip, sizeof(service->vip)) * 31 +
	       ((uint32_t)service->ports[0][0] << 8 ^ service->protocols[0]);
}

static bool indexes_same_endpoint(const struct config_service *a, const struct config_service *b)
{
	return addr_equal(&a->vip, &b->vip) &&
	       memcmp(a->protocols, b->protocols, sizeof(a->protocols)) == 0 &&
	       memcmp(a->ports, b->ports, sizeof(a->ports)) == 0;
}

// A service with the endpoint of one whose name is gone is the same service by another name, and
// keeps its flows.
static uint32_t indexes_find_by_endpoint(
	const struct map *nameless, const struct config_service *service)
{
	for (struct map_node *node = map_find(nameless, indexes_hash_of_endpoint(service));
		node != NULL; node = map_find_next(node)) {
		const struct nameless *had = MAP_ENTRY(node, struct nameless, node);

		if (indexes_same_endpoint(had->service, service))
			return had->index;
	}
	return REGISTRY_NONE;
}

static void indexes_list_nameless(
	const struct commit *commit, const uint32_t *known, struct nameless *list, struct map *map)
{
	const struct configuration *running = commit->running;

	for (uint32_t i = 0; i < commit->config->service_count; i++) {
		if (known[i] != REGISTRY_NONE)
			list[running->service_places[known[i]]].index = REGISTRY_NONE;
	}
	for (uint32_t i = 0; i < running->config->service_count; i++) {
		if (list[i].index == REGISTRY_NONE)
			continue;
		list[i].service = &running->config->services[i];
		list[i].index = running->services[i];
		map_insert(map, &list[i].node, indexes_hash_of_endpoint(list[i].service));
	}
}

static int indexes_find_renamed(const struct commit *commit, uint32_t *known)
{
	struct nameless *list;
	struct map map;
	int rc;

	if (commit->running == NULL)
		return 0;
	list = calloc((size_t)commit->running->config->service_count + 1, sizeof(*list));
	rc = list == NULL ? -ENOMEM : map_init(&map, 64);
	if (rc == 0) {
		indexes_list_nameless(commit, known, list, &map);
		for (uint32_t i = 0; map.count > 0 && i < commit->config->service_count; i++) {
			if (known[i] == REGISTRY_NONE)
				known[i] = indexes_find_by_endpoint(
					&map, &commit->config->services[i]);
		}
		map_free(&map);
	}
	free(list);
	return rc;
}

static int indexes_plan_services(const struct commit *commit, struct registry_plan *out)
{
	uint32_t count = commit->config->service_count;
	uint32_t *known = calloc((size_t)count + 1, sizeof(*known));
	int rc = known == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++)
		known[i] =
			registry_find(commit->service_registry, commit->config->services[i].name);
	if (rc == 0)
		rc = indexes_find_renamed(commit, known);
	if (rc == 0)
		rc = registry_plan(commit->service_registry, count, known, out);
	free(known);
	return rc;
}

int commit_plan_indexes(struct commit *commit)
{
	int rc;

	// Those that are leaving make room.
	if (commit->all->backend_count > commit->backend_registry->capacity &&
		commit->all != commit->config) {
		config_free(commit->all);
		commit->all = commit->config;
	}
	rc = indexes_plan_backends(commit, &commit->backend_plan);
	if (rc == -ENOSPC)
		return error_set(&commit->err, ENOSPC,
			"%u backends are more than the daemon has room for; 'backends_max' in its file is %u",
			commit->config->backend_count, commit->backend_registry->capacity);
	if (rc == 0)
		rc = indexes_plan_services(commit, &commit->service_plan);
	if (rc == -ENOSPC)
		return error_set(&commit->err, ENOSPC,
			"%u services are more than the daemon has room for; 'services_max' in its file is %u",
			commit->config->service_count, commit->service_registry->capacity);
	return rc == 0 ? 0 : error_set(&commit->err, -rc, "out of memory");
}
