// SPDX-License-Identifier: BSD-3-Clause
// A table, and flows in it that have room.
#include "flow_room.h"

#include <sys/mman.h>

static void a_capacity_out_of_range_has_no_footprint(void **state)
{
	static const uint64_t bad[] = {0, 7, (1ull << 31) + 1, UINT64_MAX};

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(flow_table_footprint(bad[i]), 0);
}

static void memory_that_cannot_hold_a_table_is_refused(void **state)
{
	static struct flow_bucket memory[16];

	assert_null(flow_table_new(NULL, 8));
	assert_null(flow_table_new((uint8_t *)memory + 16, 8));
	assert_null(flow_table_new(memory, 7));
	assert_non_null(flow_table_new(memory, 8));
}

static void a_flow_costs_32_bytes(void **state)
{
	static const uint64_t capacity[] = {8, 1000, 1000000, 50000000, 1ull << 31};

	for (size_t i = 0; i < COUNT(capacity); i++)
		assert_int_equal(flow_table_footprint(capacity[i]), 128 + 32 * capacity[i]);
}

static void a_capacity_is_rounded_up_to_whole_pairs(void **state)
{
	struct flow_table *table = table_new(1001);

	assert_int_equal(flow_table_capacity(table), 1008);
	assert_int_equal(flow_table_buckets(table), 252);
	free(table);
}

static void fifty_million_flows_fit_into_one_table(void **state)
{
	size_t footprint = flow_table_footprint(50000000);
	void *memory = mmap(NULL, footprint, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct flow_table *table;

	if (memory == MAP_FAILED)
		skip();
	table = flow_table_new(memory, 50000000);
	assert_int_equal(flow_table_capacity(table), 50000000);
	// The first and the last bucket; the pages between stay untouched.
	insert(table, 0, FLOW_UDP, START_S);
	insert(table, UINT64_MAX, FLOW_UDP, START_S);
	assert_true(is_there(table, 0, START_S));
	assert_true(is_there(table, UINT64_MAX, START_S));
	munmap(memory, footprint);
}

static void an_empty_table_finds_nothing(void **state)
{
	struct flow_table *table = table_new(64);
	struct flow_ref ref;

	assert_false(flow_find(table, 0, 0, &ttls[0], 0, &ref));
	assert_false(flow_find(table, 0, 0, &ttls[0], START_S, &ref));
	assert_false(flow_find(table, UINT64_MAX, 0xffff, &ttls[0], START_S, &ref));
	free(table);
}

static void a_flow_is_found_as_it_was_inserted(void **state)
{
	struct flow_table *table = table_new(64);
	struct flow_ref ref;

	assert_int_equal(insert(table, 5, FLOW_NEW, START_S), FLOW_INSERTED);
	assert_true(find(table, 5, START_S, &ref));
	assert_int_equal(flow_ref_backend(&ref), 12);
	assert_int_equal(flow_ref_state(&ref), FLOW_NEW);
	free(table);
}

static void tag_and_client_port_both_tell_flows_apart(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_begin one = begin(77, FLOW_UDP), other = one;
	struct flow_ref ref;

	other.client_port++;
	other.backend++;
	flow_insert(table, &one, ttls, SERVICES, START_S);
	assert_false(flow_find(table, 77, other.client_port, &ttls[0], START_S, &ref));
	assert_false(flow_find(table, 78, one.client_port, &ttls[0], START_S, &ref));
	assert_int_equal(flow_insert(table, &other, ttls, SERVICES, START_S), FLOW_INSERTED);
	assert_true(flow_find(table, 77, one.client_port, &ttls[0], START_S, &ref));
	assert_int_equal(flow_ref_backend(&ref), one.backend);
	assert_true(flow_find(table, 77, other.client_port, &ttls[0], START_S, &ref));
	assert_int_equal(flow_ref_backend(&ref), other.backend);
	free(table);
}

// A tag and a port of zero look like a row that was never used.
static void a_flow_of_zeros_is_a_flow(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_begin zero = {.state = FLOW_UDP, .backend = 9};
	struct flow_ref ref;

	insert(table, 1, FLOW_UDP, START_S);
	flow_insert(table, &zero, ttls, SERVICES, START_S);
	insert(table, 2, FLOW_UDP, START_S);
	assert_true(flow_find(table, 0, 0, &ttls[0], START_S, &ref));
	assert_int_equal(flow_ref_backend(&ref), 9);
	flow_forget(&ref);
	assert_false(flow_find(table, 0, 0, &ttls[0], START_S, &ref));
	assert_int_equal(flow_insert(table, &zero, ttls, SERVICES, START_S), FLOW_INSERTED);
	assert_true(flow_find(table, 0, 0, &ttls[0], START_S, &ref));
	free(table);
}

static void a_flow_lives_for_the_time_of_its_state(void **state)
{
	for (uint32_t s = FLOW_NEW; s < FLOW_STATES; s++) {
		uint32_t ttl_s = ttls[0].seconds[s];
		struct flow_table *table = table_new(8);

		insert(table, 5, s, START_S);
		assert_true(is_there(table, 5, START_S + ttl_s));
		assert_false(is_there(table, 5, START_S + ttl_s + 1));
		assert_int_equal(insert(table, 5, s, START_S + ttl_s + 1), FLOW_INSERTED);
		free(table);
	}
}

static void a_touch_renews_the_time_and_sets_the_state(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_ref ref;

	insert(table, 5, FLOW_NEW, START_S);
	assert_true(find(table, 5, START_S + 30, &ref));
	flow_touch(&ref, FLOW_ESTABLISHED, START_S + 30);
	assert_true(find(table, 5, START_S + 30 + 3600, &ref));
	assert_int_equal(flow_ref_state(&ref), FLOW_ESTABLISHED);
	flow_touch(&ref, FLOW_CLOSING, START_S + 3630);
	assert_true(is_there(table, 5, START_S + 3640));
	assert_false(is_there(table, 5, START_S + 3641));
	free(table);
}

static void a_backend_can_be_changed_and_a_flow_forgotten(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_ref ref;

	insert(table, 5, FLOW_ESTABLISHED, START_S);
	assert_true(find(table, 5, START_S, &ref));
	flow_set_backend(&ref, 4711);
	assert_true(find(table, 5, START_S, &ref));
	assert_int_equal(flow_ref_backend(&ref), 4711);
	flow_forget(&ref);
	assert_false(find(table, 5, START_S, &ref));
	free(table);
}

static void a_flow_that_begins_again_replaces_its_own_row(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_begin again = begin(5, FLOW_NEW);
	struct flow_ref ref;

	insert(table, 4, FLOW_CLOSING, START_S); // would be the better victim
	insert(table, 5, FLOW_ESTABLISHED, START_S);
	again.backend = 99;
	assert_int_equal(flow_insert(table, &again, ttls, SERVICES, START_S), FLOW_REPLACED);
	again.backend = 98; // and now another one
	assert_int_equal(flow_insert(table, &again, ttls, SERVICES, START_S), FLOW_REPLACED);
	again.backend = 99;
	assert_int_equal(flow_insert(table, &again, ttls, SERVICES, START_S), FLOW_REPLACED);
	assert_true(find(table, 5, START_S, &ref));
	assert_int_equal(flow_ref_backend(&ref), 99);
	assert_int_equal(flow_ref_state(&ref), FLOW_NEW);
	assert_true(is_there(table, 4, START_S));
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capacity_out_of_range_has_no_footprint),
		cmocka_unit_test(memory_that_cannot_hold_a_table_is_refused),
		cmocka_unit_test(a_flow_costs_32_bytes),
		cmocka_unit_test(a_capacity_is_rounded_up_to_whole_pairs),
		cmocka_unit_test(fifty_million_flows_fit_into_one_table),
		cmocka_unit_test(an_empty_table_finds_nothing),
		cmocka_unit_test(a_flow_is_found_as_it_was_inserted),
		cmocka_unit_test(tag_and_client_port_both_tell_flows_apart),
		cmocka_unit_test(a_flow_of_zeros_is_a_flow),
		cmocka_unit_test(a_flow_lives_for_the_time_of_its_state),
		cmocka_unit_test(a_touch_renews_the_time_and_sets_the_state),
		cmocka_unit_test(a_backend_can_be_changed_and_a_flow_forgotten),
		cmocka_unit_test(a_flow_that_begins_again_replaces_its_own_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
