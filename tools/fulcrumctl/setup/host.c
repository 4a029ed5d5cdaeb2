// SPDX-License-Identifier: BSD-3-Clause
#include "host.h"

#include <config/suggest.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_named(const struct config_backend *backend, const char *name)
{
	char whole[2 * CONFIG_NAME_SIZE + 1];

	snprintf(whole, sizeof(whole), "%s/%s", backend->pool, backend->name);
	return strcmp(name, backend->name) == 0 || strcmp(name, whole) == 0;
}

static int fail_unknown(const struct config *config, const char *name, struct error *err)
{
	struct suggest suggest = suggest_for(name);

	for (uint32_t i = 0; i < config->backend_count; i++)
		suggest_offer(&suggest, config->backends[i].name);
	if (suggest.best != NULL)
		return error_set(err, ENOENT, "there is no backend '%s': did you mean '%s'?", name,
			suggest.best);
	return error_set(err, ENOENT, "there is no backend '%s'", name);
}

// One host may have an address of each family, in different pools.
static int find_addresses(
	const struct config *config, const char *name, struct setup_host *host, struct error *err)
{
	for (uint32_t i = 0; i < config->backend_count; i++) {
		const struct config_backend *backend = &config->backends[i];
		struct addr *address =
			backend->address.family == ADDR_IPV4 ? &host->ipv4 : &host->ipv6;
		char one[ADDR_TEXT_SIZE], other[ADDR_TEXT_SIZE];

		if (!is_named(backend, name))
			continue;
		if (address->family != ADDR_NONE && !addr_equal(address, &backend->address))
			return error_set(err, EEXIST,
				"backends '%s' are several hosts, %s and %s: say which, such as %s/%s",
				name, addr_format(address, one, sizeof(one)),
				addr_format(&backend->address, other, sizeof(other)), backend->pool,
				backend->name);
		*address = backend->address;
	}
	if (host->ipv4.family == ADDR_NONE && host->ipv6.family == ADDR_NONE)
		return fail_unknown(config, name, err);
	return 0;
}

static bool has_address(
	const struct config *config, const struct config_pool *pool, const struct addr *address)
{
	for (uint32_t i = 0; i < pool->backend_count; i++)
		if (addr_equal(&config->backends[pool->first_backend + i].address, address))
			return true;
	return false;
}

// That way of it alone, named after it, so that what is made for it has a name of its own.
static const struct config_service *make_part(const struct config_service *service,
	struct config_endpoint endpoint, struct setup_host *host)
{
	struct config_service *part = &host->parts[host->part_count++];
	char name[CONFIG_NAME_SIZE], ports[CONFIG_PORTS_TEXT_SIZE], protocol[8];

	*part = *service;
	memset(part->ports, 0, sizeof(part->ports));
	part->ports[0][0] = endpoint.first;
	part->ports[0][1] = endpoint.last;
	part->port_count = 1;
	part->protocols[0] = endpoint.protocol;
	part->protocols[1] = 0;
	part->protocol_count = 1;
	snprintf(name, sizeof(name), "%.43s %.3s %.11s", service->name,
		config_protocols_format(part, protocol), config_ports_format(part, ports));
	memcpy(part->name, name, sizeof(part->name));
	return part;
}

static void add_use(
	const struct config *config, const struct config_service *service, struct setup_host *host)
{
	const struct config_pool *pool = &config->pools[service->pool_index];

	if (has_address(config, pool, &host->ipv4))
		host->uses[host->use_count++] = (struct setup_use){service, host->ipv4};
	if (has_address(config, pool, &host->ipv6))
		host->uses[host->use_count++] = (struct setup_use){service, host->ipv6};
}

static void add_uses(
	const struct config *config, const struct config_service *service, struct setup_host *host)
{
	uint32_t count = config_endpoint_count(service);

	if (count == 1)
		add_use(config, service, host);
	for (uint32_t i = 0; count > 1 && i < count; i++)
		add_use(config, make_part(service, config_endpoint(service, i), host), host);
}

static size_t count_endpoints(const struct config *config)
{
	size_t count = 0;

	for (uint32_t i = 0; i < config->service_count; i++)
		count += config_endpoint_count(&config->services[i]);
	return count;
}

static uint16_t target_first(const struct config_service *service)
{
	return setup_is_mapped(service) ? service->target_port : service->ports[0][0];
}

static uint16_t target_last(const struct config_service *service)
{
	return setup_is_mapped(service) ? service->target_port : service->ports[0][1];
}

// The server's reply carries the target port alone: it must lead back to one public port.
static bool are_mixed_up(const struct config_service *one, const struct config_service *other)
{
	return one != other && one->protocols[0] == other->protocols[0] &&
	       addr_equal(&one->vip, &other->vip) &&
	       (setup_is_mapped(one) || setup_is_mapped(other)) &&
	       target_first(one) <= target_last(other) && target_first(other) <= target_last(one);
}

static int check_replies(const struct setup_host *host, struct error *err)
{
	for (uint32_t i = 0; i < host->use_count; i++)
		for (uint32_t k = 0; k < i; k++) {
			const struct config_service *one = host->uses[k].service;
			const struct config_service *other = host->uses[i].service;

			if (are_mixed_up(one, other))
				return error_set(err, EINVAL,
					"services '%s' and '%s' both lead to port %u here: a reply could not "
					"tell which; let the server listen on two ports",
					one->name, other->name,
					setup_is_mapped(one) ? one->target_port
							     : other->target_port);
		}
	return 0;
}

int setup_host_find(
	const struct config *config, const char *name, struct setup_host *out, struct error *err)
{
	struct setup_host host = {.name = name};
	size_t endpoints = count_endpoints(config);
	int rc = find_addresses(config, name, &host, err);

	if (rc != 0)
		return rc;
	host.uses = calloc(2 * endpoints + 1, sizeof(*host.uses));
	host.parts = calloc(endpoints + 1, sizeof(*host.parts));
	if (host.uses == NULL || host.parts == NULL) {
		setup_host_free(&host);
		return error_set(err, ENOMEM, "out of memory");
	}
	for (uint32_t i = 0; i < config->service_count; i++)
		add_uses(config, &config->services[i], &host);
	rc = host.use_count > 0
		     ? check_replies(&host, err)
		     : error_set(err, ENOENT,
			       "no service uses a pool of backend '%s': nothing to set up", name);
	if (rc != 0) {
		setup_host_free(&host);
		return rc;
	}
	*out = host;
	return 0;
}

void setup_host_free(struct setup_host *host)
{
	free(host->uses);
	free(host->parts);
	host->uses = NULL;
	host->parts = NULL;
}
