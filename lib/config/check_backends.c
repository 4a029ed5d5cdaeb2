// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>

#include <stdlib.h>
#include <string.h>

static int by_address(const void *left, const void *right, void *context)
{
	const struct config_backend *backends = ((struct check *)context)->config->backends;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = addr_compare(&backends[a].address, &backends[b].address);

	return order != 0 ? order : check_compare(a, b);
}

// 'group' is one pool's backends.
static void check_addresses(struct check *check, uint32_t *group, uint32_t count)
{
	const struct config_backend *backends = check->config->backends;
	char address[ADDR_TEXT_SIZE], line[CHECK_LINE_SIZE];
	uint32_t first = 0;

	qsort_r(group, count, sizeof(*group), by_address, check);
	for (uint32_t i = 1; i < count; i++) {
		const struct config_backend *backend = &backends[group[i]];

		if (!addr_equal(&backend->address, &backends[group[first]].address)) {
			first = i;
			continue;
		}
		if (backend->address.family == ADDR_NONE)
			continue; // the loader has said so
		check_fail(check, RECORD_BACKEND, group[i], "address",
			": address %s is that of backend '%s'%s: each needs its own",
			addr_format(&backend->address, address, sizeof(address)),
			backends[group[first]].name,
			check_line(check, "", RECORD_BACKEND, group[first], "address", line));
	}
}

// Where the pool names no port, its services are asked about on their own ones; which of them this
// backend's would stand for is nowhere said.
static void check_probe_ports(struct check *check)
{
	const struct config *config = check->config;

	for (uint32_t i = 0; i < config->backend_count; i++) {
		const struct config_backend *backend = &config->backends[i];

		if (backend->health.port != 0 && !check_is_faulty(check, RECORD_BACKEND, i) &&
			config->pools[backend->pool_index].health.port == 0)
			check_fail(check, RECORD_BACKEND, i, "health.port",
				": health: port %u needs a health.port in pool '%s': it takes the place of that one",
				backend->health.port, backend->pool);
	}
}

// The pool's index for each backend. They mostly come pool by pool, so the last one is tried first.
static void find_pools(struct check *check)
{
	struct config *config = check->config;
	uint32_t pool = CHECK_NONE;

	for (uint32_t i = 0; i < config->backend_count; i++) {
		struct config_backend *backend = &config->backends[i];

		if (pool == CHECK_NONE || strcmp(config->pools[pool].name, backend->pool) != 0)
			pool = check_find_pool(check, backend->pool);
		if (pool == CHECK_NONE)
			check_fail(check, RECORD_BACKEND, i, "", ": there is no pool '%s'",
				backend->pool);
		backend->pool_index = pool == CHECK_NONE ? 0 : pool;
	}
}

// A counting sort by pool, which keeps the order within each.
static void group_by_pool(struct check *check)
{
	const struct config *config = check->config;
	uint32_t *start = check->group_start;

	for (uint32_t i = 0; i < config->backend_count; i++)
		start[config->backends[i].pool_index + 1]++;
	for (uint32_t i = 0; i < config->pool_count; i++)
		start[i + 1] += start[i];
	for (uint32_t i = 0; i < config->backend_count; i++)
		check->backends_by_pool[start[config->backends[i].pool_index]++] = i;
	// Each start has become its end, which is the next one's start.
	memmove(start + 1, start, config->pool_count * sizeof(*start));
	start[0] = 0;
}

void check_backends(struct check *check)
{
	const struct config *config = check->config;

	if (config->pool_count == 0 && config->backend_count == 0)
		return;
	find_pools(check);
	if (config->pool_count == 0)
		return;
	check_probe_ports(check);
	group_by_pool(check);
	memcpy(check->scratch, check->backends_by_pool,
		config->backend_count * sizeof(*check->scratch));
	for (uint32_t i = 0; i < config->pool_count; i++) {
		uint32_t start = check->group_start[i], count = check->group_start[i + 1] - start;

		check_names(check, RECORD_BACKEND, check->scratch + start, count);
		check_addresses(check, check->scratch + start, count);
	}
}
