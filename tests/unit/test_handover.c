// SPDX-License-Identifier: BSD-3-Clause
// What a flow is to the next daemon.
#include "handover_room.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

// The same backends and services, and others that had their indexes before.
static const char yaml_before[] =
	"services:\n"
	"  - {name: old, vip: 203.0.113.99, protocol: tcp, port: 80, pool: old}\n"
	"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: two}\n"
	"pools:\n"
	"  - {name: two, backends: [{name: z, address: 10.0.0.9}, {name: a, address: 10.0.0.3}]}\n"
	"  - {name: old, backends: [{name: x, address: 10.0.0.7}, {name: y, address: 10.0.0.8}]}\n";

static const char yaml_less[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: b, address: 10.0.0.2}]}\n";

static const char yaml_other_key[] =
	"hash_key: 000102030405060708090a0b0c0d0e0f\n"
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"  - {name: many, vip: 203.0.113.11, protocol: tcp, ports: 1000-1999, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n";

static void a_flow_is_the_same_in_the_next_daemon(void **state)
{
	struct room *room = *state;
	struct stat file;

	room_save_all(room, NULL, 2);
	assert_int_equal(stat(room->path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0600);
	room_start(room, 2);
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(room->count.done, FLOWS);
	for (uint32_t i = 0; i < FLOWS; i++) {
		room_assert_knows(room, i % 2, &room_flows[i]);
		assert_false(room_knows(room, (i + 1) % 2, &room_flows[i]));
	}
	assert_int_equal(room_restore(room), -ENOENT);
}

static void a_flow_follows_the_names_and_not_the_numbers(void **state)
{
	static const char *const before[][2] = {{yaml_before, NULL}, {NULL, yaml_before}};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(before); i++) {
		room_save_all(room, before[i][0], 1);
		room_start_as(room, before[i][1], room_yaml, 1, HANDOVER_CAPACITY);
		assert_int_equal(room_restore(room), 0);
		for (size_t f = 0; f < FLOWS; f++)
			room_assert_knows(room, 0, &room_flows[f]);
	}
}

static void a_flow_of_what_is_gone_is_left_out(void **state)
{
	struct room *room = *state;

	room_save_all(room, NULL, 1);
	room_start_as(room, NULL, yaml_less, 1, HANDOVER_CAPACITY);
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(room->count.unknown, 4);
	assert_int_equal(room->count.done, 2);
	assert_int_equal(room_count_rows(room, 0), 2);
	room_assert_knows(room, 0, &room_flows[1]);
	room_assert_knows(room, 0, &room_flows[2]);
}

static void a_row_whose_backend_went_before_is_not_saved(void **state)
{
	struct room *room = *state;

	room_start(room, 1);
	room_add(room, 0, &room_flows[0]);
	room_add(room, 0, &room_flows[1]);
	room->side.running.now->backends[0] += 1u
					       << BACKEND_INDEX_BITS; // another one has its index
	assert_int_equal(room_save(room), 0);
	assert_int_equal(room->count.unknown, 1);
	assert_int_equal(room->count.done, 1);
	assert_int_equal(unlink(room->path), 0);
}

static void every_worker_knows_a_flow_where_they_are_more_or_fewer(void **state)
{
	static const uint32_t workers[][2] = {{1, 3}, {3, 1}, {2, 3}};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(workers); i++) {
		room_save_all(room, NULL, workers[i][0]);
		room_start(room, workers[i][1]);
		assert_int_equal(room_restore(room), 0);
		assert_int_equal(room->count.done, FLOWS);
		for (uint32_t w = 0; w < workers[i][1]; w++) {
			for (size_t f = 0; f < FLOWS; f++)
				room_assert_knows(room, w, &room_flows[f]);
		}
	}
}

static void every_worker_knows_a_flow_where_packets_are_spread_by_another_key(void **state)
{
	struct room *room = *state;

	room_save_all(room, NULL, 2);
	room_start(room, 2);
	room->side.port.rss_indirection.key[0]++;
	assert_int_equal(room_restore(room), 0);
	for (size_t f = 0; f < FLOWS; f++) {
		room_assert_knows(room, 0, &room_flows[f]);
		room_assert_knows(room, 1, &room_flows[f]);
	}
}

static void of_two_rows_the_one_with_the_later_packet_counts(void **state)
{
	struct flow early = room_flows[0], late = room_flows[0];
	struct room *room = *state;

	late.backend = "one/b";
	early.idle_s = 500;
	for (uint32_t swapped = 0; swapped < 2; swapped++) {
		room_start(room, 2);
		room_add(room, swapped, &early);
		room_add(room, 1 - swapped, &late);
		assert_int_equal(room_save(room), 0);
		room_start(room, 1);
		assert_int_equal(room_restore(room), 0);
		assert_int_equal(room_count_rows(room, 0), 1);
		room_assert_knows(room, 0, &late);
	}
}

// In tables of another size, and under another key, a flow's place follows from its packets.
static void a_flow_finds_its_place_in_another_table(void **state)
{
	static const struct flow ranged = {
		"many", "one/a", "198.51.100.7", 40009, FLOW_ESTABLISHED, 16, 1};
	static const struct {
		const char *yaml;
		uint64_t capacity;
	} next[] = {{room_yaml, 4096}, {room_yaml, 64}, {yaml_other_key, HANDOVER_CAPACITY}};
	struct room *room = *state;

	for (size_t i = 0; i < COUNT(next); i++) {
		room_start(room, 1);
		for (size_t f = 0; f < 4; f++)
			room_add(room, 0, &room_flows[f]);
		room_add(room, 0, &ranged);
		assert_int_equal(room_save(room), 0);
		room_start_as(room, NULL, next[i].yaml, 1, next[i].capacity);
		assert_int_equal(room_restore(room), 0);
		assert_int_equal(room->count.done, 4);
		assert_int_equal(room->count.unplaced, 1);
		for (size_t f = 0; f < 4; f++)
			room_assert_knows(room, 0, &room_flows[f]);
	}
}

#define MANY 60000u

static uint32_t count_found(const struct side *side)
{
	struct flow_row row;
	uint32_t found = 0;

	for (uint32_t i = 0; i < MANY; i++)
		found += side_find(side, 0, mixed(i), (uint16_t)i, &row);
	return found;
}

static void many_flows_come_back_all(void **state)
{
	struct room *room = *state;
	uint32_t live;

	room_start_as(room, NULL, room_yaml, 1, 65536);
	for (uint32_t i = 0; i < MANY; i++)
		side_add(&room->side, 0, mixed(i), "198.51.100.7", (uint16_t)i, "web", "one/a",
			FLOW_ESTABLISHED, 0, 0);
	live = count_found(&room->side);
	assert_true(live > 50000); // so full that many are guests in the other bucket of their pair
	assert_int_equal(room_save(room), 0);
	assert_int_equal(room->count.done, live);
	room_start_as(room, NULL, room_yaml, 1, 65536);
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(room->count.done, live);
	assert_int_equal(count_found(&room->side), live);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_enter, room_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_flow_is_the_same_in_the_next_daemon),
		TEST(a_flow_follows_the_names_and_not_the_numbers),
		TEST(a_flow_of_what_is_gone_is_left_out),
		TEST(a_row_whose_backend_went_before_is_not_saved),
		TEST(every_worker_knows_a_flow_where_they_are_more_or_fewer),
		TEST(every_worker_knows_a_flow_where_packets_are_spread_by_another_key),
		TEST(of_two_rows_the_one_with_the_later_packet_counts),
		TEST(a_flow_finds_its_place_in_another_table),
		TEST(many_flows_come_back_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
