// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Which index each record of a new configuration is to have.

static bool same_name(const struct config_backend *a, const struct config_backend *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->pool, b->pool) == 0;
}

// Most configurations have the backends in the order of the one before: the next one is tried first.
uint32_t commit_find_running(struct commit *commit, const struct config *config, uint32_t at)
{
	const struct edition *running = commit->running;
	char name[REGISTRY_NAME_SIZE];
	uint32_t index;

	if (running == NULL)
		return EDITION_NONE;
	if (commit->next < running->config->backend_count &&
		same_name(&running->config->backends[commit->next], &config->backends[at]))
		return commit->next++;
	edition_backend_name(config, at, name);
	index = registry_find(commit->backend_registry, name);
	if (index == REGISTRY_NONE)
		return EDITION_NONE;
	commit->next = running->places[index] + 1;
	return running->places[index];
}

// Finds where each backend stood before. 0 or -ENOMEM.
static int find_before(struct commit *commit)
{
	uint32_t count = commit->all->backend_count;

	commit->places = calloc((size_t)count + 1, sizeof(*commit->places));
	commit->next = 0;
	for (uint32_t i = 0; commit->places != NULL && i < count; i++)
		commit->places[i] = commit_find_running(commit, commit->all, i);
	return commit->places == NULL ? -ENOMEM : 0;
}

static int plan_backends(struct commit *commit, struct registry_plan *out)
{
	uint32_t count = commit->all->backend_count;
	uint32_t *known = calloc((size_t)count + 1, sizeof(*known));
	int rc = known == NULL ? -ENOMEM : find_before(commit);

	for (uint32_t i = 0; rc == 0 && i < count; i++)
		known[i] = commit->places[i] == EDITION_NONE
				   ? REGISTRY_NONE
				   : edition_index(commit->running, commit->places[i]);
	if (rc == 0)
		rc = registry_plan(commit->backend_registry, count, known, out);
	free(known);
	return rc;
}

static int plan_services(const struct commit *commit, struct registry_plan *out)
{
	uint32_t count = commit->config->service_count;
	uint32_t *known = calloc((size_t)count + 1, sizeof(*known));
	int rc = known == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++)
		known[i] =
			registry_find(commit->service_registry, commit->config->services[i].name);
	if (rc == 0)
		rc = registry_plan(commit->service_registry, count, known, out);
	free(known);
	return rc;
}

int commit_plan(struct commit *commit)
{
	int rc;

	// Those that are leaving make room.
	if (commit->all->backend_count > commit->backend_registry->capacity &&
		commit->all != commit->config) {
		config_free(commit->all);
		commit->all = commit->config;
	}
	rc = plan_backends(commit, &commit->backend_plan);
	if (rc == -ENOSPC)
		return error_set(&commit->err, ENOSPC,
			"%u backends are more than the daemon has room for; 'backends_max' in its file is %u",
			commit->config->backend_count, commit->backend_registry->capacity);
	if (rc == 0)
		rc = plan_services(commit, &commit->service_plan);
	if (rc == -ENOSPC)
		return error_set(&commit->err, ENOSPC,
			"%u services are more than the daemon has room for; 'services_max' in its file is %u",
			commit->config->service_count, commit->service_registry->capacity);
	return rc == 0 ? 0 : error_set(&commit->err, -rc, "out of memory");
}
