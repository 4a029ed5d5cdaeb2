// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>

#include <string.h>

// At least one address has to be drawn, and the last 32 bits are what is drawn.
static void check_outer_source(struct check *check, uint32_t index, const struct prefix *prefix)
{
	uint8_t longest = prefix->address.family == ADDR_IPV4 ? 31 : 127;
	uint8_t shortest = prefix->address.family == ADDR_IPV4 ? 8 : 96;

	if (prefix->address.family != ADDR_NONE &&
		(prefix->bits < shortest || prefix->bits > longest))
		check_fail(check, RECORD_POOL, index, "outer_source",
			": outer_source must be of %u to %u bits, not %u", shortest, longest,
			prefix->bits);
}

static void check_outer_sources(struct check *check, uint32_t index)
{
	const struct config_pool *pool = &check->config->pools[index];
	uint8_t family = pool->outer_source[0].address.family;

	for (uint32_t i = 0; i < pool->outer_source_count; i++)
		check_outer_source(check, index, &pool->outer_source[i]);
	if (pool->outer_source_count == 2 && pool->outer_source[1].address.family == family)
		check_fail(check, RECORD_POOL, index, "outer_source",
			": outer_source has two prefixes of %s: give one of each family",
			family == ADDR_IPV4 ? "IPv4" : "IPv6");
}

void check_pools(struct check *check)
{
	check_list_all(check->pools_by_name, check->config->pool_count);
	check->pool_names_clash =
		check_names(check, RECORD_POOL, check->pools_by_name, check->config->pool_count);
	for (uint32_t i = 0; i < check->config->pool_count; i++) {
		check_health(check, i);
		check_outer_sources(check, i);
	}
}

static int compare_name(const struct check *check, const void *key, uint32_t index)
{
	return strcmp(key, check->config->pools[index].name);
}

uint32_t check_find_pool(const struct check *check, const char *name)
{
	return check_search(
		check, check->pools_by_name, check->config->pool_count, name, compare_name);
}
