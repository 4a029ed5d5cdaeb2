// SPDX-License-Identifier: BSD-3-Clause
// What is written of the flow tables while the daemon runs, and what the next one makes of it.
#include "handover_room.h"

#include <control/checkpoint.h>
#include <errno.h>
#include <judge/explain.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define CLIENTS    200
#define AS_LONG    (60ull * 1000000000)
#define ONE_LOOK   1ull // nanosecond
#define FIRST_PORT 40000

static struct flow flow_of(uint32_t client, const char *service, const char *backend)
{
	return (struct flow){service, backend, "198.51.100.7", (uint16_t)(FIRST_PORT + client),
		FLOW_ESTABLISHED, 1, 1};
}

// Whom the tables of 'snapshot' have for that client of "web".
static const char *chosen(const struct room *room, const struct snapshot *snapshot, uint32_t client)
{
	const struct side *side = &room->side;
	struct explanation explanation;
	struct addr source, vip;
	struct packet packet;

	assert_int_equal(addr_parse("198.51.100.7", &source), 0);
	assert_int_equal(addr_parse("203.0.113.10", &vip), 0);
	explain_make_packet(
		IP_TCP, &source, (uint16_t)(FIRST_PORT + client), &vip, 443, 0, &packet);
	explain_packet(snapshot, &packet, EXPLAIN_TTL, &explanation);
	assert_true(explanation.has_current);
	return explanation.current == side_backend(side, "one/a") ? "one/a" : "one/b";
}

static int enter(void **state)
{
	int rc = room_enter(state);
	struct room *room = *state;

	if (rc == 0)
		snprintf(room->path, sizeof(room->path), "%s/%s", room->folder,
			FLOWS_FILE_CHECKPOINT);
	return rc;
}

static void start(struct room *room, uint64_t capacity)
{
	room_start_as(room, NULL, room_yaml, 1, capacity);
	room->side.handover.file = FLOWS_FILE_CHECKPOINT;
}

// Returns how many steps it took.
static uint32_t write_checkpoint(struct room *room, const struct snapshot *snapshot, uint64_t ns)
{
	struct checkpoint *checkpoint;
	uint32_t steps = 1;

	room->side.handover.snapshot = snapshot;
	assert_int_equal(checkpoint_new(&room->side.handover, &checkpoint, &room->err), 0);
	while (checkpoint_step(checkpoint, snapshot, ns))
		steps++;
	assert_int_equal(checkpoint_close(checkpoint, &room->err), 0);
	return steps;
}

// A daemon takes the place of the one that died. Returns how many flows it found.
static uint64_t take(struct room *room)
{
	int rc;

	start(room, HANDOVER_CAPACITY);
	rc = room_take(room);
	assert_true(rc == 0 || rc == -ENOENT);
	assert_int_equal(room->count.done, room->count.flows);
	return room->count.done;
}

static const char *other_than(const char *backend)
{
	return backend[4] == 'a' ? "one/b" : "one/a";
}

static void what_the_hash_finds_is_not_written(void **state)
{
	struct room *room = *state;
	struct snapshot *now;

	start(room, HANDOVER_CAPACITY);
	now = side_tables(&room->side, NULL, NULL);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct flow flow = flow_of(i, "web", chosen(room, now, i));

		room_add(room, 0, &flow);
	}
	write_checkpoint(room, now, AS_LONG);
	assert_int_equal(access(room->path, F_OK), -1);
	snapshot_free(now);
}

static void what_it_would_send_elsewhere_is(void **state)
{
	struct room *room = *state;
	struct snapshot *now;
	struct flow flow;

	start(room, HANDOVER_CAPACITY);
	now = side_tables(&room->side, NULL, NULL);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		const char *backend = chosen(room, now, i);

		flow = flow_of(i, "web", i % 10 == 0 ? other_than(backend) : backend);
		room_add(room, 0, &flow);
	}
	write_checkpoint(room, now, AS_LONG);
	flow = flow_of(10, "web", other_than(chosen(room, now, 10)));
	assert_int_equal(take(room), CLIENTS / 10);
	room_assert_knows(room, 0, &flow);
	flow.port++;
	assert_false(room_knows(room, 0, &flow));
	snapshot_free(now);
}

// Both the table now and the one before the change may answer for a flow that the next daemon does not know.
static void what_either_of_two_tables_would_send_elsewhere_is(void **state)
{
	struct room *room = *state;
	struct snapshot *before, *now;
	uint32_t moved = 0;

	start(room, HANDOVER_CAPACITY);
	before = side_tables(&room->side, NULL, NULL);
	now = side_tables(&room->side, "one/a", before);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		const char *then = chosen(room, before, i);
		struct flow flow = flow_of(i, "web", i % 2 == 0 ? then : "one/b");

		assert_string_equal(chosen(room, now, i), "one/b");
		room_add(room, 0, &flow);
		moved += then[4] == 'a';
	}
	write_checkpoint(room, now, AS_LONG);
	assert_in_range(moved, CLIENTS / 4, CLIENTS * 3 / 4);
	assert_int_equal(take(room), moved);
	snapshot_free(now);
	snapshot_free(before);
}

static void flows_of_many_ports_are(void **state)
{
	const struct flow flow = flow_of(0, "many", "one/a");
	struct room *room = *state;
	struct snapshot *now;

	start(room, HANDOVER_CAPACITY);
	now = side_tables(&room->side, NULL, NULL);
	room_add(room, 0, &flow);
	write_checkpoint(room, now, AS_LONG);
	assert_int_equal(take(room), 1);
	room_assert_knows(room, 0, &flow);
	snapshot_free(now);
}

static void a_later_one_replaces_it_or_takes_it_away(void **state)
{
	const struct flow flow = flow_of(0, "many", "one/a");
	struct room *room = *state;
	struct snapshot *now;

	start(room, HANDOVER_CAPACITY);
	now = side_tables(&room->side, NULL, NULL);
	room_add(room, 0, &flow);
	write_checkpoint(room, now, AS_LONG);
	write_checkpoint(room, now, AS_LONG);
	assert_int_equal(access(room->path, F_OK), 0);
	start(room, HANDOVER_CAPACITY);
	write_checkpoint(room, now, AS_LONG);
	assert_int_equal(access(room->path, F_OK), -1);
	snapshot_free(now);
}

static void one_that_is_given_up_leaves_the_last_one(void **state)
{
	const struct flow flow = flow_of(0, "many", "one/a");
	struct checkpoint *checkpoint;
	struct room *room = *state;
	struct snapshot *now;

	start(room, HANDOVER_CAPACITY);
	now = side_tables(&room->side, NULL, NULL);
	room_add(room, 0, &flow);
	write_checkpoint(room, now, AS_LONG);
	assert_int_equal(checkpoint_new(&room->side.handover, &checkpoint, &room->err), 0);
	checkpoint_step(checkpoint, now, ONE_LOOK);
	checkpoint_abandon(checkpoint);
	assert_int_equal(take(room), 1);
	snapshot_free(now);
}

static void many_small_steps_find_what_one_finds(void **state)
{
	struct room *room = *state;
	struct snapshot *now;

	start(room, 65536);
	now = side_tables(&room->side, NULL, NULL);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct flow flow = flow_of(i, "web", other_than(chosen(room, now, i)));

		room_add(room, 0, &flow);
	}
	assert_true(write_checkpoint(room, now, ONE_LOOK) > 10);
	assert_int_equal(take(room), CLIENTS);
	snapshot_free(now);
}

static void without_a_folder_it_says_so(void **state)
{
	struct checkpoint *checkpoint;
	struct room *room = *state;

	start(room, HANDOVER_CAPACITY);
	snprintf(room->side.daemon.state, sizeof(room->side.daemon.state), "%s/none", room->folder);
	assert_int_equal(checkpoint_new(&room->side.handover, &checkpoint, &room->err), -ENOENT);
	assert_non_null(strstr(room->err.text, "/none/flows.checkpoint.new"));
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, room_leave)
	const struct CMUnitTest tests[] = {
		IN_ROOM(what_the_hash_finds_is_not_written),
		IN_ROOM(what_it_would_send_elsewhere_is),
		IN_ROOM(what_either_of_two_tables_would_send_elsewhere_is),
		IN_ROOM(flows_of_many_ports_are),
		IN_ROOM(a_later_one_replaces_it_or_takes_it_away),
		IN_ROOM(one_that_is_given_up_leaves_the_last_one),
		IN_ROOM(many_small_steps_find_what_one_finds),
		IN_ROOM(without_a_folder_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
