// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>
#include <config/endpoint.h>
#include <config/suggest.h>

#include <string.h>

// What holds between services, pools and backends.

// DSR hands on the packet as it is: a backend must speak the VIP's family.
static void check_families(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];
	uint32_t pool = service->pool_index;
	char address[ADDR_TEXT_SIZE], vip[ADDR_TEXT_SIZE], line[CHECK_LINE_SIZE];

	if (service->forwarding != CONFIG_DSR || check->config->pool_count == 0 ||
		check_find_pool(check, service->pool) == CHECK_NONE)
		return;
	for (uint32_t i = check->group_start[pool]; i < check->group_start[pool + 1]; i++) {
		uint32_t at = check->backends_by_pool[i];
		const struct config_backend *backend = &check->config->backends[at];

		if (backend->address.family == service->vip.family ||
			check_is_faulty(check, RECORD_BACKEND, at))
			continue;
		check_fail(check, RECORD_SERVICE, index, "forwarding",
			": dsr needs backends of the VIP's family: the VIP is %s, and backend '%s/%s' has %s%s",
			addr_format(&service->vip, vip, sizeof(vip)), backend->pool, backend->name,
			addr_format(&backend->address, address, sizeof(address)),
			check_line(check, "", RECORD_BACKEND, at, "address", line));
		return; // one is enough
	}
}

static int compare_vip(const struct check *check, const void *key, uint32_t index)
{
	return addr_compare(key, &check->config->services[index].vip);
}

static void check_vip_is_no_backend(struct check *check, uint32_t index)
{
	const struct config *config = check->config;
	const struct config_backend *backend = &config->backends[index];
	char address[ADDR_TEXT_SIZE], line[CHECK_LINE_SIZE];
	uint32_t found;

	if (check_is_faulty(check, RECORD_BACKEND, index))
		return;
	found = check_search(check, check->services_by_vip, config->service_count,
		&backend->address, compare_vip);
	if (found == CHECK_NONE || check_is_faulty(check, RECORD_SERVICE, found))
		return;
	check_fail(check, RECORD_BACKEND, index, "address",
		": %s is the VIP of service '%s'%s: give the backend's own address",
		addr_format(&backend->address, address, sizeof(address)),
		config->services[found].name,
		check_line(check, "", RECORD_SERVICE, found, "vip", line));
}

// A probe without a port of its own asks the service's, which must be one.
static void check_probe_port(struct check *check, uint32_t index)
{
	const struct config_pool *pool = &check->config->pools[index];
	const struct config_service *service;
	char line[CHECK_LINE_SIZE];

	if (pool->health.type == CONFIG_PROBE_NONE || pool->health.port != 0 ||
		check->first_service[index] == CHECK_NONE ||
		check_is_faulty(check, RECORD_POOL, index) ||
		check_is_faulty(check, RECORD_SERVICE, check->first_service[index]))
		return;
	service = &check->config->services[check->first_service[index]];
	if (config_has_single_port(service))
		return;
	check_fail(check, RECORD_POOL, index, "health",
		": health: port is missing: service '%s'%s has several ports, so say which one to probe",
		service->name,
		check_line(check, "", RECORD_SERVICE, check->first_service[index], "name", line));
}

// A probe through the path opens a TCP connection half.
static void check_half_open(struct check *check, uint32_t index)
{
	const struct config_pool *pool = &check->config->pools[index];
	const struct config_service *service;
	char line[CHECK_LINE_SIZE];

	if (pool->health.via != CONFIG_VIA_FORWARDING ||
		check->first_service[index] == CHECK_NONE ||
		check->first_half_open[index] != CHECK_NONE ||
		check_is_faulty(check, RECORD_POOL, index) ||
		check_is_faulty(check, RECORD_SERVICE, check->first_service[index]))
		return;
	service = &check->config->services[check->first_service[index]];
	check_fail(check, RECORD_POOL, index, "health.via",
		": health: via: forwarding opens a TCP connection half, and no service of the pool has %s: see '%s'%s",
		!config_has_protocol(service, CONFIG_TCP)
			? "TCP"
			: "one TCP port or, among several, the one that health.port names",
		service->name,
		check_line(check, "", RECORD_SERVICE, check->first_service[index], "name", line));
}

static void check_source_families(struct check *check, uint32_t index)
{
	const struct config_pool *pool = &check->config->pools[index];
	char line[CHECK_LINE_SIZE];

	if (pool->outer_source_count == 0)
		return;
	for (uint32_t i = check->group_start[index]; i < check->group_start[index + 1]; i++) {
		uint32_t at = check->backends_by_pool[i];
		const struct config_backend *backend = &check->config->backends[at];

		if (config_outer_source(pool, backend->address.family) != NULL ||
			check_is_faulty(check, RECORD_BACKEND, at))
			continue;
		check_fail(check, RECORD_POOL, index, "outer_source",
			": outer_source has no prefix of %s, which '%s'%s has: give one of each family",
			backend->address.family == ADDR_IPV4 ? "IPv4" : "IPv6", backend->name,
			check_line(check, "", RECORD_BACKEND, at, "address", line));
		return;
	}
}

static bool has_zone(const struct check *check, uint32_t pool, const char *zone)
{
	for (uint32_t i = check->group_start[pool]; i < check->group_start[pool + 1]; i++) {
		uint32_t at = check->backends_by_pool[i];

		if (strcmp(check->config->backends[at].zone, zone) == 0 ||
			check_is_faulty(check, RECORD_BACKEND, at))
			return true;
	}
	return false;
}

static void zone_is_missing(struct check *check, uint32_t index, const char *zone)
{
	const struct config_service *service = &check->config->services[index];
	struct suggest suggest = suggest_for(zone);

	for (uint32_t i = check->group_start[service->pool_index];
		i < check->group_start[service->pool_index + 1]; i++)
		suggest_offer(&suggest, check->config->backends[check->backends_by_pool[i]].zone);
	if (suggest.best != NULL)
		check_fail(check, RECORD_SERVICE, index, "prefer",
			": prefer: no backend of pool '%s' is in zone '%s': did you mean '%s'?",
			service->pool, zone, suggest.best);
	else
		check_fail(check, RECORD_SERVICE, index, "prefer",
			": prefer: no backend of pool '%s' is in zone '%s'", service->pool, zone);
}

// A zone that is misspelt would send everything to the others. A pool may have no backends yet.
static void check_zones(struct check *check, uint32_t index)
{
	const struct config_service *service = &check->config->services[index];
	uint32_t pool = service->pool_index;

	for (uint32_t i = 0; i < service->prefer_count; i++) {
		const char *zone = service->prefer[i];
		uint32_t twin = 0;

		while (twin < i && strcmp(service->prefer[twin], zone) != 0)
			twin++;
		if (twin < i)
			check_fail(check, RECORD_SERVICE, index, "prefer",
				": prefer: zone '%s' is named twice", zone);
		else if (check->config->pool_count > 0 &&
			 check_find_pool(check, service->pool) != CHECK_NONE &&
			 check->group_start[pool] < check->group_start[pool + 1] &&
			 !has_zone(check, pool, zone))
			zone_is_missing(check, index, zone);
	}
}

void check_across(struct check *check)
{
	for (uint32_t i = 0; i < check->config->service_count; i++) {
		if (check_is_faulty(check, RECORD_SERVICE, i))
			continue;
		check_families(check, i);
		check_zones(check, i);
	}
	for (uint32_t i = 0; i < check->config->pool_count; i++) {
		check_probe_port(check, i);
		check_half_open(check, i);
		check_source_families(check, i);
	}
	for (uint32_t i = 0; i < check->config->backend_count; i++)
		check_vip_is_no_backend(check, i);
}
