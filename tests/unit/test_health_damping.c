// SPDX-License-Identifier: BSD-3-Clause
// Backends that flap: when they are held down, for how long, and what is told of it.
#include "health_room.h"

#include <base/clock.h>
#include <health/damping.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LAST         UINT32_MAX

static void who_goes_down_too_often_is_held_for_longer_each_time(void **state)
{
	// limit 2, window 100 s, hold 10 s: times of going down, and until when it is then held (0:
	// it is not).
	static const struct {
		uint32_t at_s;
		uint32_t held_until_s;
	} rows[][12] = {
		{{1, 0}, {50, 0}, {102, 0}, {160, 0}, {LAST, 0}}, // never three in a window
		{{1, 0}, {50, 0}, {101, 111}, {LAST, 0}}, // the window's last moment
		{{1, 0}, {2, 0}, {3, 13}, {5, 15}, {14, 24}, {LAST, 0}}, // while it is held: anew
		{{1, 0}, {2, 0}, {3, 13}, {14, 34}, {35, 75}, {80, 160}, {170, 330}, {340, 500},
			{501, 661}, {LAST, 0}}, // doubled, sixteen times at most
		{{1, 0}, {2, 0}, {3, 13}, {112, 132}, {240, 0}, {241, 0}, {242, 252}, {LAST, 0}},
		{{1, 0}, {2, 0}, {3, 13}, {113, 0}, {LAST, 0}}, // forgotten after a quiet window
	};
	static const struct config_health policy = {
		.flap_limit = 2, .flap_window_ms = 100000, .flap_hold_ms = 10000};

	for (size_t row = 0; row < COUNT(rows); row++) {
		struct damping damping = {0};

		for (size_t i = 0; rows[row][i].at_s != LAST; i++) {
			uint64_t now_ns = rows[row][i].at_s * CLOCK_NS_PER_S;
			bool held = damping_down(&damping, &policy, now_ns);

			assert_int_equal(held, rows[row][i].held_until_s != 0);
			if (held)
				assert_int_equal(damping.held_until_ns / CLOCK_NS_PER_S,
					rows[row][i].held_until_s);
			assert_int_equal(damping_holds(&damping, now_ns), held);
		}
	}
}

static void every_limit_is_kept_to(void **state)
{
	for (uint16_t limit = 0; limit <= DAMPING_LIMIT_MAX; limit++) {
		struct config_health policy = {
			.flap_limit = limit, .flap_window_ms = 100000, .flap_hold_ms = 1000};
		struct damping damping = {0};

		for (uint32_t down = 1; down <= 40; down++) {
			bool held = damping_down(&damping, &policy, down * CLOCK_NS_PER_S);

			assert_int_equal(held, limit != 0 && down > limit);
			assert_true(!held || damping.flaps == down);
		}
	}
}

static void one_that_flaps_is_down_until_its_hold_is_over(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	uint16_t port = room->port;
	uint64_t held_ns;

	one.policy.flap_limit = 1;
	one.policy.flap_window_ms = 60000;
	one.policy.flap_hold_ms = 1500;
	set_one(room, &one);
	for (uint32_t round = 0; round < 2; round++) {
		RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
		assert_int_equal(view(room, 7).held_until_s, 0);
		stop_listening(room);
		RUN_UNTIL(room, view(room, 7).status == HEALTH_DOWN);
		listen_on(room, port);
	}
	held_ns = clock_monotonic_ns();
	assert_int_equal(view(room, 7).downs, 2);
	assert_true(view(room, 7).held_until_s > 0);
	RUN_UNTIL(room, strncmp(view(room, 7).reason, "flapping: went down 2 times in ", 31) == 0);
	assert_int_equal(view(room, 7).status, HEALTH_DOWN);
	RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
	assert_true(clock_monotonic_ns() - held_ns >= 1400 * CLOCK_NS_PER_MS);
	assert_string_equal(view(room, 7).reason, "");
	assert_int_equal(room->changes, 5);
}

static void a_change_of_policy_releases_it(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	uint16_t port = room->port;

	one.policy.flap_limit = 1;
	one.policy.flap_window_ms = one.policy.flap_hold_ms = 3600000;
	set_one(room, &one);
	for (uint32_t round = 0; round < 2; round++) {
		RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
		stop_listening(room);
		RUN_UNTIL(room, view(room, 7).status == HEALTH_DOWN);
		listen_on(room, port);
	}
	RUN_UNTIL(room, strncmp(view(room, 7).reason, "flapping: ", 10) == 0);
	one.policy.fall = 2;
	set_one(room, &one);
	RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_goes_down_too_often_is_held_for_longer_each_time),
		cmocka_unit_test(every_limit_is_kept_to),
		IN_ROOM(one_that_flaps_is_down_until_its_hold_is_over),
		IN_ROOM(a_change_of_policy_releases_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
