// SPDX-License-Identifier: BSD-3-Clause
#include <config/check.h>
#include <config/config.h>
#include <config/config_private.h>
#include <config/endpoint.h>
#include <config/schema.h>
#include <config/value.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 16u

// Arrays hold a power of two, so that their room follows from their count.
static size_t room_for(uint32_t count)
{
	size_t room = ROOM_MIN;

	while (room < count)
		room *= 2;
	return room;
}

struct config *config_new(void)
{
	return calloc(1, sizeof(struct config));
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	free(config->services);
	free(config->pools);
	free(config->backends);
	explicit_bzero(config->hash_key, sizeof(config->hash_key));
	free(config);
}

// NULL for none, or without memory.
static void *copy_array(const void *from, uint32_t count, size_t size)
{
	void *copy = count == 0 ? NULL : calloc(room_for(count), size);

	if (copy != NULL)
		memcpy(copy, from, count * size);
	return copy;
}

struct config *config_clone(const struct config *config)
{
	struct config *clone = config_new();

	if (clone == NULL)
		return NULL;
	*clone = *config;
	clone->services =
		copy_array(config->services, config->service_count, sizeof(*config->services));
	clone->pools = copy_array(config->pools, config->pool_count, sizeof(*config->pools));
	clone->backends =
		copy_array(config->backends, config->backend_count, sizeof(*config->backends));
	if ((clone->services == NULL && clone->service_count > 0) ||
		(clone->pools == NULL && clone->pool_count > 0) ||
		(clone->backends == NULL && clone->backend_count > 0)) {
		config_free(clone);
		return NULL;
	}
	return clone;
}

struct config_backend *config_backend_array(uint32_t count)
{
	return calloc(room_for(count), sizeof(struct config_backend));
}

// Appends a record to '*array', which may move.
static int append(void *array, uint32_t *count, uint32_t limit, const void *record, size_t size)
{
	void *records;

	memcpy(&records, array, sizeof(records));
	if (*count == limit)
		return -E2BIG;
	if (*count == 0 || *count == room_for(*count)) {
		records = realloc(records, room_for(*count + 1) * size);
		if (records == NULL)
			return -ENOMEM;
		memcpy(array, &records, sizeof(records));
	}
	memcpy((uint8_t *)records + *count * size, record, size);
	(*count)++;
	return 0;
}

int config_add_service(struct config *config, const struct config_service *service)
{
	return append(&config->services, &config->service_count, CONFIG_SERVICES_MAX, service,
		sizeof(*service));
}

int config_add_pool(struct config *config, const struct config_pool *pool)
{
	return append(&config->pools, &config->pool_count, CONFIG_POOLS_MAX, pool, sizeof(*pool));
}

int config_add_backend(struct config *config, const struct config_backend *backend)
{
	return append(&config->backends, &config->backend_count, CONFIG_BACKENDS_MAX, backend,
		sizeof(*backend));
}

int config_finish(struct config *config, struct error *err)
{
	struct findings findings = {0};
	int told, rc = check_finish(config, NULL, &findings);

	if (!config->hash_key_set)
		memset(config->hash_key, 0, sizeof(config->hash_key));
	told = findings_close(&findings, NULL, NULL, err);
	if (rc == -ENOMEM || told == -ENOMEM)
		return error_set(err, ENOMEM, "out of memory");
	return rc;
}

const struct config_pool *config_find_pool(const struct config *config, const char *name)
{
	for (uint32_t i = 0; i < config->pool_count; i++) {
		if (strcmp(config->pools[i].name, name) == 0)
			return &config->pools[i];
	}
	return NULL;
}

static int find_in_pool(
	const struct config *config, const char *name, size_t pool_size, uint32_t *out)
{
	for (uint32_t i = 0; i < config->pool_count; i++) {
		const struct config_pool *pool = &config->pools[i];

		if (strlen(pool->name) != pool_size || memcmp(pool->name, name, pool_size) != 0)
			continue;
		for (uint32_t j = 0; j < pool->backend_count; j++) {
			*out = pool->first_backend + j;
			if (strcmp(config->backends[*out].name, name + pool_size + 1) == 0)
				return 0;
		}
	}
	return -ENOENT;
}

int config_find_backend(
	const struct config *config, const char *name, uint32_t *out, struct error *err)
{
	const char *slash = strchr(name, '/');
	char quoted[80];
	uint32_t found = UINT32_MAX;

	value_quote(name, quoted, sizeof(quoted));
	if (slash != NULL) {
		if (find_in_pool(config, name, (size_t)(slash - name), out) == 0)
			return 0;
		return error_set(err, ENOENT, "there is no backend %s", quoted);
	}
	for (uint32_t i = 0; i < config->backend_count; i++) {
		if (strcmp(config->backends[i].name, name) != 0)
			continue;
		if (found != UINT32_MAX)
			return error_set(err, EEXIST,
				"several pools have a backend %s: say %s/%s or %s/%s", quoted,
				config->backends[found].pool, config->backends[i].name,
				config->backends[i].pool, config->backends[i].name);
		found = i;
	}
	if (found == UINT32_MAX)
		return error_set(err, ENOENT, "there is no backend %s", quoted);
	*out = found;
	return 0;
}

const struct prefix *config_outer_source(const struct config_pool *pool, uint8_t family)
{
	for (uint32_t i = 0; i < pool->outer_source_count; i++)
		if (pool->outer_source[i].address.family == family)
			return &pool->outer_source[i];
	return NULL;
}

uint16_t config_half_open_port(const struct config_service *service, const struct config_pool *pool)
{
	uint16_t port = pool->health.port;

	if (!config_has_protocol(service, CONFIG_TCP))
		return 0;
	if (config_has_single_port(service))
		return service->ports[0][0];
	return config_has_port(service, port) ? port : 0;
}

const char *config_state_name(enum config_backend_state state)
{
	const struct schema_key *key = schema_find(&schema_backend, "state");

	if (state == CONFIG_STATE_LEAVING)
		return "leaving"; // of no file

	for (const struct schema_word *word = key->words; word->text != NULL; word++) {
		if (word->value == (uint64_t)state)
			return word->text;
	}
	return "unset";
}
