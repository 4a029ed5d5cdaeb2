// SPDX-License-Identifier: BSD-3-Clause
// Readers and sweepers, and what time does to rows.
#include "flow_room.h"

#include <flow/restore.h>

static void a_row_of_a_service_that_is_gone_counts_as_expired(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_begin gone = begin(50, FLOW_ESTABLISHED);
	struct flow_row rows[FLOW_WAYS];

	gone.service = SERVICES;
	for (uint64_t hash = 0; hash < 3; hash++)
		insert(table, hash, FLOW_NEW, START_S);
	flow_insert(table, &gone, ttls, SERVICES + 1, START_S);
	assert_int_equal(flow_read_bucket(table, 0, ttls, SERVICES, START_S, rows), 3);
	assert_int_equal(insert(table, 100, FLOW_NEW, START_S), FLOW_INSERTED);
	free(table);
}

static void a_row_tells_a_reader_all_of_its_flow(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_begin six = begin(50, FLOW_NEW), none = begin(51, FLOW_UDP);
	struct addr address;
	struct addr four = addr_from_ipv4_be(0x0a000101);
	struct flow_row rows[FLOW_WAYS];
	struct flow_ref ref;

	addr_parse("2001:db8::7", &address);
	six.client = flow_client_from_addr(&address);
	six.service = 1;
	none.client = (struct flow_client){{0, 0}};
	insert(table, 0x0a000101, FLOW_UDP, START_S);
	flow_insert(table, &six, ttls, SERVICES, START_S);
	flow_insert(table, &none, ttls, SERVICES, START_S);
	assert_true(flow_find(table, 50, six.client_port, &ttls[1], START_S, &ref));
	flow_touch(&ref, FLOW_ESTABLISHED, START_S + 56);
	assert_int_equal(flow_read_bucket(table, 0, ttls, SERVICES, START_S + 60, rows), 3);

	assert_true(addr_equal(&rows[0].client, &four));
	assert_int_equal(rows[0].client_port, (uint16_t)(1000 + 0x0a000101));
	assert_int_equal(rows[0].state, FLOW_UDP);
	assert_int_equal(rows[0].backend, 0x0a000101 + 7);
	assert_int_equal(rows[0].idle_s, 60);
	assert_true(addr_equal(&rows[1].client, &address));
	assert_int_equal(rows[1].service, 1);
	assert_int_equal(rows[1].state, FLOW_ESTABLISHED);
	assert_int_equal(rows[1].idle_s, 4);
	assert_in_range(rows[1].age_s, 60, 75);
	assert_int_equal(rows[2].client.family, ADDR_NONE);
	// and no more of what has expired
	assert_int_equal(flow_read_bucket(table, 0, ttls, SERVICES, START_S + 61, rows), 1);
	assert_int_equal(flow_read_bucket(table, 1, ttls, SERVICES, START_S, rows), 0);
	free(table);
}

static void a_reader_whose_clock_is_behind_sees_a_fresh_row(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_saved saved[FLOW_WAYS];
	struct flow_row rows[FLOW_WAYS];

	insert(table, 5, FLOW_NEW, START_S);
	assert_int_equal(flow_read_bucket(table, 0, ttls, SERVICES, START_S - 2, rows), 1);
	assert_int_equal(rows[0].idle_s, 0);
	assert_in_range(rows[0].age_s, 0, 15);
	// A checkpoint without it would break its connection.
	assert_int_equal(flow_save_bucket(table, 0, ttls, SERVICES, START_S - 2, saved), 1);
	assert_int_equal(saved[0].idle_s, 0);
	assert_in_range(saved[0].age_s, 0, 15);
	free(table);
}

static void a_sweep_clears_what_expired_and_counts_the_rest(void **state)
{
	struct flow_table *table = table_new(400);

	for (uint64_t i = 0; i < 100; i++)
		insert(table, i * (UINT64_MAX / 100), i % 2 ? FLOW_NEW : FLOW_ESTABLISHED, START_S);
	assert_int_equal(flow_sweep(table, 0, 100, ttls, SERVICES, START_S + 30), 100);
	assert_int_equal(flow_sweep(table, 0, 100, ttls, SERVICES, START_S + 31), 50);
	// cleared for good, not only judged so at that time
	assert_int_equal(flow_sweep(table, 0, 100, ttls, SERVICES, START_S), 50);
	assert_int_equal(flow_sweep(table, 0, 100, ttls, 0, START_S), 0);
	assert_int_equal(flow_sweep(table, 200, 100, ttls, SERVICES, START_S), 0);
	free(table);
}

// By steps of a second, as a worker does, over more than two turns of the 16-bit clock.
static void a_row_that_nobody_touches_never_looks_young_again(void **state)
{
	struct flow_table *table = table_new(4000);
	struct flow_begin old = begin(5, FLOW_ESTABLISHED);
	struct flow_sweeper sweeper;
	struct flow_ref ref;

	old.service = 1;
	flow_insert(table, &old, ttls, SERVICES, START_S);
	flow_sweeper_init(&sweeper, table, START_S);
	for (uint32_t now_s = START_S; now_s < START_S + 150000; now_s++) {
		flow_sweeper_step(&sweeper, table, ttls, SERVICES, now_s);
		assert_int_equal(flow_find(table, 5, old.client_port, &ttls[1], now_s, &ref),
			now_s - START_S <= FLOW_TTL_MAX_S);
	}
	free(table);
}

static void the_age_of_a_flow_that_lives_for_days_stops_and_never_wraps(void **state)
{
	struct flow_table *table = table_new(4000);
	struct flow_row rows[FLOW_WAYS];
	struct flow_sweeper sweeper;
	struct flow_ref ref;

	insert(table, 5, FLOW_ESTABLISHED, START_S);
	flow_sweeper_init(&sweeper, table, START_S);
	for (uint32_t now_s = START_S; now_s < START_S + 150000; now_s++) {
		flow_sweeper_step(&sweeper, table, ttls, SERVICES, now_s);
		if (now_s % 900 != 0)
			continue;
		assert_true(find(table, 5, now_s, &ref));
		flow_touch(&ref, FLOW_ESTABLISHED, now_s);
		assert_int_equal(flow_read_bucket(table, 0, ttls, SERVICES, now_s, rows), 1);
		if (now_s - START_S < FLOW_AGE_MAX_S)
			assert_in_range(rows[0].age_s, now_s - START_S, now_s - START_S + 15);
		else
			assert_int_equal(rows[0].age_s, FLOW_AGE_MAX_S);
	}
	free(table);
}

static void the_sweeper_goes_round_in_its_period_by_small_steps(void **state)
{
	static const uint64_t capacity[] = {8, 4000, 400000};

	for (size_t i = 0; i < COUNT(capacity); i++) {
		struct flow_table *table = table_new(capacity[i]);
		struct flow_sweeper sweeper;
		uint32_t turns = 0;

		insert(table, 5, FLOW_ESTABLISHED, START_S);
		flow_sweeper_init(&sweeper, table, START_S);
		for (uint32_t now_s = START_S; now_s <= START_S + FLOW_SWEEP_PERIOD_S; now_s++) {
			for (uint32_t loop = 0; loop < 100; loop++) {
				uint32_t before = sweeper.next;

				flow_sweeper_step(&sweeper, table, ttls, SERVICES, now_s);
				turns += sweeper.next < before;
				if (sweeper.next > before)
					assert_in_range(sweeper.next - before, 1, FLOW_SWEEP_STEP);
			}
		}
		assert_true(turns >= 1);
		free(table);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_of_a_service_that_is_gone_counts_as_expired),
		cmocka_unit_test(a_row_tells_a_reader_all_of_its_flow),
		cmocka_unit_test(a_reader_whose_clock_is_behind_sees_a_fresh_row),
		cmocka_unit_test(a_sweep_clears_what_expired_and_counts_the_rest),
		cmocka_unit_test(a_row_that_nobody_touches_never_looks_young_again),
		cmocka_unit_test(the_age_of_a_flow_that_lives_for_days_stops_and_never_wraps),
		cmocka_unit_test(the_sweeper_goes_round_in_its_period_by_small_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
