// SPDX-License-Identifier: BSD-3-Clause
// Which workers stand still, and what the silence of a backend is worth meanwhile.
#include "run_until.h"

#include <base/clock.h>
#include <running/stuck.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define WORKERS 3

struct room {
	struct event_base *base;
	struct publisher publisher;
	struct stuck *stuck;
	struct event *beat;
	uint32_t moving; // a bit each
	uint32_t told;
	uint32_t last_worker;
	bool last_stands;
	uint64_t last_ms;
};

static void tell(void *context, uint32_t worker, bool stands, uint64_t for_ms)
{
	struct room *room = context;

	room->told++;
	room->last_worker = worker;
	room->last_stands = stands;
	room->last_ms = for_ms;
}

// The workers' rounds, on the same thread.
static void on_beat(evutil_socket_t fd, short what, void *context)
{
	struct room *room = context;

	for (uint32_t w = 0; w < WORKERS; w++) {
		if ((room->moving >> w & 1) != 0)
			publisher_quiesce(&room->publisher, w);
	}
}

static int enter(void **state)
{
	static const struct timeval period = {.tv_usec = 5000};
	static struct room room;

	room = (struct room){.base = event_base_new(), .moving = 3};
	assert_int_equal(publisher_init(&room.publisher, WORKERS), 0);
	publisher_online(&room.publisher, 0); // the third one is never launched
	publisher_online(&room.publisher, 1);
	assert_int_equal(stuck_new(room.base, &room.publisher, tell, &room, &room.stuck), 0);
	room.beat = event_new(room.base, -1, EV_PERSIST, on_beat, &room);
	event_add(room.beat, &period);
	*state = &room;
	return 0;
}

static int leave(void **state)
{
	struct room *room = *state;

	event_free(room->beat);
	stuck_free(room->stuck);
	publisher_offline(&room->publisher, 0);
	publisher_offline(&room->publisher, 1);
	publisher_destroy(&room->publisher);
	event_base_free(room->base);
	return 0;
}

static void one_that_stands_still_is_told_once_and_when_it_goes_on(void **state)
{
	struct room *room = *state;
	uint64_t from_ns = clock_monotonic_ns();
	uint32_t worker, running;

	RUN_UNTIL(room, publisher_rounds(&room->publisher, 1) > 20);
	assert_false(stuck_first(room->stuck, &worker));
	assert_int_equal(stuck_since(room->stuck, from_ns, &running), 0);
	assert_int_equal(running, 2);
	assert_int_equal(stuck_instead(room->stuck, 1, 2), 1);

	room->moving = 1;
	from_ns = clock_monotonic_ns();
	RUN_UNTIL(room, room->told == 1);
	assert_int_equal(room->last_worker, 1);
	assert_true(room->last_stands);
	assert_true(clock_monotonic_ns() - from_ns >= 1900 * CLOCK_NS_PER_MS);
	assert_true(stuck_first(room->stuck, &worker));
	assert_int_equal(worker, 1);
	assert_true(stuck_for_ms(room->stuck, 1) >= 1900);
	assert_int_equal(stuck_for_ms(room->stuck, 0), 0);
	assert_int_equal(stuck_since(room->stuck, from_ns, &running), 1);
	assert_int_equal(stuck_instead(room->stuck, 1, 2), 0);

	room->moving = 3;
	RUN_UNTIL(room, room->told == 2);
	assert_false(room->last_stands);
	assert_true(room->last_ms >= 1900);
	assert_false(stuck_first(room->stuck, &worker));
	// What began before was in doubt, and what begins now is not.
	assert_int_equal(stuck_since(room->stuck, from_ns, &running), 1);
	assert_int_equal(stuck_since(room->stuck, clock_monotonic_ns(), &running), 0);
}

static void none_that_moves_is_none_to_send_by(void **state)
{
	struct room *room = *state;

	room->moving = 0;
	RUN_UNTIL(room, room->told == 2);
	assert_int_equal(stuck_instead(room->stuck, 1, 2), STUCK_ALL);
}

static void silence_counts_when_chance_no_longer_explains_it(void **state)
{
	static const struct {
		uint32_t stuck, running, queues, times;
	} rows[] = {
		{0, 2, 2, 0},
		{0, 0, 2, 0},
		{1, 1, 2, STUCK_ALL},
		{2, 2, 2, STUCK_ALL},
		{1, 2, 1, 14}, // 2^14 > 10,000 > 2^13
		{1, 2, 2, 33},
		{1, 2, 3, 69},
		{1, 4, 2, 12},
		{1, 8, 2, 7},
		{3, 4, 2, 143},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			stuck_proof(rows[i].stuck, rows[i].running, rows[i].queues), rows[i].times);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			one_that_stands_still_is_told_once_and_when_it_goes_on, enter, leave),
		cmocka_unit_test_setup_teardown(none_that_moves_is_none_to_send_by, enter, leave),
		cmocka_unit_test(silence_counts_when_chance_no_longer_explains_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
