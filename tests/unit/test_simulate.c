// SPDX-License-Identifier: BSD-3-Clause
#include "play.h"
#include "script.h"
#include "world.h"

#include <errno.h>
#include <maglev/maglev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct world_options small = {
	.flows = 5000,
	.backends = 10,
	.balancers = 4,
	.table_size = MAGLEV_SIZE_DEFAULT,
	.capacity = 50000,
	.seed = 1,
};

static void a_line_that_is_no_event_is_named(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"backend", "s:1: 'backend' is no event"},
		{"backend explode b1", "s:1:"},
		{"backend add", "s:1:"},
		{"backend add x 1 2", "s:1:"},
		{"backend weight b1", "s:1:"},
		{"backend weight b1 -1", "s:1:"},
		{"backend weight b1 4294967296", "s:1:"},
		{"backend drain b1 7", "s:1:"},
		{"balancer lose b1", "s:1:"},
		{"balancer add 1", "s:1:"},
		{"wait 5", "s:1:"},
		{"wait", "s:1:"},
		{"flows renew 10", "s:1:"},
		{"flows renew 101%", "s:1:"},
		{"expect nothing", "s:1:"},
		{"# fine\n\nbackend add x ; nonsense", "s:3: 'nonsense' is no event"},
		{"backend add 0123456789012345678901234567890123456789012345678901234567890123",
			"s:1:"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct script script;
		struct error err = {""};

		assert_int_equal(script_parse("s", bad[i].text, &script, &err), -EINVAL);
		assert_memory_equal(err.text, bad[i].says, strlen(bad[i].says));
	}
}

static void a_line_holds_the_events_of_one_moment(void **state)
{
	struct script script;
	struct error err;

	assert_int_equal(script_parse("s",
				 "  backend add x 7;balancer lose 2 # both\n\n"
				 "wait 90s\r\nexpect share 0.5%",
				 &script, &err),
		0);
	assert_int_equal(script.count, 4);
	assert_int_equal(script.events[0].verb, SCRIPT_BACKEND_ADD);
	assert_string_equal(script.events[0].name, "x");
	assert_int_equal(script.events[0].number, 7);
	assert_int_equal(script.events[1].verb, SCRIPT_BALANCER_LOSE);
	assert_int_equal(script.events[1].line, 1);
	assert_int_equal(script.events[2].number, 90);
	assert_int_equal(script.events[2].line, 3);
	assert_true(script.events[3].percent == 0.5);
	script_free(&script);
}

static void add_up(void *context, const char *line, const struct world_count *count)
{
	count_add(context, count);
}

static int play_text(const char *text, struct world_count *total, struct error *err)
{
	struct script script;
	struct world *world;
	int rc;

	*total = (struct world_count){0};
	assert_int_equal(script_parse("s", text, &script, err), 0);
	assert_int_equal(world_new(&small, &world, err), 0);
	rc = play(world, "s", &script, add_up, total, err);
	world_free(world);
	script_free(&script);
	return rc;
}

static void an_event_that_cannot_be_ends_the_play(void **state)
{
	static const char *const bad[] = {"backend down x", "backend add b3", "balancer lose 4",
		"balancer restart 9", "backend remove b1\nbackend remove b1",
		"balancer lose 0; balancer lose 0; balancer lose 0; balancer lose 0",
		"backend weight b1 65536"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct world_count total;
		struct error err = {""};

		assert_int_equal(play_text(bad[i], &total, &err), -EINVAL);
		assert_memory_equal(err.text, "s:", 2);
	}
}

static void an_expectation_is_about_the_line_before(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"backend add x\nexpect none", 0},
		{"backend down b3\nexpect none", -EDOM},
		{"backend down b3\nexpect own", 0},
		{"backend down b3\nexpect share 1%", -EDOM},
		{"backend down b3\nexpect share 20%", 0},
		{"backend down b3\nwait 1s\nexpect none", 0},
		{"backend add x\nflows renew 50%\nbalancer restart 1\nexpect own", -EDOM},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct world_count total;
		struct error err = {""};

		assert_int_equal(play_text(rows[i].text, &total, &err), rows[i].rc);
	}
}

static void a_world_can_be_repeated(void **state)
{
	static const char text[] =
		"backend down b1; balancer lose 2\nflows renew 30%\nbalancer restart 0\n";
	struct world_count one, two;
	struct error err;

	assert_int_equal(play_text(text, &one, &err), 0);
	assert_int_equal(play_text(text, &two, &err), 0);
	assert_memory_equal(&one, &two, sizeof(one));
	assert_in_range(one.broken[BROKEN_DOWN], 400, 600); // a tenth of them
}

static void a_backend_that_is_removed_keeps_what_it_has(void **state)
{
	struct world_count total;
	struct error err = {""};

	assert_int_equal(play_text("backend remove b3; balancer add\nexpect none\n"
				   "backend add b3\nexpect none\nbackend remove b3\nexpect none\n"
				   "backend add b3; backend disable b3\nexpect own\n",
				 &total, &err),
		0);
	assert_int_equal(total.refused, 0);
	assert_in_range(total.broken[BROKEN_DISABLED], 400, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_is_no_event_is_named),
		cmocka_unit_test(a_line_holds_the_events_of_one_moment),
		cmocka_unit_test(an_event_that_cannot_be_ends_the_play),
		cmocka_unit_test(an_expectation_is_about_the_line_before),
		cmocka_unit_test(a_world_can_be_repeated),
		cmocka_unit_test(a_backend_that_is_removed_keeps_what_it_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
