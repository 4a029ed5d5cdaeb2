// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <config/config_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t find_pool(const struct config *config, const char *name)
{
	const struct config_pool *pool = config_find_pool(config, name);

	return pool == NULL ? UINT32_MAX : (uint32_t)(pool - config->pools);
}

// The pool of a backend that leaves, which may leave with it.
static int add_pool(struct config *config, const struct config_pool *pool, uint32_t *index)
{
	struct config_pool record = *pool;

	*index = find_pool(config, pool->name);
	if (*index != UINT32_MAX)
		return 0;
	*index = config->pool_count;
	record.backend_count = 0;
	return config_add_pool(config, &record);
}

static int add_backend(
	struct config *config, const struct config *from, const struct config_backend *backend)
{
	struct config_backend record = *backend;
	int rc = add_pool(config, &from->pools[backend->pool_index], &record.pool_index);

	record.state = CONFIG_STATE_LEAVING;
	return rc != 0 ? rc : config_add_backend(config, &record);
}

// Puts each pool's backends together again, those that leave behind the others.
static int regroup(struct config *config)
{
	struct config_backend *grouped = config_backend_array(config->backend_count);
	uint32_t *next = calloc((size_t)config->pool_count + 1, sizeof(*next));

	if (grouped == NULL || next == NULL) {
		free(grouped);
		free(next);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < config->backend_count; i++)
		next[config->backends[i].pool_index + 1]++;
	for (uint32_t i = 0; i < config->pool_count; i++) {
		config->pools[i].backend_count = next[i + 1];
		next[i + 1] += next[i];
		config->pools[i].first_backend = next[i];
	}
	for (uint32_t i = 0; i < config->backend_count; i++)
		grouped[next[config->backends[i].pool_index]++] = config->backends[i];
	free(config->backends);
	config->backends = grouped;
	free(next);
	return 0;
}

int config_settle_leaving(struct config *config)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < config->backend_count; i++) {
		if (config->backends[i].state != CONFIG_STATE_DRAINING)
			continue;
		config->backends[kept] = config->backends[i];
		config->backends[kept++].state = CONFIG_STATE_LEAVING;
	}
	config->backend_count = kept;
	return regroup(config);
}

int config_write_leaving(const struct config *config, FILE *out)
{
	struct config *left = config_new();
	int rc = left == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; rc == 0 && i < config->backend_count; i++)
		if (config->backends[i].state == CONFIG_STATE_LEAVING)
			rc = add_backend(left, config, &config->backends[i]);
	if (rc == 0)
		rc = regroup(left);
	for (uint32_t i = 0; rc == 0 && i < left->backend_count; i++)
		left->backends[i].state = CONFIG_STATE_DRAINING; // what a file can say
	if (rc == 0)
		rc = config_write(left, out);
	config_free(left);
	return rc;
}

struct config *config_with_leaving(const struct config *config, const struct config *from,
	const uint32_t *leaving, uint32_t count)
{
	struct config *all = config_clone(config);
	int rc = all == NULL ? -ENOMEM : 0;

	for (uint32_t i = 0; rc == 0 && i < count; i++)
		rc = add_backend(all, from, &from->backends[leaving[i]]);
	if (rc == 0)
		rc = regroup(all);
	if (rc == 0)
		return all;
	config_free(all);
	return NULL;
}
