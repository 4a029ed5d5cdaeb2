// SPDX-License-Identifier: BSD-3-Clause
#include <running/registry.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define CAPACITY 8

// Names are the letters of a string.
static void letter(const void *letters, uint32_t at, char name[REGISTRY_NAME_SIZE])
{
	name[0] = ((const char *)letters)[at];
	name[1] = '\0';
}

static int plan(struct registry *registry, const char *letters, struct registry_plan *out)
{
	uint32_t known[32];
	char name[REGISTRY_NAME_SIZE];

	for (uint32_t i = 0; letters[i] != '\0'; i++) {
		letter(letters, i, name);
		known[i] = registry_find(registry, name);
	}
	return registry_plan(registry, (uint32_t)strlen(letters), known, out);
}

static void set(struct registry *registry, const char *letters)
{
	struct registry_plan out;

	assert_int_equal(plan(registry, letters, &out), 0);
	registry_carry_out(registry, &out, letter, letters);
	for (uint32_t i = 0; i < out.count; i++) {
		const struct registry_entry *entry = &registry->entries[out.indexes[i]];

		assert_true(entry->is_used);
		assert_int_equal(entry->name[0], letters[i]);
		assert_int_equal(entry->generation, out.generations[i]);
	}
	assert_int_equal(registry->map.count, out.count);
	assert_int_equal(registry->free_count, CAPACITY - out.count);
	registry_plan_free(&out);
}

static int enter(void **state)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	*state = registry;
	return registry_init(registry, CAPACITY);
}

static int leave(void **state)
{
	registry_free(*state);
	free(*state);
	return 0;
}

static void more_names_than_room_are_refused_and_change_nothing(void **state)
{
	struct registry *registry = *state;
	struct registry_plan out;

	set(registry, "ab");
	assert_int_equal(plan(registry, "abcdefghi", &out), -ENOSPC);
	registry_plan_free(&out);
	assert_int_equal(registry->map.count, 2);
	assert_int_equal(registry_find(registry, "c"), REGISTRY_NONE);
	assert_int_not_equal(registry_find(registry, "a"), REGISTRY_NONE);
}

static void a_plan_alone_changes_nothing(void **state)
{
	struct registry *registry = *state;
	struct registry_plan out;

	set(registry, "ab");
	assert_int_equal(plan(registry, "xyz", &out), 0);
	registry_plan_free(&out);
	assert_int_equal(registry->map.count, 2);
	assert_int_equal(registry_find(registry, "x"), REGISTRY_NONE);
}

static void an_index_stays_while_its_name_does(void **state)
{
	struct registry *registry = *state;
	uint32_t index;

	set(registry, "abc");
	index = registry_find(registry, "b");
	set(registry, "zbya");
	assert_int_equal(registry_find(registry, "b"), index);
	assert_int_equal(registry->entries[index].generation, 0);
}

static void an_index_stays_when_its_owner_has_another_name(void **state)
{
	struct registry *registry = *state;
	uint32_t index;

	set(registry, "abc");
	index = registry_find(registry, "b");
	registry_rename(registry, index, "z");
	assert_int_equal(registry_find(registry, "z"), index);
	assert_int_equal(registry_find(registry, "b"), REGISTRY_NONE);
	set(registry, "azc");
	assert_int_equal(registry_find(registry, "z"), index);
	assert_int_equal(registry->entries[index].generation, 0);
}

static void a_free_index_is_given_out_again_as_late_as_possible(void **state)
{
	struct registry *registry = *state;

	set(registry, "abcd"); // 0 to 3
	set(registry, "bcd"); // 0 is free, behind 4 to 7
	set(registry, "bcdefgh");
	assert_false(registry->entries[0].is_used);
	set(registry, "bcdefghi");
	assert_int_equal(registry_find(registry, "i"), 0);
}

static void another_owner_of_an_index_has_another_generation(void **state)
{
	struct registry *registry = *state;
	struct registry_plan out;

	set(registry, "abcdefgh");
	// Full: who comes takes over from who goes, at once.
	assert_int_equal(plan(registry, "xbcdefgh", &out), 0);
	assert_true(out.is_new[0]);
	assert_false(out.is_new[1]);
	assert_int_equal(out.indexes[0], 0);
	assert_int_equal(out.generations[0], 1);
	registry_plan_free(&out);
	set(registry, "xbcdefgh");
	set(registry, "abcdefgh"); // the old name is a stranger, too
	assert_int_equal(registry->entries[0].generation, 2);
}

static void a_whole_set_can_be_exchanged_when_there_is_no_room_for_both(void **state)
{
	struct registry *registry = *state;

	set(registry, "abcdefgh");
	set(registry, "ijklmnop");
	set(registry, "");
	assert_int_equal(registry->map.count, 0);
}

static void generations_go_round(void **state)
{
	struct registry *registry = *state;

	set(registry, "abcdefgh");
	for (int i = 0; i < 256; i++)
		set(registry, i % 2 == 0 ? "xbcdefgh" : "abcdefgh");
	assert_int_equal(registry->entries[0].generation, 0);
}

static void many_random_sets_keep_every_rule(void **state)
{
	struct registry *registry = *state;

	srand(1);
	for (int i = 0; i < 2000; i++) {
		char letters[CAPACITY + 1] = "";
		size_t count = 0;

		for (char c = 'a'; c <= 'z' && count < CAPACITY; c++) {
			if (rand() % 4 == 0)
				letters[count++] = c;
		}
		set(registry, letters);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(more_names_than_room_are_refused_and_change_nothing),
		TEST(a_plan_alone_changes_nothing),
		TEST(an_index_stays_while_its_name_does),
		TEST(an_index_stays_when_its_owner_has_another_name),
		TEST(a_free_index_is_given_out_again_as_late_as_possible),
		TEST(another_owner_of_an_index_has_another_generation),
		TEST(a_whole_set_can_be_exchanged_when_there_is_no_room_for_both),
		TEST(generations_go_round),
		TEST(many_random_sets_keep_every_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
