// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as a pool file and as a daemon's file. What is taken must survive being written and
// read.
#include <config/config.h>
#include <config/daemon.h>

#include "fuzz.h"

#include <string.h>

static void check_sentence(void *context, const char *sentence)
{
	(*(int *)context)++;
	FUZZ_ASSERT(strncmp(sentence, "f:", 2) == 0);
	for (; *sentence != '\0'; sentence++)
		FUZZ_ASSERT((uint8_t)*sentence >= 0x20);
}

static void check_again(const struct config *config)
{
	struct config *again = NULL;
	struct error err;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	FUZZ_ASSERT(out != NULL && config_write(config, out) == 0);
	fclose(out);
	if (config_load_text("again", text, size, &again, NULL, NULL, &err) != 0) {
		fprintf(stderr, "%s\n%s", err.text, text);
		abort();
	}
	FUZZ_ASSERT(config_diff(config, again, NULL, NULL) == 0);
	FUZZ_ASSERT(config_diff(again, config, NULL, NULL) == 0);
	FUZZ_ASSERT(config->backend_count == again->backend_count);
	config_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	struct daemon_config daemon;
	int told = 0;

	if (config_load_text("f", (const char *)data, size, &config, check_sentence, &told, NULL) ==
		0) {
		FUZZ_ASSERT(told == 0);
		check_again(config);
		FUZZ_ASSERT(config_finish(config, NULL) == 0);
		config_free(config);
	} else {
		FUZZ_ASSERT(told > 0 && config == NULL);
	}
	daemon_config_load_text("f", (const char *)data, size, &daemon, NULL);
	return 0;
}
