// SPDX-License-Identifier: BSD-3-Clause
// A good configuration's records with any bytes changed or added, as the channel's peer may send
// them. What is taken must be usable by index, and must survive being written and read.
#include <config/config.h>
#include <config/config_private.h>

#include "fuzz.h"

#include <string.h>

static const char *const good =
	"services:\n"
	"  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 443, target_port: 3080, pool: p}\n"
	"  - {name: t, vip: '2001:db8::1', protocol: udp, ports: any, pool: q, forwarding: dsr}\n"
	"pools:\n"
	"  - {name: p, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
	"  - {name: q, health: {port: 1}, backends: [{name: a, address: '2001:db8::a', zone: z}]}\n";

struct input {
	const uint8_t *data;
	size_t size;
};

static uint32_t take(struct input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

static uint8_t *record_at(struct config *config, uint32_t kind, uint32_t index, size_t *size)
{
	if (kind == 0) {
		*size = sizeof(*config->services);
		return (uint8_t *)&config->services[index % config->service_count];
	}
	if (kind == 1) {
		*size = sizeof(*config->pools);
		return (uint8_t *)&config->pools[index % config->pool_count];
	}
	*size = sizeof(*config->backends);
	return (uint8_t *)&config->backends[index % config->backend_count];
}

static void change(struct config *config, struct input *input, uint32_t kind)
{
	size_t size, offset;
	uint8_t *record = record_at(config, kind, take(input), &size);

	offset = take(input) << 8;
	offset |= take(input);
	record[offset % size] = (uint8_t)take(input);
}

// A copy of a record, with its beginning overwritten.
static void add(struct config *config, struct input *input, uint32_t kind)
{
	union config_record record;
	size_t size, length;
	const uint8_t *from = record_at(config, kind, take(input), &size);

	memcpy(&record, from, size);
	length = take(input);
	length = length < size ? length : size;
	length = length < input->size ? length : input->size;
	memcpy(&record, input->data, length);
	input->data += length;
	input->size -= length;
	if (kind == 0)
		config_add_service(config, &record.service);
	else if (kind == 1)
		config_add_pool(config, &record.pool);
	else
		config_add_backend(config, &record.backend);
}

static struct config *read_records(struct input *input)
{
	struct config *config = NULL;

	FUZZ_ASSERT(config_load_text("good", good, strlen(good), &config, NULL, NULL, NULL) == 0);
	while (input->size > 0) {
		uint32_t step = take(input);

		if (step & 0x80)
			add(config, input, step % 3);
		else
			change(config, input, step % 3);
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
	struct input input = {data, size};
	struct config *config = read_records(&input);

	if (config_finish(config, NULL) == 0) {
		check_usable(config);
		check_again(config);
	}
	config_free(config);
	return 0;
}
