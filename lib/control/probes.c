// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <control/edition_private.h>

#include <errno.h>
#include <snapshot/snapshot.h>
#include <stdlib.h>
#include <string.h>

// Which probes an edition asks for: of each pool its own, and one for each other port that services of it have.

// The port that a pool's backends answer on: the health section's, else that of the first service that uses it.
static void find_probe_ports(struct edition *edition, const struct config *config)
{
	for (uint32_t i = 0; i < config->pool_count; i++)
		edition->probe_ports[i] = config->pools[i].health.port;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		uint16_t *port = &edition->probe_ports[service->pool_index];

		if (*port == 0)
			*port = config_server_port(service);
	}
}

static const struct edition_probes *probes_before(
	const struct edition *before, const struct config *config, uint32_t pool)
{
	const struct config_pool *was =
		before != NULL ? config_find_pool(before->config, config->pools[pool].name) : NULL;

	return was != NULL ? before->probes[was - before->config->pools] : NULL;
}

static uint32_t find_same(const struct edition_probes *probes, const struct config_probe *probe)
{
	uint32_t number = 1;

	while (probes != NULL && number < CONFIG_PROBES_MAX &&
		!(probes->list[number].port != 0 &&
			config_same_probe(&probes->list[number], probe)))
		number++;
	return probes != NULL && number < CONFIG_PROBES_MAX ? number : 0;
}

// The number by which the service went in the edition before, where its pool is the same one; EDITION_NONE.
static uint32_t find_service(
	const struct edition *before, const struct config_service *service, uint16_t index)
{
	uint32_t at = before != NULL && index < before->service_end ? before->service_places[index]
								    : EDITION_NONE;

	if (at == EDITION_NONE || strcmp(before->config->services[at].pool, service->pool) != 0)
		return EDITION_NONE;
	return before->service_probes[at];
}

// One that nobody has, and nobody had: a number of 'had' stands for what is known of another port.
static uint32_t find_free(const struct edition_probes *probes, const struct edition_probes *had)
{
	for (uint32_t number = 1; number < CONFIG_PROBES_MAX; number++) {
		if (probes->list[number].port == 0 && (had == NULL || had->list[number].port == 0))
			return number;
	}
	return 0;
}

static void take(struct edition *edition, struct edition_probes *probes, uint32_t number,
	const struct config_probe *probe, uint32_t service)
{
	if (number != 0 && probes->list[number].port == 0) {
		probes->list[number] = *probe;
		probes->service[number] = service;
	}
	edition->service_probes[service] = (uint8_t)number;
}

// What was probed before first, so that nobody takes its number away.
static void number_service(struct edition *edition, const struct config *config,
	const struct edition *before, uint32_t service, bool is_first_turn)
{
	const struct config_service *config_service = &config->services[service];
	uint32_t pool = config_service->pool_index;
	const struct edition_probes *had = probes_before(before, config, pool);
	struct edition_probes *probes = edition->probes[pool];
	struct config_probe probe;
	uint32_t number;

	if (!config_service_probe(config, config_service, edition->probe_ports[pool], &probe))
		return;
	number = find_same(is_first_turn ? had : probes, &probe);
	if (number == 0 && !is_first_turn) {
		uint32_t was = find_service(before, config_service, edition->services[service]);
		bool goes_over = was != EDITION_NONE && was != 0 && probes->list[was].port == 0;

		number = goes_over ? was : find_free(probes, had);
		probes->heirs |= (uint16_t)(was == 0 ? 1u << number : 0);
	}
	if (number != 0)
		take(edition, probes, number, &probe, service);
}

static int allocate_probes(struct edition *edition, const struct config *config)
{
	edition->probe_ports = calloc((size_t)config->pool_count + 1, sizeof(uint16_t));
	edition->probes = calloc((size_t)config->pool_count + 1, sizeof(*edition->probes));
	edition->service_probes = calloc((size_t)config->service_count + 1, sizeof(uint8_t));
	if (edition->probe_ports == NULL || edition->probes == NULL ||
		edition->service_probes == NULL)
		return -ENOMEM;
	find_probe_ports(edition, config);
	edition->probe_pools = config->pool_count;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		struct edition_probes **probes = &edition->probes[service->pool_index];
		struct config_probe probe;

		if (*probes != NULL || !config_service_probe(config, service,
					       edition->probe_ports[service->pool_index], &probe))
			continue;
		*probes = calloc(1, sizeof(**probes));
		if (*probes == NULL)
			return -ENOMEM;
		memset((*probes)->service, 0xff, sizeof((*probes)->service));
	}
	return 0;
}

int edition_find_probes(
	struct edition *edition, const struct config *config, const struct edition *before)
{
	int rc = allocate_probes(edition, config);

	for (uint32_t turn = 0; turn < 2 && rc == 0; turn++) {
		for (uint32_t i = 0; i < config->service_count; i++) {
			if (edition->probes[config->services[i].pool_index] != NULL)
				number_service(edition, config, before, i, turn == 0);
		}
	}
	// The pool's own, where a service goes by it.
	for (uint32_t i = 0; i < config->service_count && rc == 0; i++) {
		struct edition_probes *probes = edition->probes[config->services[i].pool_index];

		if (probes != NULL && edition->service_probes[i] == 0 &&
			probes->service[0] == EDITION_NONE)
			probes->service[0] = i;
	}
	return rc;
}

void edition_forget_probes(struct edition *edition)
{
	for (uint32_t i = 0; edition->probes != NULL && i < edition->probe_pools; i++)
		free(edition->probes[i]);
	free(edition->probes);
	free(edition->probe_ports);
	free(edition->service_probes);
}

static const struct config_pool *pool_of(const struct edition *edition, uint32_t at)
{
	return &edition->config->pools[edition->config->backends[at].pool_index];
}

const struct edition_probes *edition_probes(const struct edition *edition, uint32_t at)
{
	return edition->probes[edition->config->backends[at].pool_index];
}

bool edition_is_unprobed(const struct edition *edition, uint32_t at)
{
	const struct config_health *health = &pool_of(edition, at)->health;

	return health->type == CONFIG_PROBE_NONE && health->via == CONFIG_VIA_KERNEL;
}

// What the pool's own probe asks of this backend.
static uint16_t own_port(const struct edition *edition, uint32_t at)
{
	const struct config_backend *backend = &edition->config->backends[at];

	return backend->health.port != 0 ? backend->health.port
					 : edition->probe_ports[backend->pool_index];
}

// Port 0: there is none of that number.
static struct config_probe probe_of(const struct edition *edition, uint32_t at, uint32_t probe)
{
	const struct edition_probes *probes = edition_probes(edition, at);

	if (probe == 0 && !edition_is_unprobed(edition, at))
		return (struct config_probe){
			&pool_of(edition, at)->health, own_port(edition, at), false};
	return probe != 0 && probes != NULL ? probes->list[probe] : (struct config_probe){0};
}

bool edition_is_probed(const struct edition *edition, uint32_t at, uint32_t probe)
{
	return probe_of(edition, at, probe).port != 0;
}

uint32_t edition_count_probes(const struct edition *edition)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < edition->config->pool_count; i++)
		count += edition->config->pools[i].backend_count *
			 (edition->probes[i] != NULL ? CONFIG_PROBES_MAX : 1);
	return count;
}

void edition_target(
	const struct edition *edition, uint32_t at, uint32_t probe, struct health_target *out)
{
	const struct config_probe asked = probe_of(edition, at, probe);

	*out = (struct health_target){edition_target_id(edition_index(edition, at), probe),
		edition->config->backends[at].address, asked.port, {0}, ""};
	config_probe_policy(&asked, &out->policy);
	memcpy(out->group, edition->config->backends[at].pool, sizeof(out->group));
	// The one through the path asks all services at once, beside the pool's own.
	if (probe != 0)
		out->policy.via = CONFIG_VIA_KERNEL;
}

bool edition_same_target(const struct edition *a, uint32_t at_a, const struct edition *b,
	uint32_t at_b, uint32_t probe)
{
	const struct config_probe of_a = probe_of(a, at_a, probe), of_b = probe_of(b, at_b, probe);

	return addr_equal(&a->config->backends[at_a].address, &b->config->backends[at_b].address) &&
	       config_same_probe(&of_a, &of_b);
}
