// SPDX-License-Identifier: BSD-3-Clause
#include <handover/allowance.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define MS     1000000ull
#define SECOND (1000 * MS)

static void what_is_saved_up_may_be_taken_at_once(void **state)
{
	struct allowance allowance;

	(void)state;
	allowance_init(&allowance, 50, SECOND, 7 * SECOND);
	assert_int_equal(allowance_wait_ns(&allowance, SECOND, 7 * SECOND), 0);
	allowance_take(&allowance, 600 * MS, 7 * SECOND);
	assert_int_equal(allowance_wait_ns(&allowance, 400 * MS, 7 * SECOND), 0);
	assert_int_equal(allowance_wait_ns(&allowance, 500 * MS, 7 * SECOND), 5 * SECOND);
}

static void what_is_overdrawn_is_paid_back_by_waiting(void **state)
{
	struct allowance allowance;

	(void)state;
	allowance_init(&allowance, 50, SECOND, 0);
	allowance_take(&allowance, 3 * SECOND, 3 * SECOND); // at 3 s all is saved up still
	assert_int_equal(allowance_wait_ns(&allowance, 0, 3 * SECOND), 100 * SECOND);
	assert_int_equal(allowance_wait_ns(&allowance, 0, 53 * SECOND), 50 * SECOND);
	assert_int_equal(allowance_wait_ns(&allowance, 0, 103 * SECOND), 0);
}

static void no_more_than_the_most_is_saved_up(void **state)
{
	struct allowance allowance;

	(void)state;
	allowance_init(&allowance, 10, SECOND, 0);
	assert_int_equal(allowance_wait_ns(&allowance, SECOND, 100000 * SECOND), 0);
	allowance_take(&allowance, SECOND, 100000 * SECOND);
	assert_int_equal(allowance_wait_ns(&allowance, 1, 100000 * SECOND), 10);
}

// However it is taken: in a long time its share, and once what was saved up; with one piece more,
// whose length nobody knew.
static void in_the_long_run_it_is_a_share(void **state)
{
	struct allowance allowance;
	uint64_t now_ns = 0, taken_ns = 0, longest_ns = 0;

	(void)state;
	srandom(3);
	allowance_init(&allowance, 50, SECOND, 0);
	while (now_ns < 10000 * SECOND) {
		uint64_t least_ns = (uint64_t)(random() % 2) * SECOND / 2;
		uint64_t ns = (uint64_t)random() % (3 * SECOND);

		now_ns += allowance_wait_ns(&allowance, least_ns, now_ns) +
			  (uint64_t)random() % SECOND;
		now_ns += ns;
		allowance_take(&allowance, ns, now_ns);
		taken_ns += ns;
		longest_ns = ns > longest_ns ? ns : longest_ns;
	}
	assert_true(taken_ns <= now_ns / 50 + SECOND + longest_ns);
	assert_true(taken_ns >= now_ns / 50 - SECOND - longest_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_saved_up_may_be_taken_at_once),
		cmocka_unit_test(what_is_overdrawn_is_paid_back_by_waiting),
		cmocka_unit_test(no_more_than_the_most_is_saved_up),
		cmocka_unit_test(in_the_long_run_it_is_a_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
