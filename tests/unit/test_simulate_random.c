// SPDX-License-Identifier: BSD-3-Clause
#include "play.h"
#include "script.h"
#include "world.h"

#include <maglev/maglev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// Random sequences of what an operator, the probes and the clock do, with balancers that are lost
// among them. All backends serve all the time, so no connection has to break.
// FULCRUM_SEQUENCES=10000 plays more than every run does.

#define BACKENDS 8
#define LINES    24

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)((seed >> 33) % below);
}

// What a sequence has made of its backends, as far as a script must know it.
struct wanted {
	bool is_there[BACKENDS + LINES];
	uint32_t count; // of names
	uint32_t balancers;
};

static uint32_t draw_backend(const struct wanted *wanted)
{
	uint32_t backend;

	do
		backend = draw(wanted->count);
	while (!wanted->is_there[backend]);
	return backend;
}

static uint32_t count_there(const struct wanted *wanted)
{
	uint32_t there = 0;

	for (uint32_t i = 0; i < wanted->count; i++)
		there += wanted->is_there[i];
	return there;
}

static void write_change(struct wanted *wanted, FILE *out)
{
	static const char *const words[] = {
		"drain", "undrain", "weight", "probes fail", "probes pass"};
	uint32_t kind = draw(12), backend = draw_backend(wanted);

	if (kind == 0 || count_there(wanted) < 3) {
		wanted->is_there[wanted->count] = true;
		fprintf(out, "backend add b%u", wanted->count++);
	} else if (kind == 1) {
		wanted->is_there[backend] = false;
		fprintf(out, "backend remove b%u", backend);
	} else if (kind == 2) {
		fprintf(out, "slow_start %us", draw(3) * 20);
	} else if (kind == 3) {
		fprintf(out, "wait %us", 1 + draw(draw(2) == 0 ? 30 : 5400));
	} else if (kind < 7) {
		kind = draw(3);
		fprintf(out, "backend %s b%u", words[kind], backend);
		if (kind == 2)
			fprintf(out, " %u", draw(3) * 75);
	} else {
		fprintf(out, "%s b%u", words[3 + draw(2)], backend);
	}
}

static void write_loss(struct wanted *wanted, FILE *out)
{
	uint32_t kind = draw(4);

	if (kind == 0 || wanted->balancers < 3) {
		wanted->balancers++;
		fprintf(out, "balancer add");
	} else if (kind == 1) {
		fprintf(out, "balancer restart %u", draw(wanted->balancers));
	} else {
		fprintf(out, "balancer lose %u", draw(wanted->balancers--));
	}
}

static char *make_script(void)
{
	struct wanted wanted = {.count = BACKENDS, .balancers = 4};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	memset(wanted.is_there, true, BACKENDS);
	for (uint32_t line = 0; line < LINES; line++) {
		if (draw(3) > 0)
			write_change(&wanted, out);
		else
			write_loss(&wanted, out);
		fprintf(out, "\nexpect none\n");
	}
	fclose(out);
	return text;
}

static void ignore(void *context, const char *line, const struct world_count *count)
{
}

static void play_sequence(uint32_t number)
{
	const struct world_options options = {.flows = 1000,
		.backends = BACKENDS,
		.balancers = 4,
		.table_size = MAGLEV_SIZE_DEFAULT,
		.capacity = 20000,
		.seed = number};
	char *text;
	struct script script;
	struct world *world;
	struct error err = {""};

	seed = number;
	text = make_script();
	assert_int_equal(script_parse("sequence", text, &script, &err), 0);
	assert_int_equal(world_new(&options, &world, &err), 0);
	if (play(world, "sequence", &script, ignore, NULL, &err) != 0)
		fail_msg("sequence %u: %s\n%s", number, err.text, text);
	world_free(world);
	script_free(&script);
	free(text);
}

static void random_sequences_break_no_connection_whose_backend_serves(void **state)
{
	const char *wanted = getenv("FULCRUM_SEQUENCES");
	uint32_t count = wanted != NULL ? (uint32_t)atoi(wanted) : 60;

	for (uint32_t i = 0; i < count; i++)
		play_sequence(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_break_no_connection_whose_backend_serves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
