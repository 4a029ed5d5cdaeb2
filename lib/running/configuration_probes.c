// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <running/configuration_private.h>

#include <errno.h>
#include <snapshot/snapshot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Which probes an configuration asks for: of each pool its own, and one for each other port that
// services of it have.

// The port that a pool's backends answer on: the health section's, else that of the first service
// that uses it.
static void find_probe_ports(struct configuration *configuration, const struct config *config)
{
	for (uint32_t i = 0; i < config->pool_count; i++)
		configuration->probe_ports[i] = config->pools[i].health.port;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		uint16_t *port = &configuration->probe_ports[service->pool_index];

		if (*port == 0)
			*port = config_server_port(service);
	}
}

static const struct configuration_probes *probes_before(
	const struct configuration *before, const struct config *config, uint32_t pool)
{
	const struct config_pool *was =
		before != NULL ? config_find_pool(before->config, config->pools[pool].name) : NULL;

	return was != NULL ? before->probes[was - before->config->pools] : NULL;
}

static uint32_t find_same(
	const struct configuration_probes *probes, const struct config_probe *probe)
{
	uint32_t number = 1;

	while (probes != NULL && number < CONFIG_PROBES_MAX &&
		!(probes->list[number].port != 0 &&
			config_same_probe(&probes->list[number], probe)))
		number++;
	return probes != NULL && number < CONFIG_PROBES_MAX ? number : 0;
}

// The number by which the service went in the configuration before, where its pool is the same one;
// CONFIGURATION_NONE.
static uint32_t probes_find_service(
	const struct configuration *before, const struct config_service *service, uint16_t index)
{
	uint32_t at =
		before != NULL ? configuration_find_service(before, index) : CONFIGURATION_NONE;

	if (at == CONFIGURATION_NONE ||
		strcmp(before->config->services[at].pool, service->pool) != 0)
		return CONFIGURATION_NONE;
	return before->service_probes[at];
}

// One that nobody has, and nobody had: a number of 'had' stands for what is known of another port.
static uint32_t probes_find_free(
	const struct configuration_probes *probes, const struct configuration_probes *had)
{
	for (uint32_t number = 1; number < CONFIG_PROBES_MAX; number++) {
		if (probes->list[number].port == 0 && (had == NULL || had->list[number].port == 0))
			return number;
	}
	return 0;
}

static void probes_take(struct configuration *configuration, struct configuration_probes *probes,
	uint32_t number, const struct config_probe *probe, uint32_t service)
{
	if (number != 0 && probes->list[number].port == 0) {
		probes->list[number] = *probe;
		probes->service[number] = service;
	}
	configuration->service_probes[service] = (uint8_t)number;
}

// What was probed before first, so that nobody takes its number away.
static void number_service(struct configuration *configuration, const struct config *config,
	const struct configuration *before, uint32_t service, bool is_first_turn)
{
	const struct config_service *config_service = &config->services[service];
	uint32_t pool = config_service->pool_index;
	const struct configuration_probes *had = probes_before(before, config, pool);
	struct configuration_probes *probes = configuration->probes[pool];
	struct config_probe probe;
	uint32_t number;

	if (!config_service_probe(config, config_service, configuration->probe_ports[pool], &probe))
		return;
	number = find_same(is_first_turn ? had : probes, &probe);
	if (number == 0 && !is_first_turn) {
		uint32_t was = probes_find_service(
			before, config_service, configuration->services[service]);
		bool goes_over =
			was != CONFIGURATION_NONE && was != 0 && probes->list[was].port == 0;

		number = goes_over ? was : probes_find_free(probes, had);
		probes->heirs |= (uint16_t)(was == 0 ? 1u << number : 0);
	}
	if (number != 0)
		probes_take(configuration, probes, number, &probe, service);
}

static int allocate_probes(struct configuration *configuration, const struct config *config)
{
	configuration->probe_ports = calloc((size_t)config->pool_count + 1, sizeof(uint16_t));
	configuration->probes =
		calloc((size_t)config->pool_count + 1, sizeof(*configuration->probes));
	configuration->service_probes = calloc((size_t)config->service_count + 1, sizeof(uint8_t));
	if (configuration->probe_ports == NULL || configuration->probes == NULL ||
		configuration->service_probes == NULL)
		return -ENOMEM;
	find_probe_ports(configuration, config);
	configuration->probe_pools = config->pool_count;
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];
		struct configuration_probes **probes = &configuration->probes[service->pool_index];
		struct config_probe probe;

		if (*probes != NULL ||
			!config_service_probe(config, service,
				configuration->probe_ports[service->pool_index], &probe))
			continue;
		*probes = calloc(1, sizeof(**probes));
		if (*probes == NULL)
			return -ENOMEM;
		memset((*probes)->service, 0xff, sizeof((*probes)->service));
	}
	return 0;
}

int configuration_find_probes(struct configuration *configuration, const struct config *config,
	const struct configuration *before)
{
	int rc = allocate_probes(configuration, config);

	for (uint32_t turn = 0; turn < 2 && rc == 0; turn++) {
		for (uint32_t i = 0; i < config->service_count; i++) {
			if (configuration->probes[config->services[i].pool_index] != NULL)
				number_service(configuration, config, before, i, turn == 0);
		}
	}
	// The pool's own, where a service goes by it.
	for (uint32_t i = 0; i < config->service_count && rc == 0; i++) {
		struct configuration_probes *probes =
			configuration->probes[config->services[i].pool_index];

		if (probes != NULL && configuration->service_probes[i] == 0 &&
			probes->service[0] == CONFIGURATION_NONE)
			probes->service[0] = i;
	}
	return rc;
}

void configuration_forget_probes(struct configuration *configuration)
{
	for (uint32_t i = 0; configuration->probes != NULL && i < configuration->probe_pools; i++)
		free(configuration->probes[i]);
	free(configuration->probes);
	free(configuration->probe_ports);
	free(configuration->service_probes);
}

static const struct config_pool *pool_of(const struct configuration *configuration, uint32_t at)
{
	return &configuration->config->pools[configuration->config->backends[at].pool_index];
}

const struct configuration_probes *configuration_probes(
	const struct configuration *configuration, uint32_t at)
{
	return configuration->probes[configuration->config->backends[at].pool_index];
}

bool configuration_is_unprobed(const struct configuration *configuration, uint32_t at)
{
	const struct config_health *health = &pool_of(configuration, at)->health;

	return health->type == CONFIG_PROBE_NONE && health->via == CONFIG_VIA_KERNEL;
}

// What the pool's own probe asks of this backend.
static uint16_t own_port(const struct configuration *configuration, uint32_t at)
{
	const struct config_backend *backend = &configuration->config->backends[at];

	return backend->health.port != 0 ? backend->health.port
					 : configuration->probe_ports[backend->pool_index];
}

// Port 0: there is none of that number.
static struct config_probe probe_of(
	const struct configuration *configuration, uint32_t at, uint32_t probe)
{
	const struct configuration_probes *probes = configuration_probes(configuration, at);

	if (probe == 0 && !configuration_is_unprobed(configuration, at))
		return (struct config_probe){
			&pool_of(configuration, at)->health, own_port(configuration, at), false};
	return probe != 0 && probes != NULL ? probes->list[probe] : (struct config_probe){0};
}

bool configuration_is_probed(const struct configuration *configuration, uint32_t at, uint32_t probe)
{
	return probe_of(configuration, at, probe).port != 0;
}

uint32_t configuration_count_probes(const struct configuration *configuration)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < configuration->config->pool_count; i++)
		count += configuration->config->pools[i].backend_count *
			 (configuration->probes[i] != NULL ? CONFIG_PROBES_MAX : 1);
	return count;
}

void configuration_target(const struct configuration *configuration, uint32_t at, uint32_t probe,
	struct health_target *out)
{
	const struct config_probe asked = probe_of(configuration, at, probe);

	*out = (struct health_target){
		configuration_target_id(configuration_index(configuration, at), probe),
		configuration->config->backends[at].address, asked.port, {0}, ""};
	config_probe_policy(&asked, &out->policy);
	memcpy(out->group, configuration->config->backends[at].pool, sizeof(out->group));
	// The one through the path asks all services at once, beside the pool's own.
	if (probe != 0)
		out->policy.via = CONFIG_VIA_KERNEL;
}

bool configuration_same_target(const struct configuration *a, uint32_t at_a,
	const struct configuration *b, uint32_t at_b, uint32_t probe)
{
	const struct config_probe of_a = probe_of(a, at_a, probe), of_b = probe_of(b, at_b, probe);

	return addr_equal(&a->config->backends[at_a].address, &b->config->backends[at_b].address) &&
	       config_same_probe(&of_a, &of_b);
}

// Which services go by a probe: "service ssh, git".
static const char *probes_name_services(
	const struct configuration *running, uint32_t at, uint32_t probe, char *text, size_t size)
{
	const struct config_backend *backend = &running->config->backends[at];
	size_t used = 0;

	snprintf(text, size, "no service");
	for (uint32_t i = 0; i < running->config->service_count && used + 1 < size; i++) {
		if (running->config->services[i].pool_index != backend->pool_index ||
			running->service_probes[i] != probe)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s",
			used == 0 ? "service " : ", ", running->config->services[i].name);
	}
	return text;
}

const char *configuration_probe_name(const struct configuration *configuration, uint32_t at,
	uint32_t probe, char *text, size_t size)
{
	struct health_target target;
	char services[96];

	configuration_target(configuration, at, probe, &target);
	snprintf(text, size, "port %u (%s)", target.port,
		probes_name_services(configuration, at, probe, services, sizeof(services)));
	return text;
}
