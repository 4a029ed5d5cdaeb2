// SPDX-License-Identifier: BSD-3-Clause
#include <running/configuration_private.h>

#include <snapshot/snapshot.h>
#include <stdlib.h>
#include <string.h>

void configuration_backend_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE])
{
	const struct config_backend *backend = &((const struct config *)config)->backends[at];
	size_t size = strlen(backend->pool);

	memcpy(name, backend->pool, size);
	name[size] = '/';
	memcpy(name + size + 1, backend->name, strlen(backend->name) + 1);
}

void configuration_service_name(const void *config, uint32_t at, char name[REGISTRY_NAME_SIZE])
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
static void group_half_open(struct configuration *configuration)
{
	const struct config *config = configuration->config;
	uint32_t *start = configuration->half_open_start;

	for (uint32_t i = 0; i < config->service_count; i++)
		start[config->services[i].pool_index] += is_half_open(config, i);
	for (uint32_t p = 1; p <= config->pool_count; p++)
		start[p] += start[p - 1];
	for (uint32_t i = config->service_count; i-- > 0;) {
		if (is_half_open(config, i))
			configuration->half_open[--start[config->services[i].pool_index]] = i;
	}
}

static void number(struct configuration *configuration, const struct registry_plan *backends,
	const struct registry_plan *services)
{
	for (uint32_t i = 0; i < configuration->capacity; i++)
		configuration->places[i] = CONFIGURATION_NONE;
	for (uint32_t i = 0; i < backends->count; i++) {
		configuration->backends[i] =
			backend_reference(backends->indexes[i], backends->generations[i]);
		configuration->places[backends->indexes[i]] = i;
	}
	for (uint32_t i = 0; i < configuration->service_end; i++)
		configuration->service_places[i] = CONFIGURATION_NONE;
	for (uint32_t i = 0; i < services->count; i++) {
		configuration->services[i] = (uint16_t)services->indexes[i];
		configuration->service_places[services->indexes[i]] = i;
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

static void sort_services(struct configuration *configuration)
{
	const struct config *config = configuration->config;

	for (uint32_t i = 0; i < config->service_count; i++)
		configuration->services_by_vip[i] = i;
	qsort_r(configuration->services_by_vip, config->service_count, sizeof(uint32_t), by_vip,
		config->services);
}

struct configuration *configuration_new(struct config *config, struct config *written,
	const struct registry_plan *backends, const struct registry_plan *services,
	uint32_t capacity, const struct configuration *before)
{
	struct configuration *configuration = calloc(1, sizeof(*configuration));

	if (configuration == NULL)
		return NULL;
	configuration->capacity = capacity;
	configuration->backends =
		calloc((size_t)backends->count + 1, sizeof(*configuration->backends));
	configuration->services =
		calloc((size_t)services->count + 1, sizeof(*configuration->services));
	configuration->services_by_vip =
		calloc((size_t)services->count + 1, sizeof(*configuration->services_by_vip));
	configuration->places = calloc(capacity, sizeof(*configuration->places));
	configuration->service_end = end_of(services);
	configuration->service_places = calloc(
		(size_t)configuration->service_end + 1, sizeof(*configuration->service_places));
	configuration->half_open_start =
		calloc((size_t)config->pool_count + 1, sizeof(*configuration->half_open_start));
	configuration->half_open =
		calloc((size_t)config->service_count + 1, sizeof(*configuration->half_open));
	if (configuration->backends == NULL || configuration->services == NULL ||
		configuration->places == NULL || configuration->service_places == NULL ||
		configuration->services_by_vip == NULL || configuration->half_open_start == NULL ||
		configuration->half_open == NULL) {
		configuration_free(configuration);
		return NULL;
	}
	number(configuration, backends, services);
	if (configuration_find_probes(configuration, config, before) != 0) {
		configuration_free(configuration);
		return NULL;
	}
	configuration->config = config;
	configuration->written = written;
	sort_services(configuration);
	group_half_open(configuration);
	return configuration;
}

void configuration_free(struct configuration *configuration)
{
	if (configuration == NULL)
		return;
	configuration_forget_probes(configuration);
	if (configuration->written != configuration->config)
		config_free(configuration->written);
	config_free(configuration->config);
	free(configuration->backends);
	free(configuration->services);
	free(configuration->services_by_vip);
	free(configuration->places);
	free(configuration->service_places);
	free(configuration->half_open_start);
	free(configuration->half_open);
	free(configuration);
}

uint32_t configuration_index(const struct configuration *configuration, uint32_t at)
{
	return configuration->backends[at] & BACKEND_INDEX_MASK;
}

uint32_t configuration_find_backend(const struct configuration *configuration, uint32_t reference)
{
	uint32_t index = reference & BACKEND_INDEX_MASK;
	uint32_t at =
		index < configuration->capacity ? configuration->places[index] : CONFIGURATION_NONE;

	return at != CONFIGURATION_NONE && configuration->backends[at] == reference
		       ? at
		       : CONFIGURATION_NONE;
}

uint32_t configuration_find_service(const struct configuration *configuration, uint32_t index)
{
	return index < configuration->service_end ? configuration->service_places[index]
						  : CONFIGURATION_NONE;
}
