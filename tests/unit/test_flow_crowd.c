// SPDX-License-Identifier: BSD-3-Clause
// More flows than a bucket holds: who stays, who goes, and who is an overflow entry next door.
#include "flow_room.h"

struct full_bucket {
	struct {
		enum flow_state state;
		uint32_t idle_s;
	} rows[FLOW_WAYS];
	uint32_t victim;
	enum flow_inserted inserted;
};

static void a_full_bucket_gives_up_what_has_the_least_priority(void **state)
{
	static const struct full_bucket cases[] = {
		// a row that has expired, whatever its state
		{{{FLOW_NEW, 9}, {FLOW_CLOSING, 9}, {FLOW_ESTABLISHED, 3601}, {FLOW_NEW, 9}}, 2,
			FLOW_INSERTED},
		{{{FLOW_CLOSING, 9}, {FLOW_UDP, 61}, {FLOW_ESTABLISHED, 9}, {FLOW_NEW, 9}}, 1,
			FLOW_INSERTED},
		// new before closing, finished, half closed, UDP and established, however old
		{{{FLOW_ESTABLISHED, 3000}, {FLOW_UDP, 50}, {FLOW_CLOSING, 0},
			 {FLOW_ESTABLISHED, 9}},
			2, FLOW_CLEARED},
		{{{FLOW_CLOSING, 9}, {FLOW_FINISHED, 9}, {FLOW_HALF_CLOSED, 9}, {FLOW_NEW, 0}}, 3,
			FLOW_EVICTED},
		{{{FLOW_UDP, 50}, {FLOW_FINISHED, 9}, {FLOW_HALF_CLOSED, 9}, {FLOW_CLOSING, 0}}, 3,
			FLOW_CLEARED},
		{{{FLOW_UDP, 50}, {FLOW_FINISHED, 0}, {FLOW_HALF_CLOSED, 9}, {FLOW_UDP, 0}}, 1,
			FLOW_CLEARED},
		{{{FLOW_UDP, 50}, {FLOW_ESTABLISHED, 9}, {FLOW_HALF_CLOSED, 0}, {FLOW_UDP, 0}}, 2,
			FLOW_CLEARED},
		{{{FLOW_ESTABLISHED, 3000}, {FLOW_UDP, 50}, {FLOW_UDP, 9}, {FLOW_NEW, 0}}, 3,
			FLOW_EVICTED},
		{{{FLOW_ESTABLISHED, 3600}, {FLOW_ESTABLISHED, 9}, {FLOW_UDP, 0},
			 {FLOW_ESTABLISHED, 0}},
			2, FLOW_EVICTED},
		// the oldest of its kind
		{{{FLOW_CLOSING, 8}, {FLOW_NEW, 20}, {FLOW_CLOSING, 9}, {FLOW_NEW, 8}}, 1,
			FLOW_EVICTED},
		{{{FLOW_CLOSING, 5}, {FLOW_UDP, 9}, {FLOW_CLOSING, 9}, {FLOW_UDP, 8}}, 2,
			FLOW_CLEARED},
		{{{FLOW_ESTABLISHED, 1}, {FLOW_ESTABLISHED, 6}, {FLOW_ESTABLISHED, 16},
			 {FLOW_ESTABLISHED, 11}},
			2, FLOW_EVICTED},
		{{{FLOW_ESTABLISHED, 0}, {FLOW_ESTABLISHED, 0}, {FLOW_ESTABLISHED, 0},
			 {FLOW_ESTABLISHED, 0}},
			0, FLOW_EVICTED},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct flow_table *table = table_new(8);
		struct flow_ref ref;

		for (uint64_t way = 0; way < FLOW_WAYS; way++)
			insert(table, way, FLOW_ESTABLISHED, START_S - 3601);
		// no place for an overflow entry
		for (uint64_t way = 0; way < FLOW_WAYS; way++)
			insert(table, in_bucket(1, way), FLOW_ESTABLISHED, START_S);
		for (uint64_t way = 0; way < FLOW_WAYS; way++) {
			assert_true(find(table, way, START_S - 3601, &ref));
			flow_touch(&ref, cases[i].rows[way].state,
				START_S - cases[i].rows[way].idle_s);
		}
		assert_int_equal(insert(table, 100, FLOW_NEW, START_S), cases[i].inserted);
		assert_true(is_there(table, 100, START_S));
		for (uint32_t way = 0; way < FLOW_WAYS; way++)
			if (cases[i].inserted != FLOW_INSERTED)
				assert_int_equal(
					is_there(table, way, START_S), way != cases[i].victim);
		assert_false(is_there(table, cases[i].victim, START_S));
		free(table);
	}
}

static void fill(struct flow_table *table, uint64_t bucket, uint64_t count, enum flow_state state)
{
	for (uint64_t i = 0; i < count; i++)
		assert_int_equal(
			insert(table, in_bucket(bucket, i), state, START_S), FLOW_INSERTED);
}

static void a_flow_without_a_place_of_its_own_is_an_overflow_entry(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_row rows[FLOW_WAYS];

	fill(table, 0, 7, FLOW_ESTABLISHED);
	assert_int_equal(flow_read_bucket(table, 1, ttls, SERVICES, START_S, rows), 3);
	assert_int_equal(rows[2].backend, begin(6, 0).backend);
	for (uint64_t i = 0; i < 7; i++)
		assert_true(is_there(table, i, START_S));
	// It begins again in the same row, and there is no other.
	assert_int_equal(insert(table, 6, FLOW_NEW, START_S), FLOW_REPLACED);
	assert_int_equal(flow_read_bucket(table, 1, ttls, SERVICES, START_S, rows), 3);
	assert_int_equal(rows[2].state, FLOW_NEW);
	// The last place is for the other bucket's own flows.
	assert_int_equal(insert(table, 7, FLOW_ESTABLISHED, START_S), FLOW_EVICTED);
	assert_false(is_there(table, 6, START_S));
	assert_int_equal(insert(table, in_bucket(1, 0), FLOW_NEW, START_S), FLOW_INSERTED);
	free(table);
}

static void what_is_left_of_an_overflow_entry_does_not_hide_its_next_row(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_ref ref;

	fill(table, 0, 6, FLOW_ESTABLISHED); // 4 and 5 are overflow entries
	for (uint64_t hash = 4; hash < 6; hash++) {
		assert_true(find(table, hash, START_S, &ref));
		flow_forget(&ref);
	}
	flow_sweep(table, 0, 2, ttls, SERVICES, START_S);
	assert_int_equal(insert(table, 5, FLOW_NEW, START_S), FLOW_INSERTED);
	assert_int_equal(insert(table, 4, FLOW_NEW, START_S), FLOW_INSERTED);
	assert_true(is_there(table, 5, START_S));
	assert_true(is_there(table, 4, START_S));
	free(table);
}

static void a_bucket_with_a_row_of_little_priority_sends_no_overflow_entry(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_row rows[FLOW_WAYS];

	fill(table, 0, 3, FLOW_ESTABLISHED);
	insert(table, 3, FLOW_NEW, START_S);
	assert_int_equal(insert(table, 4, FLOW_NEW, START_S), FLOW_EVICTED);
	assert_int_equal(flow_read_bucket(table, 1, ttls, SERVICES, START_S, rows), 0);
	assert_false(is_there(table, 3, START_S));
	free(table);
}

static void the_pair_forgets_its_overflow_entries_when_they_are_gone(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_bucket *own = &table->buckets[0];
	struct flow_ref ref;

	fill(table, 0, 6, FLOW_ESTABLISHED);
	fill(table, 1, 1, FLOW_ESTABLISHED);
	assert_true(flow_has_overflow(own));
	flow_sweep(table, 0, 2, ttls, SERVICES, START_S);
	assert_true(flow_has_overflow(own));
	// not by what happens to way 0, which keeps the mark
	assert_true(find(table, 0, START_S, &ref));
	flow_touch(&ref, FLOW_CLOSING, START_S);
	flow_forget(&ref);
	insert(table, 100, FLOW_NEW, START_S);
	assert_true(find(table, 100, START_S, &ref));
	assert_int_equal(ref.way, 0);
	assert_true(is_there(table, 5, START_S));

	assert_true(find(table, 4, START_S, &ref));
	flow_forget(&ref);
	flow_sweep(table, 0, 2, ttls, SERVICES, START_S);
	assert_true(flow_has_overflow(own)); // flow 5 is one still
	assert_true(find(table, 5, START_S, &ref));
	flow_forget(&ref);
	flow_sweep(table, 0, 2, ttls, SERVICES, START_S);
	assert_false(flow_has_overflow(own));
	assert_false(flow_has_overflow(own + 1));
	free(table);
}

static void a_table_that_is_half_full_keeps_99_in_a_hundred(void **state)
{
	enum { CAPACITY = 80000 };
	static uint64_t hashes[CAPACITY / 2];
	struct flow_table *table = table_new(CAPACITY);
	uint32_t kept = 0;

	srandom(3);
	for (uint32_t i = 0; i < CAPACITY / 2; i++) {
		hashes[i] = random_hash();
		insert(table, hashes[i], FLOW_ESTABLISHED, START_S);
	}
	for (uint32_t i = 0; i < CAPACITY / 2; i++)
		kept += is_there(table, hashes[i], START_S);
	assert_in_range(kept, CAPACITY / 2 * 99 / 100, CAPACITY / 2);
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_bucket_gives_up_what_has_the_least_priority),
		cmocka_unit_test(a_flow_without_a_place_of_its_own_is_an_overflow_entry),
		cmocka_unit_test(what_is_left_of_an_overflow_entry_does_not_hide_its_next_row),
		cmocka_unit_test(a_bucket_with_a_row_of_little_priority_sends_no_overflow_entry),
		cmocka_unit_test(the_pair_forgets_its_overflow_entries_when_they_are_gone),
		cmocka_unit_test(a_table_that_is_half_full_keeps_99_in_a_hundred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
