// SPDX-License-Identifier: BSD-3-Clause
#include "histogram.h"
#include "pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define START 1000000u

static struct pace pace;
static struct histogram histogram, other;
static uint64_t due[PACE_GAPS];

static void nothing_is_due_before_its_time(void **state)
{
	(void)state;
	pace_open(&pace, 100, false);
	pace_start(&pace, START);
	assert_int_equal(pace_take(&pace, START, 64, due), 1);
	assert_int_equal(due[0], START);
	assert_int_equal(pace_take(&pace, START + 99, 64, due), 0);
	assert_int_equal(pace_take(&pace, START + 250, 64, due), 2);
	assert_int_equal(due[0], START + 100);
	assert_int_equal(due[1], START + 200);
}

static void who_comes_late_finds_all_that_was_due(void **state)
{
	(void)state;
	pace_open(&pace, 100, false);
	pace_start(&pace, START);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(pace_take(&pace, START + 64000, 64, due), 64);
		assert_int_equal(due[0], START + i * 6400);
	}
	assert_int_equal(pace_take(&pace, START + 64000, 64, due), 1);
	assert_int_equal(due[0], START + 64000);
}

static void gaps_have_the_mean_that_was_asked_for(void **state)
{
	static const double ticks[] = {0.4, 1.5, 86.53, 130.25, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++)
		for (int is_poisson = 0; is_poisson < 2; is_poisson++) {
			uint64_t whole = (uint64_t)(ticks[i] * PACE_GAPS);

			pace_open(&pace, ticks[i], is_poisson);
			pace_start(&pace, 0);
			assert_int_equal(
				pace_take(&pace, UINT64_MAX >> 16, PACE_GAPS, due), PACE_GAPS);
			assert_in_range(pace_next(&pace), whole - whole / 1000 - 1,
				whole + whole / 1000 + 1);
		}
}

// Of an exponential distribution, one in e is above the mean, and so one in e^4 is above four times
// that.
static void poisson_draws_its_gaps(void **state)
{
	uint32_t above = 0, far_above = 0, in_order = 0;

	(void)state;
	pace_open(&pace, 1000, true);
	for (uint32_t i = 0; i < PACE_GAPS; i++) {
		above += pace.gaps[i] > 1000u << PACE_FRACTION;
		far_above += pace.gaps[i] > 4000u << PACE_FRACTION;
		in_order += i > 0 && pace.gaps[i] > pace.gaps[i - 1];
	}
	assert_in_range(above, PACE_GAPS * 0.367, PACE_GAPS * 0.369);
	assert_in_range(far_above, PACE_GAPS * 0.018, PACE_GAPS * 0.019);
	assert_in_range(in_order, PACE_GAPS * 0.49, PACE_GAPS * 0.51);
}

static void a_histogram_of_nothing_says_0(void **state)
{
	(void)state;
	histogram_clear(&histogram);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
}

static void values_are_told_to_a_step(void **state)
{
	(void)state;
	for (uint64_t value = 1; value < UINT64_MAX / 3; value += value / 3 + 1) {
		histogram_clear(&histogram);
		histogram_add(&histogram, value);
		histogram_add(&histogram, UINT64_MAX);
		assert_in_range(histogram_quantile(&histogram, 0.5), value, value + value / 64);
		assert_int_equal(histogram_quantile(&histogram, 1), UINT64_MAX);
	}
}

static void quantiles_are_by_rank(void **state)
{
	(void)state;
	histogram_clear(&histogram);
	histogram_clear(&other);
	for (uint64_t value = 1; value <= 100; value++)
		histogram_add(value % 2 ? &histogram : &other, value);
	histogram_merge(&histogram, &other);
	assert_int_equal(histogram.count, 100);
	assert_int_equal(histogram_quantile(&histogram, 0.5), 50);
	assert_int_equal(histogram_quantile(&histogram, 0.99), 99);
	assert_int_equal(histogram_quantile(&histogram, 0.999), 100);
	histogram_add(&histogram, 1000003);
	assert_int_equal(
		histogram_quantile(&histogram, 0.999), 1000003); // none is above the largest
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_before_its_time),
		cmocka_unit_test(who_comes_late_finds_all_that_was_due),
		cmocka_unit_test(gaps_have_the_mean_that_was_asked_for),
		cmocka_unit_test(poisson_draws_its_gaps),
		cmocka_unit_test(a_histogram_of_nothing_says_0),
		cmocka_unit_test(values_are_told_to_a_step),
		cmocka_unit_test(quantiles_are_by_rank),
	};

	return cmocka_run_group_tests_name("bench", tests, NULL, NULL);
}
