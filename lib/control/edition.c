// SPDX-License-Identifier: BSD-3-Clause
#include <control/edition_private.h>

#include <snapshot/snapshot.h>
#include <stdlib.h>
#include <string.h>

void edition_backend_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE])
{
	const struct config_backend *backend = &((const struct config *)config)->backends[at];
	size_t size = strlen(backend->pool);

	memcpy(name, backend->pool, size);
	name[size] = '/';
	memcpy(name + size + 1, backend->name, strlen(backend->name) + 1);
}

void edition_service_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE])
{
	memcpy(name, ((const struct config *)config)->services[at].name, CONFIG_NAME_SIZE);
}

_Static_assert(2 * CONFIG_NAME_SIZE <= REGISTRY_NAME_SIZE, "two names and a slash fit");

static bool is_half_open(const struct config *config, uint32_t service)
{
	const struct config_pool *pool = &config->pools[config->services[service].pool_index];

	return pool->health.via == CONFIG_VIA_FORWARDING &&
	       config_half_open_port(&config->services[service], pool) != 0;
}

// Counted first, then put in their places from each group's end.
static void group_half_open(struct edition *edition)
{
	const struct config *config = edition->config;
	uint32_t *start = edition->half_open_start;

	for (uint32_t i = 0; i < config->service_count; i++)
		start[config->services[i].pool_index] += is_half_open(config, i);
	for (uint32_t p = 1; p <= config->pool_count; p++)
		start[p] += start[p - 1];
	for (uint32_t i = config->service_count; i-- > 0;) {
		if (is_half_open(config, i))
			edition->half_open[--start[config->services[i].pool_index]] = i;
	}
}

static void number(struct edition *edition, const struct registry_plan *backends,
	const struct registry_plan *services)
{
	for (uint32_t i = 0; i < edition->capacity; i++)
		edition->places[i] = EDITION_NONE;
	for (uint32_t i = 0; i < backends->count; i++) {
		edition->backends[i] =
			backend_reference(backends->indexes[i], backends->generations[i]);
		edition->places[backends->indexes[i]] = i;
	}
	for (uint32_t i = 0; i < edition->service_end; i++)
		edition->service_places[i] = EDITION_NONE;
	for (uint32_t i = 0; i < services->count; i++) {
		edition->services[i] = (uint16_t)services->indexes[i];
		edition->service_places[services->indexes[i]] = i;
	}
}

static uint32_t end_of(const struct registry_plan *plan)
{
	uint32_t end = 0;

	for (uint32_t i = 0; i < plan->count; i++) {
		if (plan->indexes[i] >= end)
			end = plan->indexes[i] + 1;
	}
	return end;
}

static int by_vip(const void *left, const void *right, void *services)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = addr_compare(&((const struct config_service *)services)[a].vip,
		&((const struct config_service *)services)[b].vip);

	return order != 0 ? order : a < b ? -1 : a > b;
}

static void sort_services(struct edition *edition)
{
	const struct config *config = edition->config;

	for (uint32_t i = 0; i < config->service_count; i++)
		edition->services_by_vip[i] = i;
	qsort_r(edition->services_by_vip, config->service_count, sizeof(uint32_t), by_vip,
		config->services);
}

struct edition *edition_new(struct config *config, struct config *written,
	const struct registry_plan *backends, const struct registry_plan *services,
	uint32_t capacity, const struct edition *before)
{
	struct edition *edition = calloc(1, sizeof(*edition));

	if (edition == NULL)
		return NULL;
	edition->capacity = capacity;
	edition->backends = calloc((size_t)backends->count + 1, sizeof(*edition->backends));
	edition->services = calloc((size_t)services->count + 1, sizeof(*edition->services));
	edition->services_by_vip =
		calloc((size_t)services->count + 1, sizeof(*edition->services_by_vip));
	edition->places = calloc(capacity, sizeof(*edition->places));
	edition->service_end = end_of(services);
	edition->service_places =
		calloc((size_t)edition->service_end + 1, sizeof(*edition->service_places));
	edition->half_open_start =
		calloc((size_t)config->pool_count + 1, sizeof(*edition->half_open_start));
	edition->half_open = calloc((size_t)config->service_count + 1, sizeof(*edition->half_open));
	if (edition->backends == NULL || edition->services == NULL || edition->places == NULL ||
		edition->service_places == NULL || edition->services_by_vip == NULL ||
		edition->half_open_start == NULL || edition->half_open == NULL) {
		edition_free(edition);
		return NULL;
	}
	number(edition, backends, services);
	if (edition_find_probes(edition, config, before) != 0) {
		edition_free(edition);
		return NULL;
	}
	edition->config = config;
	edition->written = written;
	sort_services(edition);
	group_half_open(edition);
	return edition;
}

void edition_free(struct edition *edition)
{
	if (edition == NULL)
		return;
	edition_forget_probes(edition);
	if (edition->written != edition->config)
		config_free(edition->written);
	config_free(edition->config);
	free(edition->backends);
	free(edition->services);
	free(edition->services_by_vip);
	free(edition->places);
	free(edition->service_places);
	free(edition->half_open_start);
	free(edition->half_open);
	free(edition);
}

uint32_t edition_index(const struct edition *edition, uint32_t at)
{
	return edition->backends[at] & BACKEND_INDEX_MASK;
}
