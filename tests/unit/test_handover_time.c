// SPDX-License-Identifier: BSD-3-Clause
// The time that a handover takes, and the time between its two daemons.
#include "handover_room.h"

#include <errno.h>
#include <flow/flow_inline.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

// Two flows of a daemon that ended so long ago: one has much of its time left, and one has a
// minute.
static int32_t clock_ahead_s; // so far the wall clock was set meanwhile
static bool is_rebooted;

static void save_before(struct room *room, uint32_t ago_s)
{
	struct flows_writer *writer;
	struct flows_mark mark;

	room_start(room, 1);
	handover_mark(&room->side.handover, &mark);
	mark.saved_s -= ago_s + (uint32_t)clock_ahead_s;
	mark.boot_s -= ago_s;
	if (is_rebooted)
		mark.boot++;
	assert_int_equal(flows_writer_new(room->folder, FLOWS_FILE_PLANNED, &mark, NULL, &writer,
				 &room->err),
		0);
	flows_writer_add_name(writer, FLOWS_ITEM_SERVICE, "web");
	flows_writer_add_name(writer, FLOWS_ITEM_BACKEND, "one/b");
	for (uint32_t i = 0; i < 2; i++) {
		struct flows_record record = {.saved = {.client_port = be16((uint16_t)(40000 + i)),
						      .client = flow_client_from_ipv4_be(1 + i),
						      .state = FLOW_ESTABLISHED,
						      .hash = mixed(i),
						      .idle_s = i == 0 ? 100 : 14400 - 60}};

		flows_writer_add_row(writer, &record);
	}
	assert_int_equal(flows_writer_close(writer, &room->err), 0);
	room_start(room, 1);
}

static void the_time_between_counts(void **state)
{
	struct room *room = *state;
	struct flow_row row;

	save_before(room, 120);
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(room->count.expired, 1);
	assert_int_equal(room->count.done, 1);
	assert_true(side_find(&room->side, 0, mixed(0), 40000, &row));
	assert_true(is_about(row.idle_s, 220, 0));
	assert_true(is_about(row.age_s, 120, 16));
}

static void flows_of_long_ago_are_left_out(void **state)
{
	struct room *room = *state;

	save_before(room, HANDOVER_VALID_S + 2);
	assert_int_equal(room_restore(room), -ESTALE);
	assert_string_equal(
		room->err.text, "the flows are of 15 minutes ago, and too old after 15");
	assert_int_equal(room_count_rows(room, 0), 0);
	assert_int_not_equal(access(room->path, F_OK), 0);
}

static void a_clock_that_was_set_back_ages_nothing(void **state)
{
	struct room *room = *state;
	struct flow_row row;

	is_rebooted = true;
	save_before(room, (uint32_t)-3600);
	is_rebooted = false;
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(room->count.done, 2);
	assert_true(side_find(&room->side, 0, mixed(0), 40000, &row));
	assert_true(is_about(row.idle_s, 100, 0));
}

// Within one boot the time between the daemons is not the wall clock's.
static void a_clock_that_is_set_between_changes_nothing(void **state)
{
	static const int32_t ahead_s[] = {3600, -3600, 86400};

	for (size_t i = 0; i < sizeof(ahead_s) / sizeof(ahead_s[0]); i++) {
		struct room *room = *state;
		struct flow_row row;

		clock_ahead_s = ahead_s[i];
		save_before(room, 120);
		clock_ahead_s = 0;
		assert_int_equal(room_restore(room), 0);
		assert_int_equal(room->count.done, 1);
		assert_true(side_find(&room->side, 0, mixed(0), 40000, &row));
		assert_true(is_about(row.idle_s, 220, 0));
	}
}

static void after_a_reboot_the_wall_clock_tells_the_time_between(void **state)
{
	struct room *room = *state;
	struct flow_row row;

	is_rebooted = true;
	clock_ahead_s = 60;
	save_before(room, 120);
	clock_ahead_s = 0;
	is_rebooted = false;
	assert_int_equal(room_restore(room), 0);
	assert_true(side_find(&room->side, 0, mixed(0), 40000, &row));
	assert_true(is_about(row.idle_s, 280, 0));
}

static void a_save_ends_when_its_time_is_over(void **state)
{
	struct room *room = *state;

	room_start(room, 1);
	room_add_all(room);
	room->side.budget_ns = 0;
	assert_int_equal(room_save(room), 0);
	assert_true(room->count.is_cut);
	assert_int_equal(room->count.done, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_enter, room_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_time_between_counts),
		TEST(flows_of_long_ago_are_left_out),
		TEST(a_clock_that_was_set_back_ages_nothing),
		TEST(a_clock_that_is_set_between_changes_nothing),
		TEST(after_a_reboot_the_wall_clock_tells_the_time_between),
		TEST(a_save_ends_when_its_time_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
