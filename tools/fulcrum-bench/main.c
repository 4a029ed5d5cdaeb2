// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"

#include <stdio.h>
#include <string.h>

#define ROW(id, arguments, brief, words) \
	{#id, arguments, brief, NULL, options_##id, words, NULL, command_##id},

static const struct usage_verb verbs[] = {BENCH_VERBS(ROW){0}};

static const struct usage_verb program = {.name = "fulcrum-bench",
	.brief = "Measures and simulates the load balancer.",
	.verbs = verbs};

int main(int argc, char **argv)
{
	char name[] = "fulcrum-bench";

	argp_err_exit_status = EXIT_USAGE;
	argv[0] = name;
	if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0))
		return printf("fulcrum-bench %s\n", FULCRUM_VERSION) < 0;
	if (usage_complete(&program, NULL, NULL, argc, argv))
		return 0;
	return usage_run(&program, NULL, argc, argv);
}
