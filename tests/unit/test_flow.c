// SPDX-License-Identifier: BSD-3-Clause
#include <flow/flow_inline.h>

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SERVICES     2u

// A clock that has wrapped before, so that no test passes by starting at zero.
#define START_S (3u * 65536u + 65000u)

static const struct flow_ttl ttls[SERVICES] = {
	{.seconds = {0, 30, 3600, 10, 60}},
	{.seconds = {0, 5, FLOW_TTL_MAX_S, 0, 5}},
};

static struct flow_table *table_new(uint64_t capacity)
{
	size_t footprint = flow_table_footprint(capacity);
	void *memory = aligned_alloc(64, (footprint + 63) / 64 * 64);

	assert_non_null(memory);
	memset(memory, 0, footprint);
	return flow_table_new(memory, capacity);
}

static struct flow_begin begin(uint64_t hash, enum flow_state state)
{
	return (struct flow_begin){
		.hash = hash,
		.client = flow_client_from_ipv4_be((uint32_t)hash | 1),
		.client_port = (uint16_t)(1000 + hash),
		.backend = (uint32_t)hash + 7,
		.state = state,
	};
}

static enum flow_inserted insert(
	struct flow_table *table, uint64_t hash, enum flow_state state, uint32_t now_s)
{
	struct flow_begin flow = begin(hash, state);

	return flow_insert(table, &flow, ttls, SERVICES, now_s);
}

static bool find(struct flow_table *table, uint64_t hash, uint32_t now_s, struct flow_ref *ref)
{
	return flow_find(table, hash, begin(hash, 0).client_port, &ttls[0], now_s, ref);
}

static bool is_there(struct flow_table *table, uint64_t hash, uint32_t now_s)
{
	struct flow_ref ref;

	return find(table, hash, now_s, &ref);
}

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

// Hashes of a table of two buckets: 'number' < 2^31.
static uint64_t in_bucket(uint64_t bucket, uint64_t number)
{
	return bucket << 63 | number;
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

struct full_bucket {
	struct {
		enum flow_state state;
		uint32_t idle_s;
	} rows[FLOW_WAYS];
	uint32_t victim;
	enum flow_inserted inserted;
};

static void a_full_bucket_gives_up_what_is_worth_least(void **state)
{
	static const struct full_bucket cases[] = {
		// a row that has expired, whatever its state
		{{{FLOW_NEW, 9}, {FLOW_CLOSING, 9}, {FLOW_ESTABLISHED, 3601}, {FLOW_NEW, 9}}, 2,
			FLOW_INSERTED},
		{{{FLOW_CLOSING, 9}, {FLOW_UDP, 61}, {FLOW_ESTABLISHED, 9}, {FLOW_NEW, 9}}, 1,
			FLOW_INSERTED},
		// closing and new before UDP before established, however old
		{{{FLOW_ESTABLISHED, 3000}, {FLOW_UDP, 50}, {FLOW_CLOSING, 0},
			 {FLOW_ESTABLISHED, 9}},
			2, FLOW_EVICTED},
		{{{FLOW_ESTABLISHED, 3000}, {FLOW_UDP, 50}, {FLOW_UDP, 9}, {FLOW_NEW, 0}}, 3,
			FLOW_EVICTED},
		{{{FLOW_ESTABLISHED, 3600}, {FLOW_ESTABLISHED, 9}, {FLOW_UDP, 0},
			 {FLOW_ESTABLISHED, 0}},
			2, FLOW_EVICTED},
		// the oldest of its kind
		{{{FLOW_CLOSING, 8}, {FLOW_NEW, 20}, {FLOW_CLOSING, 9}, {FLOW_NEW, 8}}, 1,
			FLOW_EVICTED},
		{{{FLOW_CLOSING, 10}, {FLOW_NEW, 9}, {FLOW_CLOSING, 9}, {FLOW_NEW, 8}}, 0,
			FLOW_EVICTED},
		{{{FLOW_ESTABLISHED, 1}, {FLOW_ESTABLISHED, 2}, {FLOW_ESTABLISHED, 4},
			 {FLOW_ESTABLISHED, 3}},
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
		// no place for a guest
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
			if (cases[i].inserted == FLOW_EVICTED)
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

static void a_flow_without_a_place_of_its_own_is_a_guest(void **state)
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
	assert_int_equal(insert(table, 6, FLOW_NEW, START_S), FLOW_REPEATED);
	assert_int_equal(flow_read_bucket(table, 1, ttls, SERVICES, START_S, rows), 3);
	assert_int_equal(rows[2].state, FLOW_NEW);
	// The last place is for the other bucket's own flows.
	assert_int_equal(insert(table, 7, FLOW_ESTABLISHED, START_S), FLOW_EVICTED);
	assert_false(is_there(table, 6, START_S));
	assert_int_equal(insert(table, in_bucket(1, 0), FLOW_NEW, START_S), FLOW_INSERTED);
	free(table);
}

static void what_is_left_of_a_guest_does_not_hide_its_next_row(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_ref ref;

	fill(table, 0, 6, FLOW_ESTABLISHED); // 4 and 5 are guests
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

static void a_bucket_with_a_row_worth_little_sends_no_guest(void **state)
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

static void the_pair_forgets_its_guests_when_they_are_gone(void **state)
{
	struct flow_table *table = table_new(8);
	struct flow_bucket *own = &table->buckets[0];
	struct flow_ref ref;

	fill(table, 0, 6, FLOW_ESTABLISHED);
	fill(table, 1, 1, FLOW_ESTABLISHED);
	assert_true(flow_has_guests(own));
	flow_sweep(table, 0, 2, ttls, SERVICES, START_S);
	assert_true(flow_has_guests(own));
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
	assert_true(flow_has_guests(own)); // flow 5 is one still
	assert_true(find(table, 5, START_S, &ref));
	flow_forget(&ref);
	flow_sweep(table, 0, 2, ttls, SERVICES, START_S);
	assert_false(flow_has_guests(own));
	assert_false(flow_has_guests(own + 1));
	free(table);
}

static uint64_t random_hash(void)
{
	return (uint64_t)random() << 33 ^ (uint64_t)random() << 2;
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
	struct flow_row rows[FLOW_WAYS];

	insert(table, 5, FLOW_NEW, START_S);
	assert_int_equal(flow_read_bucket(table, 0, ttls, SERVICES, START_S - 2, rows), 1);
	assert_int_equal(rows[0].idle_s, 0);
	assert_in_range(rows[0].age_s, 0, 15);
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
		assert_int_equal(sweeper.live, 1);
		free(table);
	}
}

// The model: a plain list of all flows ever, judged by the words of the header. Few buckets and ports, so that
// buckets fill up; the model then only asks that a flow was evicted, not which.
#define MODEL_FLOWS 64u

struct model_flow {
	bool known;
	uint32_t backend, seen_s;
	enum flow_state state;
};

static void model_check(struct flow_table *table, struct model_flow *model, uint64_t hash,
	uint32_t now_s, enum flow_state touch)
{
	bool live = model->known && now_s - model->seen_s <= ttls[0].seconds[model->state];
	struct flow_ref ref;

	assert_int_equal(find(table, hash, now_s, &ref), live);
	if (!live)
		return;
	assert_int_equal(flow_ref_backend(&ref), model->backend);
	assert_int_equal(flow_ref_state(&ref), model->state);
	flow_touch(&ref, touch, now_s);
	model->state = touch;
	model->seen_s = now_s;
}

// Drops from the model what an insertion evicted: at most one flow, and only if it said so.
static void model_insert(struct flow_table *table, struct model_flow *model, uint32_t flow,
	const uint64_t *hashes, uint32_t now_s, enum flow_state flow_state)
{
	struct flow_begin new = begin(hashes[flow], flow_state);
	bool live = model[flow].known &&
		    now_s - model[flow].seen_s <= ttls[0].seconds[model[flow].state];
	enum flow_inserted inserted;
	uint32_t lost = 0;

	new.backend = (uint32_t)random();
	inserted = flow_insert(table, &new, ttls, SERVICES, now_s);
	assert_int_equal(inserted == FLOW_REPLACED, live);
	model[flow] = (struct model_flow){true, new.backend, now_s, flow_state};
	for (uint32_t i = 0; i < MODEL_FLOWS; i++) {
		bool expected = model[i].known &&
				now_s - model[i].seen_s <= ttls[0].seconds[model[i].state];

		if (expected && !is_there(table, hashes[i], now_s)) {
			model[i].known = false;
			lost++;
		}
	}
	assert_int_equal(lost, inserted == FLOW_EVICTED);
}

static void random_operations_agree_with_a_plain_model(void **state)
{
	struct flow_table *table = table_new(48);
	struct model_flow model[MODEL_FLOWS] = {0};
	uint64_t hashes[MODEL_FLOWS];
	uint32_t now_s = START_S;

	srandom(1);
	for (uint32_t i = 0; i < MODEL_FLOWS; i++)
		hashes[i] = random_hash();
	for (uint32_t step = 0; step < 200000; step++) {
		uint32_t flow = (uint32_t)random() % MODEL_FLOWS;
		enum flow_state any =
			FLOW_NEW + (enum flow_state)((uint32_t)random() % (FLOW_STATES - 1));

		if (random() % 50 == 0)
			now_s += (uint32_t)random() % 40;
		if (random() % 3 == 0)
			model_insert(table, model, flow, hashes, now_s, any);
		else
			model_check(table, &model[flow], hashes[flow], now_s, any);
		flow_sweep(table, step % 12, 1, ttls, SERVICES, now_s);
	}
	free(table);
}

struct reader {
	const struct flow_table *table;
	bool stop;
	uint64_t seen;
};

static void *read_all(void *argument)
{
	struct reader *reader = argument;
	struct flow_row rows[FLOW_WAYS];

	do {
		for (uint32_t i = 0; i < flow_table_buckets(reader->table); i++)
			reader->seen +=
				flow_read_bucket(reader->table, i, ttls, SERVICES, START_S, rows);
	} while (!__atomic_load_n(&reader->stop, __ATOMIC_RELAXED));
	return NULL;
}

// For the thread sanitizer; by itself it shows that a reader sees rows while the worker writes.
static void a_reader_looks_on_while_the_worker_writes(void **state)
{
	struct flow_table *table = table_new(256);
	struct reader reader = {.table = table};
	struct flow_ref ref;
	pthread_t thread;

	insert(table, 0, FLOW_ESTABLISHED, START_S);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &reader), 0);
	srandom(2);
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t hash = (uint64_t)random() << 40 | (uint64_t)random() % 4;

		if (!find(table, hash, START_S, &ref)) {
			insert(table, hash, FLOW_NEW, START_S);
			continue;
		}
		flow_touch(&ref, FLOW_ESTABLISHED, START_S + i % 2);
		if (i % 8 == 0)
			flow_set_backend(&ref, i);
		if (i % 64 == 0)
			flow_forget(&ref);
	}
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(reader.seen > 0);
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
		cmocka_unit_test(a_full_bucket_gives_up_what_is_worth_least),
		cmocka_unit_test(a_flow_without_a_place_of_its_own_is_a_guest),
		cmocka_unit_test(what_is_left_of_a_guest_does_not_hide_its_next_row),
		cmocka_unit_test(a_bucket_with_a_row_worth_little_sends_no_guest),
		cmocka_unit_test(the_pair_forgets_its_guests_when_they_are_gone),
		cmocka_unit_test(a_table_that_is_half_full_keeps_99_in_a_hundred),
		cmocka_unit_test(a_row_of_a_service_that_is_gone_counts_as_expired),
		cmocka_unit_test(a_row_tells_a_reader_all_of_its_flow),
		cmocka_unit_test(a_reader_whose_clock_is_behind_sees_a_fresh_row),
		cmocka_unit_test(a_sweep_clears_what_expired_and_counts_the_rest),
		cmocka_unit_test(a_row_that_nobody_touches_never_looks_young_again),
		cmocka_unit_test(the_age_of_a_flow_that_lives_for_days_stops_and_never_wraps),
		cmocka_unit_test(the_sweeper_goes_round_in_its_period_by_small_steps),
		cmocka_unit_test(random_operations_agree_with_a_plain_model),
		cmocka_unit_test(a_reader_looks_on_while_the_worker_writes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
