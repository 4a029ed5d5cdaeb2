// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <metrics/exposition.h>
#include <metrics/metrics.h>
#include <metrics/step.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct metrics_worker *make(uint32_t backends, uint32_t services)
{
	size_t size = metrics_footprint(backends, services);
	void *memory = aligned_alloc(64, size);

	assert_non_null(memory);
	memset(memory, 0, size);
	return metrics_new(memory, backends, services);
}

static void the_blocks_stay_inside_their_footprint(void **state)
{
	for (uint32_t n = 0; n < 10; n++) {
		struct metrics_worker *worker = make(n, 2 * n);
		uint8_t *end = (uint8_t *)worker + metrics_footprint(n, 2 * n);

		assert_true((uint8_t *)(worker->backends + n) <= (uint8_t *)worker->services);
		assert_true((uint8_t *)(worker->services + 2 * n) <= end);
		assert_int_equal((uintptr_t)worker->services % 64, 0);
		assert_int_equal(
			metrics_footprint(n, 2 * n) % 64, 0); // no line is another worker's
		free(worker);
	}
}

static void readers_add_the_workers_up(void **state)
{
	struct metrics_worker *workers[2] = {make(4, 4), make(4, 4)};
	struct metrics_traffic sum;

	for (uint64_t w = 0; w < 2; w++) {
		metrics_add(&workers[w]->backends[3].packets, 5 + w);
		metrics_count(&workers[w]->backends[3].syn_repeats);
		metrics_add(&workers[w]->services[1].bytes, 100 * (w + 1));
		metrics_add(&workers[w]->dropped[DROP_TX_FULL], 2);
	}
	metrics_backend(workers, 2, 3, &sum);
	assert_int_equal(sum.packets, 11);
	assert_int_equal(sum.syn_repeats, 2);
	assert_int_equal(sum.syn_resets, 0);
	metrics_service(workers, 2, 1, &sum);
	assert_int_equal(sum.bytes, 300);
	assert_int_equal(metrics_dropped(workers, 2, DROP_TX_FULL), 4);
	assert_int_equal(metrics_dropped_total(workers[0]), 2);
	free(workers[0]);
	free(workers[1]);
}

static void what_comes_in_equals_what_goes_out(void **state)
{
	struct metrics_worker *worker = make(1, 1);
	uint64_t *const out[] = {&worker->forwarded, &worker->to_kernel, &worker->injected,
		&worker->answered, &worker->held, &worker->dropped[0],
		&worker->dropped[DROP_REASON_COUNT - 1]};

	assert_true(metrics_balanced(worker));
	for (size_t i = 0; i < COUNT(out); i++) {
		metrics_add(out[i], 3);
		assert_false(metrics_balanced(worker));
		metrics_add(i % 2 == 0 ? &worker->received : &worker->from_kernel, 2);
		metrics_add(&worker->made, 1);
		assert_true(metrics_balanced(worker));
	}
	free(worker);
}

// --- The text ---

static void a_value_is_put_under_the_first_bound_that_holds_it(void **state)
{
	static const struct {
		uint64_t took_us;
		uint32_t at;
	} rows[] = {{0, 0}, {500, 0}, {501, 1}, {1000, 1}, {1000000, 10}, {1000001, 11},
		{5000000, 12}, {5000001, 13}, {UINT32_MAX, 13}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct histogram histogram = {{0}, 0};
		char bound[16];

		histogram_observe(&histogram, rows[i].took_us);
		assert_int_equal(histogram.counts[rows[i].at], 1);
		assert_int_equal(histogram.sum_us, rows[i].took_us);
		if (rows[i].at == HISTOGRAM_BOUNDS)
			continue;
		snprintf(bound, sizeof(bound), "%.7f", histogram_bounds_us[rows[i].at] / 1e6);
		assert_true(strtod(histogram_bounds_text[rows[i].at], NULL) == strtod(bound, NULL));
	}
}

static void openmetrics_is_for_who_asks_for_it(void **state)
{
	static const struct {
		const char *accept;
		enum exposition_format format;
	} rows[] = {{NULL, EXPOSITION_PROMETHEUS}, {"", EXPOSITION_PROMETHEUS},
		{"*/*", EXPOSITION_PROMETHEUS}, {",,,", EXPOSITION_PROMETHEUS},
		{"text/plain;version=0.0.4", EXPOSITION_PROMETHEUS},
		{"application/openmetrics-textual", EXPOSITION_PROMETHEUS},
		{"application/openmetrics-text;q=0", EXPOSITION_PROMETHEUS},
		{"application/openmetrics-text; version=1.0.0; q=0.0, */*", EXPOSITION_PROMETHEUS},
		{"application/openmetrics-text", EXPOSITION_OPENMETRICS},
		{"Application/OpenMetrics-Text ;version=0.0.1", EXPOSITION_OPENMETRICS},
		{"text/plain;q=0.5,\tapplication/openmetrics-text;q=0.1", EXPOSITION_OPENMETRICS},
		{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
		 "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
			EXPOSITION_OPENMETRICS}};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(exposition_negotiate(rows[i].accept), rows[i].format);
}

static const char *write_some(enum exposition_format format, char *memory, size_t room)
{
	struct exposition e = {.format = format, .text = memory, .room = room - 1};

	exposition_begin(&e, METRICS_BUILD);
	exposition_sample(&e, "");
	exposition_label(&e, "version", "a\\b\"c\nd");
	exposition_label(&e, "dpdk", "");
	exposition_number(&e, 1);
	exposition_begin(&e, METRICS_WORKER_ROUNDS);
	exposition_sample(&e, "");
	exposition_number(&e, UINT64_MAX);
	exposition_begin(&e, METRICS_CONFIG_DURATION);
	exposition_sample(&e, "");
	exposition_micro(&e, 12000034);
	exposition_begin(&e, METRICS_BACKEND_HEALTH);
	exposition_sample(&e, "");
	exposition_signed(&e, -1);
	exposition_begin(&e, METRICS_BACKEND_PROBES);
	exposition_sample(&e, "_sum");
	exposition_micro(&e, 500000);
	exposition_end(&e);
	assert_false(e.is_cut);
	memory[e.size] = '\0';
	return memory;
}

static void the_text_is_what_each_format_asks_for(void **state)
{
	char text[4096];

	assert_string_equal(write_some(EXPOSITION_OPENMETRICS, text, sizeof(text)),
		"# TYPE fulcrum_build info\n"
		"# HELP fulcrum_build What runs\n"
		"fulcrum_build_info{version=\"a\\\\b\\\"c\\nd\",dpdk=\"\"} 1\n"
		"# TYPE fulcrum_worker_rounds counter\n"
		"# HELP fulcrum_worker_rounds Rounds of the worker's loop\n"
		"fulcrum_worker_rounds_total 18446744073709551615\n"
		"# TYPE fulcrum_config_apply_duration_seconds gauge\n"
		"# UNIT fulcrum_config_apply_duration_seconds seconds\n"
		"# HELP fulcrum_config_apply_duration_seconds How long the last apply took, from its commit until every worker went by it\n"
		"fulcrum_config_apply_duration_seconds 12.000034\n"
		"# TYPE fulcrum_backend_health gauge\n"
		"# HELP fulcrum_backend_health 1 is up, 0 is down, -1 is not known yet\n"
		"fulcrum_backend_health -1\n"
		"# TYPE fulcrum_backend_probe_duration_seconds summary\n"
		"# UNIT fulcrum_backend_probe_duration_seconds seconds\n"
		"# HELP fulcrum_backend_probe_duration_seconds How long its successful probes took\n"
		"fulcrum_backend_probe_duration_seconds_sum 0.500000\n"
		"# EOF\n");
	write_some(EXPOSITION_PROMETHEUS, text, sizeof(text));
	assert_memory_equal(
		text, "# TYPE fulcrum_build_info gauge\n# HELP fulcrum_build_info What runs\n", 67);
	assert_non_null(strstr(text, "\n# TYPE fulcrum_worker_rounds_total counter\n"));
	assert_null(strstr(text, "# UNIT"));
	assert_null(strstr(text, "# EOF"));
}

static void a_text_without_room_is_cut_and_says_so(void **state)
{
	char memory[8] = "unmoved";
	struct exposition e = {.text = memory, .room = 0};

	exposition_begin(&e, METRICS_BUILD);
	assert_true(e.is_cut);
	assert_string_equal(memory, "unmoved");
}

// What promtool and OpenMetrics hold names to, and what a reader expects.
static void families_are_named_by_the_rules(void **state)
{
	for (int i = 0; i < METRICS_ID_COUNT; i++) {
		const struct metrics_family *family = &metrics_families[i];
		size_t size = strlen(family->name), unit = strlen(family->unit);

		assert_int_equal(strspn(family->name, "abcdefghijklmnopqrstuvwxyz_"), size);
		assert_memory_equal(family->name, "fulcrum_", 8);
		if (unit > 0)
			assert_string_equal(family->name + size - unit, family->unit);
		assert_null(strpbrk(family->help, "\\\"\n"));
		assert_in_range(strlen(family->help), 1, 512);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(family->name, metrics_families[j].name);
		if (i > 0)
			assert_true(family->scope >= metrics_families[i - 1].scope);
	}
}

static void hold_inside(void)
{
	STEP_TIMED(HTTP);
}

// Holds the loop for 'ms', by work or by rest; true where a step inside it begins and ends, too.
static void hold_loop(uint64_t ms, bool is_busy, bool has_inner)
{
	STEP_TIMED(PROBE);
	uint64_t until_ns = clock_monotonic_ns() + ms * CLOCK_NS_PER_MS;

	if (has_inner)
		hold_inside();
	while (clock_monotonic_ns() < until_ns)
		if (!is_busy)
			usleep(500);
}

static uint64_t count_steps(void)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += step_durations()->counts[i];
	return count;
}

static void the_longest_step_is_kept_by_the_clock_and_by_the_processor(void **state)
{
	step_forget();
	hold_loop(20, false, false);
	assert_int_equal(count_steps(), 1);
	assert_in_range(step_longest_us(STEP_PROBE), 20000, 10000000);
	assert_in_range(step_durations()->sum_us, 20000, 10000000);
	assert_in_range(step_longest_cpu_us(STEP_PROBE), 0, 15000); // it rested
	hold_loop(1, false, false);
	assert_int_equal(count_steps(), 2);
	assert_in_range(step_longest_us(STEP_PROBE), 20000, 10000000);
	assert_int_equal(step_longest_us(STEP_HTTP), 0);
}

static void a_step_inside_another_is_part_of_it(void **state)
{
	step_forget();
	hold_loop(30, true, true);
	assert_int_equal(count_steps(), 1);
	assert_int_equal(step_longest_us(STEP_HTTP), 0);
	assert_in_range(step_longest_us(STEP_PROBE), 30000, 10000000);
	assert_in_range(step_longest_cpu_us(STEP_PROBE), 100, 10000000);
	for (int kind = 0; kind < STEP_KINDS; kind++)
		assert_true(step_label((enum step_kind)kind)[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_step_is_kept_by_the_clock_and_by_the_processor),
		cmocka_unit_test(a_step_inside_another_is_part_of_it),
		cmocka_unit_test(the_blocks_stay_inside_their_footprint),
		cmocka_unit_test(readers_add_the_workers_up),
		cmocka_unit_test(what_comes_in_equals_what_goes_out),
		cmocka_unit_test(a_value_is_put_under_the_first_bound_that_holds_it),
		cmocka_unit_test(openmetrics_is_for_who_asks_for_it),
		cmocka_unit_test(the_text_is_what_each_format_asks_for),
		cmocka_unit_test(a_text_without_room_is_cut_and_says_so),
		cmocka_unit_test(families_are_named_by_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
