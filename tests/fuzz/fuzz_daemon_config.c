// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as the daemon's own file: refused with sentences and places, or taken with every rule
// kept.
#include <config/config.h>
#include <config/daemon.h>

#include "fuzz.h"

#include <string.h>

static void check_sentence(const char *text)
{
	FUZZ_ASSERT(strncmp(text, "f:", 2) == 0);
	for (; *text != '\0'; text++)
		FUZZ_ASSERT((uint8_t)*text >= 0x20 || *text == '\n');
}

static void check_taken(const struct daemon_config *config)
{
	FUZZ_ASSERT(config->worker_count > 0 && config->port_count > 0);
	for (uint32_t i = 0; i < config->worker_count; i++)
		for (uint32_t k = 0; k < i; k++)
			FUZZ_ASSERT(config->worker_cores[i] != config->worker_cores[k]);
	for (uint32_t i = 0; i < config->port_count; i++) {
		FUZZ_ASSERT(config->ports[i].name[0] != '\0' && config->ports[i].device[0] != '\0');
		for (uint32_t k = 0; k < i; k++)
			FUZZ_ASSERT(strcmp(config->ports[i].name, config->ports[k].name) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct daemon_config config;
	struct error err = {""};

	if (daemon_config_load_text("f", (const char *)data, size, &config, &err) == 0)
		check_taken(&config);
	else
		check_sentence(err.text);
	return 0;
}
