// SPDX-License-Identifier: BSD-3-Clause
#include "load.h"

#include "ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct load_report {
	const char *path;
	uint32_t count;
};

static void load_print_sentence(void *context, const char *sentence)
{
	struct load_report *report = context;
	bool colours = ctl_colours(STDERR_FILENO);

	report->count++;
	fprintf(stderr, "%s%s%s\n", colours ? "\033[1m" : "", sentence, colours ? "\033[0m" : "");
	load_print_excerpt(report->path, sentence);
}

int load_file(const char *path, struct config **out)
{
	struct load_report report = {.path = path};
	struct error err = {{0}};
	int code = config_load_file(path, out, load_print_sentence, &report, &err);

	if (code == 0)
		return CTL_OK;
	if (report.count == 0)
		return ctl_fail(code == -ENOMEM ? CTL_FAILED : CTL_BAD_INPUT, "%s", err.text);
	return CTL_BAD_INPUT;
}

void load_note_key(const char *path, const struct config *config)
{
	if (!config->hash_key_set)
		fprintf(stderr,
			"%s: note: no hash_key: the built-in key serves, which is no secret (128 random bits "
			"in hex: openssl rand -hex 16)\n",
			path);
}
