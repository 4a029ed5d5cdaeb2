// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"
#include "play.h"
#include "scenarios.h"
#include "script.h"
#include "world.h"

#include <base/parse.h>
#include <base/printable.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <maglev/maglev.h>
#include <stdbool.h>
#include <stdio.h>

static const char help[] =
	"usage: fulcrum-bench simulate [OPTIONS] [SCRIPT]\n"
	"\n"
	"Many balancers, by the daemon's own tables and rules but without a NIC, and their clients'\n"
	"connections. After each line of the script every connection sends a packet; those that come to\n"
	"another backend than their SYN are broken. SCRIPT is a file, or '-'; without one the promises that\n"
	"Fulcrum makes are tried, each in a fresh world. Ends with 1 when an expectation is not met.\n"
	"\n"
	"  --flows N       connections that are open (1000000)\n"
	"  --backends N    b0, b1 .. of weight 100 (100)\n"
	"  --balancers N   behind a router that hashes modulo their number (10)\n"
	"  --table N       slots of a Maglev table: 65537 or 655373 (65537)\n"
	"  --capacity N    flows in a balancer's table (1000000)\n"
	"  --seed N        of the clients' addresses and ports (1)\n";

static int parse_number(const char *option, const char *text, uint64_t max, uint64_t *out)
{
	if (parse_u64(text, out) == 0 && *out >= 1 && *out <= max)
		return 0;
	fprintf(stderr, "fulcrum-bench simulate: --%s %s: a whole number from 1 to %" PRIu64 "\n",
		option, text, max);
	return -EINVAL;
}

enum setting { FLOWS, BACKENDS, BALANCERS, TABLE, CAPACITY, SEED, SETTINGS, HELP };

const struct option options_simulate[] = {{"flows", 1, NULL, FLOWS},
	{"backends", 1, NULL, BACKENDS}, {"balancers", 1, NULL, BALANCERS},
	{"table", 1, NULL, TABLE}, {"capacity", 1, NULL, CAPACITY}, {"seed", 1, NULL, SEED},
	{"help", 0, NULL, HELP}, {0}};

// 0, 1 for --help, or -EINVAL.
static int parse_options(int argc, char **argv, uint64_t values[SETTINGS])
{
	static const uint64_t max[SETTINGS] = {
		UINT32_MAX / 2, 65000, 1000, MAGLEV_SIZE_MAX, 1ull << 31, UINT32_MAX};
	int option;

	while ((option = getopt_long(argc, argv, "", options_simulate, NULL)) != -1) {
		if (option == HELP)
			return 1;
		if (option == '?' || parse_number(options_simulate[option].name, optarg,
					     max[option], &values[option]) != 0)
			return -EINVAL;
	}
	if (optind + 1 >= argc)
		return 0;
	fprintf(stderr, "fulcrum-bench simulate: one script, not %d\n", argc - optind);
	return -EINVAL;
}

static void print_memory(const struct world_memory *memory, const struct world_options *options)
{
	const double mib = 1 << 20;

	printf("\nmemory: a flow table %.1f MiB (%zu bytes a flow) in each of %u balancers,\n"
	       "Maglev tables %.1f MiB; the simulator's own connections %.1f MiB\n",
		(double)memory->table / mib, memory->table / (size_t)options->capacity,
		options->balancers, (double)memory->view / mib, (double)memory->connections / mib);
}

static void print_head(const char *what)
{
	printf("%-40s %11s %8s %9s  %s\n", what, "connections", "broken", "%", "why");
}

static void print_row(const char *what, const struct world_count *count)
{
	uint64_t broken = count_broken(count);
	const char *before = "  ";

	printf("%-40s %11" PRIu64 " %8" PRIu64 " %9.4f", what, count->connections, broken,
		100.0 * (double)broken / (double)count->connections);
	for (enum broken cause = 0; cause < BROKEN_CAUSES; cause++) {
		if (count->broken[cause] == 0)
			continue;
		printf("%s%s %" PRIu64, before, broken_name(cause), count->broken[cause]);
		before = ", ";
	}
	if (count->refused != 0)
		printf("%srefused %" PRIu64, before, count->refused);
	if (count->groups > 1 && broken > 0)
		printf("%sby group:", before);
	for (uint32_t group = 0; count->groups > 1 && broken > 0 && group < count->groups; group++)
		printf(" %" PRIu64, count->broken_by_group[group]);
	printf("\n");
	fflush(stdout);
}

static void print_line(void *context, const char *line, const struct world_count *count)
{
	print_row(line, count);
}

static void add_line(void *context, const char *line, const struct world_count *count)
{
	count_add(context, count);
}

// Plays in a world of its own. 'err' is the caller's to print.
static int simulate(const struct world_options *options, const char *name,
	const struct script *script, play_fn *told, void *context, struct world_memory *memory,
	struct error *err)
{
	struct world *world;
	int rc = world_new(options, &world, err);

	if (rc != 0)
		return rc;
	rc = play(world, name, script, told, context, err);
	*memory = world_memory(world);
	world_free(world);
	return rc;
}

static int status_of(int rc, const struct error *err)
{
	if (rc == 0)
		return 0;
	printable_line(stderr, "fulcrum-bench simulate: %s", err->text);
	return rc == -EDOM ? EXIT_UNMET : EXIT_USAGE;
}

static int simulate_file(const char *path, const struct world_options *options)
{
	struct world_memory memory;
	struct script script;
	struct error err;
	int status, rc = script_load(path, &script, &err);

	if (rc != 0)
		return status_of(rc, &err);
	print_head("event");
	rc = simulate(options, path, &script, print_line, NULL, &memory, &err);
	script_free(&script);
	status = status_of(rc, &err);
	if (status != EXIT_USAGE)
		print_memory(&memory, options);
	return status;
}

static int simulate_scenario(const struct scenario *scenario, const struct world_options *options,
	struct world_memory *memory)
{
	struct world_count total = {0};
	struct script script;
	struct error err;
	int status, rc = script_parse(scenario->name, scenario->script, &script, &err);

	if (rc != 0)
		return status_of(rc, &err);
	rc = simulate(options, scenario->name, &script, add_line, &total, memory, &err);
	script_free(&script);
	status = status_of(rc, &err);
	if (status != EXIT_USAGE)
		print_row(scenario->name, &total);
	return status;
}

static int simulate_scenarios(const struct world_options *options)
{
	struct world_memory memory;
	int status = 0;

	print_head("scenario");
	for (uint32_t i = 0; i < scenario_count; i++) {
		int rc = simulate_scenario(&scenarios[i], options, &memory);

		if (rc == EXIT_USAGE)
			return rc;
		status |= rc;
	}
	print_memory(&memory, options);
	return status;
}

int command_simulate(const struct ctl *none, int argc, char **argv)
{
	uint64_t values[SETTINGS] = {1000000, 100, 10, MAGLEV_SIZE_DEFAULT, 1000000, 1};
	struct world_options options;
	int rc = parse_options(argc, argv, values);

	if (rc != 0) {
		fputs(help, rc > 0 ? stdout : stderr);
		return rc > 0 ? 0 : EXIT_USAGE;
	}
	options = (struct world_options){
		.flows = (uint32_t)values[FLOWS],
		.backends = (uint32_t)values[BACKENDS],
		.balancers = (uint32_t)values[BALANCERS],
		.table_size = (uint32_t)values[TABLE],
		.capacity = values[CAPACITY],
		.seed = (uint32_t)values[SEED],
	};
	return optind < argc ? simulate_file(argv[optind], &options) : simulate_scenarios(&options);
}
