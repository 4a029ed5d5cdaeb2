// SPDX-License-Identifier: BSD-3-Clause
#include <jobs/jobs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// cmocka wants the headers above first
#include <cmocka.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct room {
	struct event_base *base;
	struct jobs *jobs;
	char order[16]; // kinds, as their pieces were begun
	struct kind {
		struct room *room;
		char name;
		uint32_t wanted; // pieces
		bool holds; // it starts none, and nobody may
	} kinds[JOBS_KINDS];
	pthread_t loop, worked_on;
	uint32_t pieces;
};

static void work(void *context)
{
	struct kind *kind = context;

	kind->room->worked_on = pthread_self();
}

static void done(void *context)
{
	struct kind *kind = context;

	assert_true(pthread_equal(kind->room->loop, pthread_self()));
	kind->room->pieces++;
	jobs_next(kind->room->jobs);
}

static bool start(void *context)
{
	struct kind *kind = context;

	if (kind->holds)
		return true;
	if (kind->wanted == 0)
		return false;
	kind->wanted--;
	strncat(kind->room->order, &kind->name, 1);
	jobs_run(kind->room->jobs, work, done, kind);
	return true;
}

static int set_up(void **state)
{
	static struct room room;

	memset(&room, 0, sizeof(room));
	room.loop = pthread_self();
	room.base = event_base_new();
	assert_int_equal(jobs_new(room.base, &room.jobs), 0);
	for (uint32_t k = 0; k < JOBS_KINDS; k++) {
		room.kinds[k] = (struct kind){.room = &room, .name = (char)('a' + k)};
		if (k != JOBS_HEALTH) // nobody has said how
			jobs_set(room.jobs, (enum jobs_kind)k, start, &room.kinds[k]);
	}
	*state = &room;
	return 0;
}

static int tear_down(void **state)
{
	struct room *room = *state;

	jobs_free(room->jobs);
	event_base_free(room->base);
	return 0;
}

static void run_until(struct room *room, uint32_t pieces)
{
	while (room->pieces < pieces)
		assert_int_equal(event_base_loop(room->base, EVLOOP_ONCE), 0);
}

static void those_that_wait_have_their_turn_by_priority(void **state)
{
	struct room *room = *state;

	room->kinds[JOBS_CHECKPOINT].wanted = 2;
	jobs_next(room->jobs);
	room->kinds[JOBS_REBUILD].wanted = 1;
	room->kinds[JOBS_COMMIT].wanted = 2;
	run_until(room, 5);
	assert_string_equal(room->order, "eaace");
	assert_false(pthread_equal(room->worked_on, room->loop));
}

static void nobody_starts_while_a_piece_is_at_hand(void **state)
{
	struct room *room = *state;

	room->kinds[JOBS_SHOW].wanted = 2;
	jobs_next(room->jobs);
	jobs_next(room->jobs);
	assert_string_equal(room->order, "b");
	run_until(room, 2);
	assert_string_equal(room->order, "bb");
}

static void one_that_holds_lets_nobody_after_it(void **state)
{
	struct room *room = *state;

	room->kinds[JOBS_COMMIT].holds = true;
	room->kinds[JOBS_REBUILD].wanted = 1;
	jobs_next(room->jobs);
	assert_string_equal(room->order, "");
	room->kinds[JOBS_COMMIT].holds = false;
	jobs_next(room->jobs);
	assert_string_equal(room->order, "c");
	run_until(room, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			those_that_wait_have_their_turn_by_priority, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nobody_starts_while_a_piece_is_at_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_holds_lets_nobody_after_it, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
