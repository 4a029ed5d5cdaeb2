// SPDX-License-Identifier: BSD-3-Clause
// A large configuration over the real channel into the real control room: 1,000 services of 100
// backends each.
#include "../integration/control_lab.h"
#include "bench.h"

#include <base/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVICES 1000
#define BACKENDS 100
#define SKIPPED  77
#define CHANGES  21

static double since_ms(uint64_t start_ns)
{
	return (double)(clock_monotonic_ns() - start_ns) / 1e6;
}

static void tell(
	struct lab *lab, const char *what, uint64_t start_ns, const struct message_done *done)
{
	double took_ms = since_ms(start_ns);
	struct message_row_daemon daemon;

	lab_show(lab, MESSAGE_SHOW_VERSION, &daemon, 1, sizeof(daemon));
	printf("%-40s %8.1f ms, in force after %8.1f ms of the commit (%lu changes)\n", what,
		took_ms, (double)daemon.apply_us / 1e3, done->changes);
}

static void wait_for_tables(struct lab *lab)
{
	struct message_row_pool *rows = calloc(SERVICES, sizeof(*rows));
	const struct timespec nap = {.tv_nsec = 20000000};
	uint32_t built;

	do {
		nanosleep(&nap, NULL);
		built = 0;
		lab_show(lab, MESSAGE_SHOW_POOLS, rows, SERVICES, sizeof(*rows));
		for (uint32_t i = 0; i < SERVICES; i++)
			built +=
				rows[i].backends_usable == BACKENDS && rows[i].table_generation > 0;
	} while (built < SERVICES);
	free(rows);
}

// Answered when it is saved, too; in force some time before.
static void change_one(struct lab *lab)
{
	double answered_ms[CHANGES], in_force_ms[CHANGES];
	struct message_row_daemon daemon;

	for (uint32_t i = 0; i < CHANGES; i++) {
		uint64_t start_ns = clock_monotonic_ns();

		lab_set_backend(lab, "pool-500/backend-7", CONFIG_STATE_UNSET, 50 + i, NULL);
		answered_ms[i] = since_ms(start_ns);
		lab_show(lab, MESSAGE_SHOW_VERSION, &daemon, 1, sizeof(daemon));
		in_force_ms[i] = (double)daemon.apply_us / 1e3;
	}
	printf("%-40s %8.1f ms, in force after %8.1f ms, both medians of %d\n",
		"one backend's weight", bench_median(answered_ms, CHANGES),
		bench_median(in_force_ms, CHANGES), CHANGES);
}

static void apply_once(struct lab *lab, const char *what, const struct config *config)
{
	struct message_done done;
	uint64_t start_ns = clock_monotonic_ns();

	if (lab_apply(lab, config, &done) != 0)
		printf("%s\n", lab_error(lab));
	tell(lab, what, start_ns, &done);
}

static void apply_all(struct lab *lab, const char *what, const struct config *config)
{
	uint64_t start_ns;

	apply_once(lab, what, config);
	start_ns = clock_monotonic_ns();
	wait_for_tables(lab);
	printf("%-40s %8.1f ms\n", "  until every pool has its table", since_ms(start_ns));
}

// Pools of different machines: no two share a table.
static void tell_apart(struct config *config)
{
	for (uint32_t i = 0; i < config->backend_count; i++)
		snprintf(config->backends[i].name, sizeof(config->backends[i].name), "machine-%u",
			i);
}

static void run(struct lab *lab, struct config *config)
{
	struct message_row_backend *rows = calloc(config->backend_count, sizeof(*rows));
	struct message_done done;
	uint64_t start_ns;

	apply_all(lab, "apply of everything, pools alike", config);
	start_ns = clock_monotonic_ns();
	lab_apply(lab, config, &done);
	tell(lab, "apply of the same", start_ns, &done);
	change_one(lab);
	start_ns = clock_monotonic_ns();
	lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, config->backend_count, sizeof(*rows));
	printf("%-40s %8.1f ms\n", "show backends", since_ms(start_ns));
	start_ns = clock_monotonic_ns();
	lab_show(lab, MESSAGE_SHOW_CONFIG, NULL, 0, 0);
	printf("%-40s %8.1f ms\n", "show config", since_ms(start_ns));
	free(rows);
}

static void run_apart(struct lab *lab, struct config *config)
{
	tell_apart(config);
	apply_all(lab, "apply of everything, no pools alike", config);
}

// As many records as a configuration may well have, through a ring of 256 KiB.
static int run_million(void)
{
	struct config *config = lab_config_large(1000, 1000);
	struct lab lab;

	lab_init(&lab,
		&(struct lab_options){.backends_max = 1000000, .services_max = 1000, .workers = 1});
	lab_start(&lab);
	apply_once(&lab, "apply of 1,000,000 backends", config);
	lab_free(&lab);
	config_free(config);
	return EXIT_SUCCESS;
}

// With an argument, 'million', that alone.
int main(int argc, char **argv)
{
	struct config *config;
	uint64_t start_ns;
	struct lab lab;

	if (!lab_enter_namespace()) {
		printf("skipped: this user may not make a network namespace\n");
		return SKIPPED;
	}
	if (argc > 1 && strcmp(argv[1], "million") == 0)
		return run_million();
	config = lab_config_large(SERVICES, BACKENDS);
	lab_init(&lab, &(struct lab_options){.backends_max = 200000,
			       .services_max = 2000,
			       .workers = 1,
			       .kernel_interface = "near"});
	lab_start(&lab);
	run(&lab, config);
	lab_stop(&lab);
	start_ns = clock_monotonic_ns();
	lab_start(&lab);
	lab_join(&lab);
	printf("%-40s %8.1f ms\n", "a start with that state", since_ms(start_ns));
	lab_stop(&lab);
	lab_shell("rm -r %s", lab.state);
	lab_start(&lab);
	run_apart(&lab, config);
	lab_free(&lab);
	config_free(config);
	return EXIT_SUCCESS;
}
