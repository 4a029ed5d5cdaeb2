// SPDX-License-Identifier: BSD-3-Clause
#include <control/edition.h>

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

// The port that a pool's backends answer on: the health section's, else that of the first service that uses it.
static void find_probe_ports(struct edition *edition)
{
	const struct config *config = edition->config;

	for (uint32_t i = 0; i < config->pool_count; i++)
		edition->probe_ports[i] = config->pools[i].health.port;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		uint16_t *port = &edition->probe_ports[service->pool_index];

		if (*port == 0)
			*port = service->target_port != 0 ? service->target_port
							  : service->port_first;
	}
}

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
	uint32_t capacity)
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
	edition->probe_ports =
		calloc((size_t)config->pool_count + 1, sizeof(*edition->probe_ports));
	edition->half_open_start =
		calloc((size_t)config->pool_count + 1, sizeof(*edition->half_open_start));
	edition->half_open = calloc((size_t)config->service_count + 1, sizeof(*edition->half_open));
	if (edition->backends == NULL || edition->services == NULL || edition->places == NULL ||
		edition->service_places == NULL || edition->services_by_vip == NULL ||
		edition->probe_ports == NULL || edition->half_open_start == NULL ||
		edition->half_open == NULL) {
		edition_free(edition);
		return NULL;
	}
	edition->config = config;
	edition->written = written;
	number(edition, backends, services);
	find_probe_ports(edition);
	sort_services(edition);
	group_half_open(edition);
	return edition;
}

void edition_free(struct edition *edition)
{
	if (edition == NULL)
		return;
	if (edition->written != edition->config)
		config_free(edition->written);
	config_free(edition->config);
	free(edition->backends);
	free(edition->services);
	free(edition->services_by_vip);
	free(edition->places);
	free(edition->service_places);
	free(edition->probe_ports);
	free(edition->half_open_start);
	free(edition->half_open);
	free(edition);
}

uint32_t edition_index(const struct edition *edition, uint32_t at)
{
	return edition->backends[at] & BACKEND_INDEX_MASK;
}

static const struct config_pool *pool_of(const struct edition *edition, uint32_t at)
{
	return &edition->config->pools[edition->config->backends[at].pool_index];
}

bool edition_is_unprobed(const struct edition *edition, uint32_t at)
{
	const struct config_health *health = &pool_of(edition, at)->health;

	return health->type == CONFIG_PROBE_NONE && health->via == CONFIG_VIA_KERNEL;
}

static uint16_t port_of(const struct edition *edition, uint32_t at)
{
	return edition->probe_ports[edition->config->backends[at].pool_index];
}

bool edition_is_probed(const struct edition *edition, uint32_t at)
{
	return port_of(edition, at) != 0 && !edition_is_unprobed(edition, at) &&
	       edition->config->backends[at].state != CONFIG_STATE_LEAVING;
}

void edition_target(const struct edition *edition, uint32_t at, struct health_target *out)
{
	*out = (struct health_target){edition_index(edition, at),
		edition->config->backends[at].address, port_of(edition, at),
		pool_of(edition, at)->health, ""};
	memcpy(out->group, edition->config->backends[at].pool, sizeof(out->group));
}

bool edition_same_target(
	const struct edition *a, uint32_t at_a, const struct edition *b, uint32_t at_b)
{
	return addr_equal(&a->config->backends[at_a].address, &b->config->backends[at_b].address) &&
	       port_of(a, at_a) == port_of(b, at_b) &&
	       memcmp(&pool_of(a, at_a)->health, &pool_of(b, at_b)->health,
		       sizeof(struct config_health)) == 0;
}
