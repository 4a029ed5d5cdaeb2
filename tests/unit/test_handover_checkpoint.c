// SPDX-License-Identifier: BSD-3-Clause
// What is written of the flow tables while the daemon runs, and what the next one makes of it.
#include "handover_room.h"

#include <base/clock.h>
#include <errno.h>
#include <fcntl.h>
#include <handover/checkpoint.h>
#include <handover/past.h>
#include <judge/explain.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
	room->side.file = FLOWS_FILE_CHECKPOINT;
}

// Returns how many steps it took.
static uint32_t write_after(struct room *room, struct checkpoint_last *last,
	const struct snapshot *snapshot, uint64_t ns)
{
	struct checkpoint *checkpoint;
	uint32_t steps = 1;

	room->side.publisher.current = (struct snapshot *)snapshot;
	assert_int_equal(checkpoint_new(&room->side.handover, NULL, &checkpoint, &room->err), 0);
	while (checkpoint_step(checkpoint, ns))
		steps++;
	assert_int_equal(checkpoint_close(checkpoint, last, &room->err), 0);
	return steps;
}

static uint32_t write_checkpoint(struct room *room, const struct snapshot *snapshot, uint64_t ns)
{
	struct checkpoint_last last = {0};

	return write_after(room, &last, snapshot, ns);
}

// A daemon takes the place of the one that died. Returns how many flows it found.
static uint64_t take(struct room *room)
{
	int rc;

	start(room, HANDOVER_CAPACITY);
	rc = room_restore(room);
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
	assert_int_equal(take(room), 0);
	assert_int_equal(room_count_rows(room, 0), 0);
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

// Both the table now and the one before the change may answer for a flow that the next daemon does
// not know.
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

static void a_later_one_replaces_it(void **state)
{
	const struct flow flow = flow_of(0, "many", "one/a");
	struct room *room = *state;
	struct snapshot *now;

	start(room, HANDOVER_CAPACITY);
	now = side_tables(&room->side, NULL, NULL);
	room_add(room, 0, &flow);
	write_checkpoint(room, now, AS_LONG);
	start(room, HANDOVER_CAPACITY);
	write_checkpoint(room, now, AS_LONG);
	assert_int_equal(take(room), 0);
	snapshot_free(now);
}

// True: it wrote a file in the place of the one that was there.
static bool writes(struct room *room, struct checkpoint_last *last, const struct snapshot *now)
{
	int fd = open(room->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	struct stat is;

	assert_true(fd >= 0);
	close(fd);
	write_after(room, last, now, AS_LONG);
	assert_int_equal(stat(room->path, &is), 0);
	return is.st_size > 0;
}

static void one_that_says_the_same_is_not_written_for_minutes(void **state)
{
	const struct flow flow = flow_of(0, "many", "one/a");
	struct room *room = *state;
	struct checkpoint_last last = {0};
	struct snapshot *before, *now;

	start(room, HANDOVER_CAPACITY);
	before = side_tables(&room->side, NULL, NULL);
	now = side_tables(&room->side, "one/a", before);
	assert_true(writes(room, &last, before));
	assert_false(writes(room, &last, before));
	assert_true(writes(room, &last, now)); // other tables
	assert_false(writes(room, &last, now));
	last.at_ns -= 6 * 60 * CLOCK_NS_PER_S;
	assert_true(writes(room, &last, now));
	room_add(room, 0, &flow);
	assert_true(writes(room, &last, now));
	assert_true(writes(room, &last, now));
	start(room, HANDOVER_CAPACITY);
	assert_true(writes(room, &last, now)); // the row has to go
	snapshot_free(now);
	snapshot_free(before);
}

static void without_services_there_is_none(void **state)
{
	static const struct snapshot nothing;
	struct room *room = *state;

	start(room, HANDOVER_CAPACITY);
	write_checkpoint(room, &nothing, AS_LONG);
	assert_int_equal(access(room->path, F_OK), -1);
}

// --- The hash tables ---

// A daemon that begins makes 'fresh' of what it knows; returns it with what the file says of the
// tables.
static struct snapshot *recall(struct room *room, const char *draining, uint32_t wanted)
{
	struct past_reader *past = NULL;
	struct snapshot *fresh;

	start(room, HANDOVER_CAPACITY);
	fresh = side_tables(&room->side, draining, NULL);
	room->side.past = &past;
	assert_int_equal(room_restore(room), 0);
	assert_non_null(past);
	assert_int_equal(snapshot_recall(fresh, past_read(past)), wanted);
	past_reader_free(past);
	return fresh;
}

static const struct snapshot_view *view_of(const struct room *room, const struct snapshot *snapshot)
{
	return &snapshot->views[snapshot->services[side_service(&room->side, "web")].view];
}

static bool has_members(
	const struct room *room, const struct snapshot_generation *generation, bool a, bool b)
{
	uint32_t count = (uint32_t)a + (uint32_t)b;
	uint32_t first = side_backend(&room->side, a ? "one/a" : "one/b");

	return generation != NULL && generation->member_count == count &&
	       generation->members[0].backend == first &&
	       (count < 2 || generation->members[1].backend == side_backend(&room->side, "one/b"));
}

// So many flows of 'web' live that began under the table in force and those before.
static void set_living(const struct room *room, const struct snapshot *snapshot,
	const double *living, uint32_t count)
{
	const struct snapshot_past *past = view_of(room, snapshot)->past;

	assert_int_equal(past->count, count);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t m = 0; m < past->tables[i].generation->member_count; m++)
			past->tables[i].living[m] = living[i];
}

// All had been in force one after the other, which no pool file tells.
static void tables_are_taken_up_with_those_before(void **state)
{
	struct snapshot *all, *without_a, *without_b, *recalled, *next;
	struct room *room = *state;

	start(room, HANDOVER_CAPACITY);
	all = side_tables(&room->side, NULL, NULL);
	without_a = side_tables(&room->side, "one/a", all);
	without_b = side_tables(&room->side, "one/b", without_a);
	set_living(room, without_b, (const double[]){40, 100, 20}, 3);
	write_checkpoint(room, without_b, AS_LONG);

	recalled = recall(room, NULL, 4);
	assert_true(has_members(room, view_of(room, recalled)->current, true, false));
	assert_true(has_members(room, view_of(room, recalled)->remembered, false, true));
	// As it was: nothing changes.
	next = side_tables(&room->side, "one/b", recalled);
	assert_true(has_members(room, view_of(room, next)->current, true, false));
	assert_true(has_members(room, view_of(room, next)->remembered, false, true));
	snapshot_free(next);
	// Otherwise: that is one more change.
	next = side_tables(&room->side, NULL, recalled);
	assert_true(has_members(room, view_of(room, next)->current, true, true));
	assert_int_equal(view_of(room, next)->past->count, 3);
	assert_true(has_members(room, view_of(room, next)->remembered, false, true));
	snapshot_free(next);
	snapshot_free(recalled);
	snapshot_free(without_b);
	snapshot_free(without_a);
	snapshot_free(all);
}

static void a_table_is_the_same_when_it_is_made_again(void **state)
{
	struct snapshot *all, *without_a, *recalled;
	const struct snapshot_generation *was, *is;
	struct room *room = *state;

	start(room, HANDOVER_CAPACITY);
	all = side_tables(&room->side, NULL, NULL);
	without_a = side_tables(&room->side, "one/a", all);
	set_living(room, without_a, (const double[]){1, 100}, 2);
	write_checkpoint(room, without_a, AS_LONG);
	recalled = recall(room, "one/a", 4);
	was = view_of(room, all)->current;
	is = view_of(room, recalled)->remembered;
	assert_true(has_members(room, is, true, true));
	assert_int_equal(is->table->size, was->table->size);
	assert_memory_equal(is->table->slots, was->table->slots,
		was->table->size * sizeof(was->table->slots[0]));
	snapshot_free(recalled);
	snapshot_free(without_a);
	snapshot_free(all);
}

// A table that leads to who is gone is a table all the same: its other slots are right.
static void a_member_that_is_gone_keeps_its_slots(void **state)
{
	static const char smaller[] =
		"services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}]\n"
		"pools: [{name: one, backends: [{name: b, address: 10.0.0.2}]}]\n";
	const struct snapshot_generation *is;
	struct snapshot *all, *fresh, *next;
	struct past_reader *past = NULL;
	struct room *room = *state;
	uint32_t slots = 0;

	start(room, HANDOVER_CAPACITY);
	all = side_tables(&room->side, NULL, NULL);
	set_living(room, all, (const double[]){100}, 1);
	write_checkpoint(room, all, AS_LONG);
	room_start_as(room, NULL, smaller, 1, HANDOVER_CAPACITY);
	room->side.file = FLOWS_FILE_CHECKPOINT;
	room->side.past = &past;
	fresh = side_tables(&room->side, NULL, NULL);
	assert_int_equal(room_restore(room), 0);
	assert_int_equal(snapshot_recall(fresh, past_read(past)), 1);
	next = side_tables(&room->side, NULL, fresh);
	assert_int_equal(view_of(room, next)->current->member_count, 1);
	is = view_of(room, next)->past->tables[1].generation;
	assert_int_equal(is->member_count, 2);
	assert_null(snapshot_find_backend(next, is->members[0].backend));
	assert_int_equal(is->members[1].backend, side_backend(&room->side, "one/b"));
	for (uint32_t i = 0; i < is->table->size; i++)
		slots += is->table->slots[i] == 1;
	assert_in_range(slots, is->table->size / 3, is->table->size * 2 / 3);
	past_reader_free(past);
	snapshot_free(next);
	snapshot_free(fresh);
	snapshot_free(all);
}

static void the_age_of_a_change_goes_on(void **state)
{
	struct snapshot *all, *without_a, *recalled;
	struct room *room = *state;

	start(room, HANDOVER_CAPACITY);
	all = side_tables(&room->side, NULL, NULL);
	without_a = side_tables(&room->side, "one/a", all);
	for (uint32_t i = 0; i < without_a->view_count; i++)
		without_a->views[i].changed_s -= 1795;
	write_checkpoint(room, without_a, AS_LONG);
	recalled = recall(room, "one/a", 4);
	assert_true(is_about(side_now_s() - view_of(room, recalled)->changed_s, 1795, 2));
	// How many live was true when the file was written.
	assert_true(is_about(side_now_s() - view_of(room, recalled)->past->weighed_s, 0, 2));
	snapshot_free(recalled);
	snapshot_free(without_a);
	snapshot_free(all);
}

static void under_another_hash_key_they_are_nobodys(void **state)
{
	static const char key[] = "hash_key: 000102030405060708090a0b0c0d0e0f\n";
	struct past_reader *past = NULL;
	struct room *room = *state;
	struct snapshot *all;
	char yaml[2048];

	start(room, HANDOVER_CAPACITY);
	all = side_tables(&room->side, NULL, NULL);
	write_checkpoint(room, all, AS_LONG);
	snprintf(yaml, sizeof(yaml), "%s%s", key, room_yaml);
	room_start_as(room, NULL, yaml, 1, HANDOVER_CAPACITY);
	room->side.file = FLOWS_FILE_CHECKPOINT;
	room->side.past = &past;
	assert_int_equal(room_restore(room), 0);
	assert_null(past);
	snapshot_free(all);
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
	assert_int_equal(checkpoint_new(&room->side.handover, NULL, &checkpoint, &room->err), 0);
	checkpoint_step(checkpoint, ONE_LOOK);
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
	snprintf(room->side.folder, sizeof(room->side.folder), "%s/none", room->folder);
	assert_int_equal(
		checkpoint_new(&room->side.handover, NULL, &checkpoint, &room->err), -ENOENT);
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
		IN_ROOM(a_later_one_replaces_it),
		IN_ROOM(one_that_says_the_same_is_not_written_for_minutes),
		IN_ROOM(without_services_there_is_none),
		IN_ROOM(tables_are_taken_up_with_those_before),
		IN_ROOM(a_table_is_the_same_when_it_is_made_again),
		IN_ROOM(a_member_that_is_gone_keeps_its_slots),
		IN_ROOM(the_age_of_a_change_goes_on),
		IN_ROOM(under_another_hash_key_they_are_nobodys),
		IN_ROOM(one_that_is_given_up_leaves_the_last_one),
		IN_ROOM(many_small_steps_find_what_one_finds),
		IN_ROOM(without_a_folder_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
