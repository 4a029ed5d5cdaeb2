// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{"latency", command_latency,
		"measure how long packets stay in a worker under a given load"},
	{"pipeline", command_pipeline, "measure what a packet costs a worker"},
	{"replay", command_replay,
		"take a capture through the packet path, every frame accounted for"},
	{"simulate", command_simulate, "count the connections that events break"},
};

static int usage(FILE *out, int status)
{
	fprintf(out, "usage: fulcrum-bench COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fprintf(out, "\n'fulcrum-bench COMMAND --help' says more.\n");
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage(stderr, EXIT_USAGE);
	if (strcmp(argv[1], "--help") == 0)
		return usage(stdout, 0);
	if (strcmp(argv[1], "--version") == 0)
		return printf("fulcrum-bench %s\n", FULCRUM_VERSION) < 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "fulcrum-bench: there is no command '%s'\n", argv[1]);
	return usage(stderr, EXIT_USAGE);
}
