// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as records, as the channel's peer may send them. What is taken must be usable by index, and
// must survive being written and read.
#include <config/config.h>

#include "fuzz.h"

#include <string.h>

// A byte that says which kind, and a record's bytes, as many as there are.
static struct config *read_records(const uint8_t *data, size_t size)
{
	struct config *config = config_new();

	while (size > 0) {
		union {
			struct config_service service;
			struct config_pool pool;
			struct config_backend backend;
		} record;
		uint8_t kind = data[0] % 3;
		size_t wanted = kind == 0   ? sizeof(record.service)
				: kind == 1 ? sizeof(record.pool)
					    : sizeof(record.backend);
		size_t there = size - 1 < wanted ? size - 1 : wanted;

		memset(&record, 0, sizeof(record));
		memcpy(&record, data + 1, there);
		if (kind == 0)
			config_add_service(config, &record.service);
		else if (kind == 1)
			config_add_pool(config, &record.pool);
		else
			config_add_backend(config, &record.backend);
		data += 1 + there;
		size -= 1 + there;
	}
	return config;
}

static void check_usable(const struct config *config)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		FUZZ_ASSERT(service->pool_index < config->pool_count);
		FUZZ_ASSERT(strcmp(service->pool, config->pools[service->pool_index].name) == 0);
	}
	for (uint32_t i = 0; i < config->pool_count; i++) {
		FUZZ_ASSERT(config->pools[i].first_backend == at);
		for (uint32_t j = 0; j < config->pools[i].backend_count; j++, at++) {
			FUZZ_ASSERT(config->backends[at].pool_index == i);
			FUZZ_ASSERT(strcmp(config->backends[at].pool, config->pools[i].name) == 0);
		}
	}
	FUZZ_ASSERT(at == config->backend_count);
}

static void check_again(const struct config *config)
{
	struct config *again = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	FUZZ_ASSERT(out != NULL && config_write(config, out) == 0);
	fclose(out);
	FUZZ_ASSERT(config_load_text("again", text, size, &again, NULL, NULL, NULL) == 0);
	FUZZ_ASSERT(config_diff(config, again, NULL, NULL) == 0);
	config_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = read_records(data, size);

	if (config_finish(config, NULL) == 0) {
		check_usable(config);
		check_again(config);
	}
	config_free(config);
	return 0;
}
