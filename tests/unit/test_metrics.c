// SPDX-License-Identifier: BSD-3-Clause
#include <metrics/metrics.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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
		free(worker);
	}
}

static void readers_add_the_workers_up(void **state)
{
	struct metrics_worker *workers[2] = {make(4, 4), make(4, 4)};
	struct metrics_traffic sum;

	for (uint64_t w = 0; w < 2; w++) {
		metrics_add(&workers[w]->backends[3].packets, 5 + w);
		metrics_add(&workers[w]->services[1].bytes, 100 * (w + 1));
		metrics_add(&workers[w]->dropped[DROP_TX_FULL], 2);
	}
	metrics_backend(workers, 2, 3, &sum);
	assert_int_equal(sum.packets, 11);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_blocks_stay_inside_their_footprint),
		cmocka_unit_test(readers_add_the_workers_up),
		cmocka_unit_test(what_comes_in_equals_what_goes_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
