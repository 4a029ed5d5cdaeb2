// SPDX-License-Identifier: BSD-3-Clause
#include <config/check_private.h>

#include <string.h>

// --- Pools ---

static int by_name(const void *left, const void *right, void *context)
{
	const struct config_pool *pools = ((struct check *)context)->config->pools;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int order = strcmp(pools[a].name, pools[b].name);

	return order != 0 ? order : check_compare(a, b);
}

static void check_names(struct check *check)
{
	const struct config *config = check->config;
	uint32_t *order = check->pools_by_name;
	uint32_t first = 0;

	check_sort(check, order, config->pool_count, by_name);
	for (uint32_t i = 1; i < config->pool_count; i++) {
		const char *name = config->pools[order[i]].name;
		char line[CHECK_LINE_SIZE];

		if (strcmp(name, config->pools[order[first]].name) != 0) {
			first = i;
			continue;
		}
		check->pool_names_clash = true;
		if (name[0] != '\0')
			check_fail(check, RECORD_POOL, order[i], "name", " is named twice%s",
				check_line(check, "first at ", RECORD_POOL, order[first], "name",
					line));
	}
}

// At least one address has to be drawn, and the last 32 bits are what is drawn.
static void check_outer_source(struct check *check, uint32_t index)
{
	const struct prefix *prefix = &check->config->pools[index].outer_source;
	uint8_t longest = prefix->address.family == ADDR_IPV4 ? 31 : 127;
	uint8_t shortest = prefix->address.family == ADDR_IPV4 ? 8 : 96;

	if (prefix->address.family != ADDR_NONE &&
		(prefix->bits < shortest || prefix->bits > longest))
		check_fail(check, RECORD_POOL, index, "outer_source",
			": outer_source must be of %u to %u bits, not %u", shortest, longest,
			prefix->bits);
}

void check_pools(struct check *check)
{
	check_names(check);
	for (uint32_t i = 0; i < check->config->pool_count; i++) {
		check_health(check, i);
		check_outer_source(check, i);
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
