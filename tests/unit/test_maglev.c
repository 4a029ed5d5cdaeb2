// SPDX-License-Identifier: BSD-3-Clause
#include <maglev/maglev.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MEMBERS      1000u
#define SIZE         MAGLEV_SIZE_DEFAULT

static char names[MEMBERS][16];
static struct maglev_member pool[MEMBERS];

// A pool of 'count' members, named b0 .. and of weight 100.
static void set_pool(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		snprintf(names[i], sizeof(names[i]), "b%u", i);
		pool[i] = (struct maglev_member){names[i], 100};
	}
}

static struct maglev *build(uint32_t count, uint32_t size)
{
	struct maglev *table = NULL;
	struct error err = {""};

	if (maglev_build(pool, count, size, &table, &err) != 0)
		fail_msg("%s", err.text);
	return table;
}

static void count_slots(const struct maglev *table, uint32_t counts[MEMBERS])
{
	memset(counts, 0, MEMBERS * sizeof(counts[0]));
	for (uint32_t i = 0; i < table->size; i++)
		counts[table->slots[i]]++;
}

// The slots whose owner changed although it is neither 'touched' before nor after.
static uint32_t count_collateral(
	const struct maglev *before, const struct maglev *after, uint16_t touched)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < before->size; i++)
		moved += before->slots[i] != after->slots[i] && before->slots[i] != touched &&
			 after->slots[i] != touched;
	return moved;
}

static void a_table_that_cannot_be_is_refused(void **state)
{
	static const struct maglev_member fine[] = {{"a", 1}, {"b", 2}};
	static const struct maglev_member twice[] = {{"a", 1}, {"b", 2}, {"a", 3}};
	static const struct maglev_member heavy[] = {{"a", 1}, {"b", MAGLEV_WEIGHT_MAX + 1}};
	static const struct maglev_member idle[] = {{"a", 0}, {"b", 0}};
	static const struct {
		const struct maglev_member *members;
		uint32_t count, size;
		const char *says;
	} bad[] = {
		{fine, 2, 0, "prime"},
		{fine, 2, 1, "prime"},
		{fine, 2, 2, "prime"}, // as many slots as members
		{fine, 2, 9, "prime"},
		{fine, 2, 65536, "prime"},
		{fine, 2, 655374, "prime"},
		{fine, 2, 4294967291u, "prime"}, // one, but too large
		{twice, 3, SIZE, "'a'"},
		{heavy, 2, SIZE, "'b'"},
		{idle, 2, SIZE, "weight"},
		{fine, 0, SIZE, "weight"},
		{fine, MAGLEV_MEMBERS_MAX + 1, MAGLEV_SIZE_LARGE, "more than"},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct maglev *table = NULL;
		struct error err = {""};

		assert_int_equal(
			maglev_build(bad[i].members, bad[i].count, bad[i].size, &table, &err),
			-EINVAL);
		assert_null(table);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_int_equal(
			maglev_build(bad[i].members, bad[i].count, bad[i].size, &table, NULL),
			-EINVAL);
	}
}

static void equal_weights_get_equal_shares(void **state)
{
	static const uint32_t pools[] = {1, 2, 3, 10, 100};
	static const uint32_t sizes[] = {MAGLEV_SIZE_DEFAULT, MAGLEV_SIZE_LARGE};
	uint32_t counts[MEMBERS];

	for (size_t p = 0; p < COUNT(pools); p++) {
		for (size_t s = 0; s < COUNT(sizes); s++) {
			struct maglev *table;

			set_pool(pools[p]);
			table = build(pools[p], sizes[s]);
			count_slots(table, counts);
			for (uint32_t i = 0; i < pools[p]; i++)
				assert_in_range(
					counts[i], sizes[s] / pools[p], sizes[s] / pools[p] + 1);
			maglev_release(table);
		}
	}
}

static void shares_match_weights_within_a_hundredth(void **state)
{
	static const uint32_t weights[][3] = {
		{1, 10, 100}, {100, 1, 10}, {3, 2, 7}, {65535, 65534, 32768}, {655, 6553, 65535}};
	uint32_t counts[MEMBERS];

	for (size_t w = 0; w < COUNT(weights); w++) {
		double sum = (double)weights[w][0] + weights[w][1] + weights[w][2];
		struct maglev *table;

		set_pool(3);
		for (uint32_t i = 0; i < 3; i++)
			pool[i].weight = weights[w][i];
		table = build(3, SIZE);
		count_slots(table, counts);
		for (uint32_t i = 0; i < 3; i++) {
			double share = (double)weights[w][i] / sum * SIZE;

			assert_true(counts[i] > share * 0.99 && counts[i] < share * 1.01);
		}
		maglev_release(table);
	}
}

static void a_weight_of_zero_takes_no_slot_and_moves_none(void **state)
{
	uint32_t counts[MEMBERS];
	struct maglev *with, *without;

	set_pool(11);
	without = build(10, SIZE);
	pool[10].weight = 0;
	with = build(11, SIZE);
	count_slots(with, counts);
	assert_int_equal(counts[10], 0);
	assert_memory_equal(with->slots, without->slots, SIZE * sizeof(with->slots[0]));
	maglev_release(with);
	maglev_release(without);
}

static void only_the_ratio_of_weights_counts(void **state)
{
	struct maglev *small, *large;

	set_pool(10);
	pool[3].weight = 50;
	small = build(10, SIZE);
	for (uint32_t i = 0; i < 10; i++)
		pool[i].weight *= 7;
	large = build(10, SIZE);
	assert_memory_equal(small->slots, large->slots, SIZE * sizeof(small->slots[0]));
	maglev_release(small);
	maglev_release(large);
}

// Each of them in turn: under 1% of the slots that were not its own.
static void removing_one_of_ten_moves_little_else(void **state)
{
	set_pool(10);
	for (uint16_t gone = 0; gone < 10; gone++) {
		struct maglev *before, *after;

		pool[gone].weight = 100;
		before = build(10, SIZE);
		pool[gone].weight = 0;
		after = build(10, SIZE);
		pool[gone].weight = 100;
		assert_in_range(count_collateral(before, after, gone), 1, SIZE * 9 / 10 / 100);
		maglev_release(before);
		maglev_release(after);
	}
}

static void halving_one_weight_in_a_hundred_moves_little_else(void **state)
{
	set_pool(100);
	for (uint16_t changed = 0; changed < 100; changed += 9) {
		struct maglev *before, *after;

		before = build(100, SIZE);
		pool[changed].weight = 50;
		after = build(100, SIZE);
		pool[changed].weight = 100;
		assert_in_range(count_collateral(before, after, changed), 1, SIZE / 100);
		maglev_release(before);
		maglev_release(after);
	}
}

static void the_order_of_members_does_not_matter(void **state)
{
	struct maglev *forward, *shuffled;

	set_pool(100);
	for (uint32_t i = 0; i < 100; i++)
		pool[i].weight = 1 + i % 7;
	forward = build(100, SIZE);
	for (uint32_t i = 0; i < 100; i++)
		pool[i * 37 % 100] = (struct maglev_member){names[i], 1 + i % 7};
	shuffled = build(100, SIZE);
	for (uint32_t i = 0; i < SIZE; i++)
		assert_int_equal(forward->slots[i] * 37 % 100, shuffled->slots[i]);
	maglev_release(forward);
	maglev_release(shuffled);
}

static uint64_t digest_of(const struct maglev *table)
{
	uint64_t digest = 0xcbf29ce484222325; // FNV-1a over the slots, low byte first

	for (uint32_t i = 0; i < table->size; i++) {
		digest = (digest ^ (table->slots[i] & 0xff)) * 0x100000001b3;
		digest = (digest ^ (table->slots[i] >> 8)) * 0x100000001b3;
	}
	return digest;
}

// If this fails, balancers of two versions choose differently, and an upgrade of a fleet, one by
// one, breaks connections. The figures were computed by another program, written from the paper
// alone.
static void every_machine_and_version_builds_the_same_table(void **state)
{
	struct maglev *table;

	set_pool(10);
	table = build(10, SIZE);
	assert_int_equal(digest_of(table), 0x82d3362bf0e848d3);
	maglev_release(table);
	pool[2].weight = 1;
	pool[5].weight = 33;
	pool[7].weight = 250;
	table = build(10, SIZE);
	assert_int_equal(digest_of(table), 0xb6f4ff4fb98583c0);
	maglev_release(table);
}

static void hashes_reach_every_slot_evenly(void **state)
{
	struct maglev *table;
	uint32_t *hits = calloc(SIZE, sizeof(*hits));

	set_pool(3);
	table = build(3, SIZE);
	assert_int_equal(maglev_slot(table, 0), 0);
	assert_int_equal(maglev_slot(table, UINT64_MAX), SIZE - 1);
	for (uint64_t i = 0; i < SIZE * 16ull; i++) {
		uint64_t hash = (i << 32) / (SIZE * 16ull) << 32;

		hits[maglev_slot(table, hash)]++;
		assert_int_equal(
			maglev_lookup(table, hash), table->slots[maglev_slot(table, hash)]);
	}
	for (uint32_t i = 0; i < SIZE; i++)
		assert_in_range(hits[i], 15, 17);
	maglev_release(table);
	free(hits);
}

static void few_heavy_and_many_light_members_share_exactly(void **state)
{
	uint32_t counts[MEMBERS];
	struct maglev *table;

	set_pool(MEMBERS);
	for (uint32_t i = 1; i < MEMBERS; i++)
		pool[i].weight = 1;
	pool[0].weight = 65535;
	table = build(MEMBERS, SIZE);
	count_slots(table, counts);
	assert_in_range(counts[0], 64500, 64600); // 65535 / (65535 + 999) of the slots
	maglev_release(table);
}

static void a_table_lives_until_its_last_holder_releases_it(void **state)
{
	struct maglev *table;

	set_pool(3);
	table = build(3, SIZE);
	assert_ptr_equal(maglev_hold(table), table);
	maglev_release(table);
	assert_in_range(maglev_lookup(table, 7ull << 60), 0, 2); // the address sanitizer watches
	maglev_release(table);
	maglev_release(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_that_cannot_be_is_refused),
		cmocka_unit_test(equal_weights_get_equal_shares),
		cmocka_unit_test(shares_match_weights_within_a_hundredth),
		cmocka_unit_test(a_weight_of_zero_takes_no_slot_and_moves_none),
		cmocka_unit_test(only_the_ratio_of_weights_counts),
		cmocka_unit_test(removing_one_of_ten_moves_little_else),
		cmocka_unit_test(halving_one_weight_in_a_hundred_moves_little_else),
		cmocka_unit_test(the_order_of_members_does_not_matter),
		cmocka_unit_test(every_machine_and_version_builds_the_same_table),
		cmocka_unit_test(hashes_reach_every_slot_evenly),
		cmocka_unit_test(few_heavy_and_many_light_members_share_exactly),
		cmocka_unit_test(a_table_lives_until_its_last_holder_releases_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
