// SPDX-License-Identifier: BSD-3-Clause
#include <running/fail_open.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WINDOW       100

static void a_share_of_those_that_served_may_be_lost_and_always_one(void **state)
{
	static const struct {
		uint32_t served;
		uint8_t percent;
		uint32_t may_be_lost;
	} rows[] = {{1, 1, 1}, {1, 99, 1}, {3, 10, 1}, {3, 66, 1}, {3, 67, 2}, {4, 50, 2},
		{8, 50, 4}, {10, 30, 3}, {10, 39, 3}, {100, 100, 100}, {1000, 1, 10}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fail_open_count count = {.serving = rows[i].served};
		uint32_t lost = 0;

		while (count.serving > 0 && fail_open_may_lose(&count, rows[i].percent)) {
			count.serving--;
			count.lost = ++lost;
		}
		assert_int_equal(lost, rows[i].may_be_lost);
	}
}

static void who_failed_long_ago_counts_only_while_a_loss_goes_on(void **state)
{
	static const struct {
		struct fail_open_mark mark;
		bool is_serving;
		struct fail_open_count count;
	} rows[] = {
		{{0}, true, {.serving = 1}},
		{{0}, false, {0}}, // never served
		{{.failed_ns = 950}, false, {.lost = 1, .changed_ns = 950}},
		{{.failed_ns = 901}, false, {.lost = 1, .changed_ns = 901}},
		{{.failed_ns = 900}, false, {.changed_ns = 900}},
		{{.failed_ns = 5, .is_of_loss = true}, false,
			{.lost = 1, .of_loss = 1, .changed_ns = 5}},
		{{.failed_ns = 5, .is_of_loss = true, .is_kept = true}, true,
			{.serving = 1, .kept = 1, .of_loss = 1, .changed_ns = 5}},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fail_open_count count = {0};

		fail_open_add(&count, &rows[i].mark, rows[i].is_serving, 1000, WINDOW);
		assert_memory_equal(&count, &rows[i].count, sizeof(count));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_share_of_those_that_served_may_be_lost_and_always_one),
		cmocka_unit_test(who_failed_long_ago_counts_only_while_a_loss_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
