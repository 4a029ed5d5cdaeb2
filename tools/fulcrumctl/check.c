// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "load.h"

#include <stdio.h>

static const struct argp_option options[] = {
	LOAD_OPTION,
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct load_files *files = state->input;

	switch (key) {
	case 'f':
		load_add_file(files, value, state);
		return 0;
	case ARGP_KEY_ARG:
		load_refuse_word(value, state);
		return 0;
	case ARGP_KEY_END:
		load_need_file(files, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_check = {options, parse_option, "-f FILE...",
	"Tells whether pool files are right: every error with its place. Needs no daemon.\v"
	"Exit status: 0 where they are right, 2 where they are not.",
	0, 0, 0};

static void print_count(const char *before, uint32_t count, const char *noun)
{
	printf("%s%u %s%s", before, count, noun, count == 1 ? "" : "s");
}

int command_check(const struct ctl *ctl, int argc, char **argv)
{
	struct load_files files = {.count = 0};
	struct config *config;
	int status;

	ctl_parse(&argp_check, argc, argv, &files);
	status = load_files(&files, &config);
	if (status != CTL_OK)
		return status;
	print_count("right: ", config->service_count, "service");
	print_count(", ", config->pool_count, "pool");
	print_count(", ", config->backend_count, "backend");
	putchar('\n');
	load_note(&files, config);
	config_free(config);
	return CTL_OK;
}
