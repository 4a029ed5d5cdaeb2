// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "load.h"

#include <stdio.h>

static const struct argp_option options[] = {
	{"file", 'f', "FILE", 0, "The pool file; - is standard input", 0},
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	const char **file = state->input;

	switch (key) {
	case 'f':
		*file = value;
		return 0;
	case ARGP_KEY_END:
		if (*file == NULL)
			argp_error(state, "-f FILE is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {options, parse_option, "-f FILE",
	"Tells whether a pool file is right: every error with its place. Needs no daemon.\v"
	"Exit status: 0 where it is right, 2 where it is not.",
	0, 0, 0};

static void print_count(const char *before, uint32_t count, const char *noun)
{
	printf("%s%u %s%s", before, count, noun, count == 1 ? "" : "s");
}

int command_check(const struct ctl *ctl, int argc, char **argv)
{
	const char *file = NULL;
	struct config *config;
	int status;

	ctl_parse(&argp, argc, argv, &file);
	status = load_file(file, &config);
	if (status != CTL_OK)
		return status;
	print_count("right: ", config->service_count, "service");
	print_count(", ", config->pool_count, "pool");
	print_count(", ", config->backend_count, "backend");
	putchar('\n');
	load_note_key(file, config);
	config_free(config);
	return CTL_OK;
}
