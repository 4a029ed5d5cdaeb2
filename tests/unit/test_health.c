// SPDX-License-Identifier: BSD-3-Clause
// Probes of real sockets on the loopback, run by the real event loop until what is waited for has
// come.
#include "health_room.h"

#include <base/clock.h>
#include <health/health.h>
#include <health/machine.h>
#include <health/probe.h>
#include <metrics/histogram.h>

#include <errno.h>
#include <sys/resource.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- the state machine

static void every_cell_of_the_state_table_is_as_written_here(void **state)
{
	// By state: after a success, 'rise' successes, a failure, 'fall' failures, a local failure.
	static const enum machine_state expected[MACHINE_STATE_COUNT][MACHINE_EVENT_COUNT] = {
		{MACHINE_UNKNOWN_RISING, MACHINE_UP, MACHINE_UNKNOWN_FALLING, MACHINE_DOWN,
			MACHINE_UNKNOWN},
		{MACHINE_UNKNOWN_RISING, MACHINE_UP, MACHINE_UNKNOWN_FALLING, MACHINE_DOWN,
			MACHINE_UNKNOWN_RISING},
		{MACHINE_UNKNOWN_RISING, MACHINE_UP, MACHINE_UNKNOWN_FALLING, MACHINE_DOWN,
			MACHINE_UNKNOWN_FALLING},
		{MACHINE_UP, MACHINE_UP, MACHINE_UP_FALLING, MACHINE_DOWN, MACHINE_UP},
		{MACHINE_UP, MACHINE_UP, MACHINE_UP_FALLING, MACHINE_DOWN, MACHINE_UP_FALLING},
		{MACHINE_DOWN_RISING, MACHINE_UP, MACHINE_DOWN, MACHINE_DOWN, MACHINE_DOWN},
		{MACHINE_DOWN_RISING, MACHINE_UP, MACHINE_DOWN, MACHINE_DOWN, MACHINE_DOWN_RISING},
	};

	for (int from = 0; from < MACHINE_STATE_COUNT; from++) {
		for (int event = 0; event < MACHINE_EVENT_COUNT; event++)
			assert_int_equal(machine_table[from][event], expected[from][event]);
	}
}

static void only_results_in_a_row_count(void **state)
{
	// 's' success, 'f' failure, 'l' local failure; below each the status after it. rise 2, fall
	// 3.
	static const struct {
		const char *results;
		const char *statuses;
	} rows[] = {{"fff", "??D"}, {"ss", "?U"}, {"sfsfsfss", "???????U"},
		{"ffsffsfff", "????????D"}, {"ssffsffsff", "?UUUUUUUUU"}, {"ssfff", "?UUUD"},
		{"fffsfsfss", "??DDDDDDU"}, {"sls", "??U"}, {"sslflfllf", "?UUUUUUUD"},
		{"llllll", "??????"}};
	static const char letters[] = {
		[HEALTH_UNKNOWN] = '?', [HEALTH_UP] = 'U', [HEALTH_DOWN] = 'D'};

	for (size_t row = 0; row < COUNT(rows); row++) {
		struct machine machine = {0};

		for (size_t i = 0; rows[row].results[i] != '\0'; i++) {
			enum health_status before = machine_status(&machine);
			bool changed = rows[row].results[i] == 's'   ? machine_success(&machine, 2)
				       : rows[row].results[i] == 'f' ? machine_failure(&machine, 3)
								     : machine_local(&machine);

			assert_int_equal(letters[machine_status(&machine)], rows[row].statuses[i]);
			assert_int_equal(changed, machine_status(&machine) != before);
		}
	}
}

static void a_row_of_results_longer_than_its_counter_keeps_the_status(void **state)
{
	struct machine machine = {0};

	for (uint32_t i = 0; i < 70000; i++)
		machine_failure(&machine, UINT16_MAX);
	assert_int_equal(machine_status(&machine), HEALTH_DOWN);
}

// ---- words

static void a_reason_names_what_was_tried_and_what_came_of_it(void **state)
{
	static const struct {
		const char *address;
		int error;
		enum probe_outcome outcome;
		const char *reason;
	} rows[] = {
		{"10.0.1.11", ECONNREFUSED, PROBE_FAILED,
			"connect to 10.0.1.11:443: connection refused"},
		{"10.0.1.11", EHOSTUNREACH, PROBE_FAILED,
			"connect to 10.0.1.11:443: no route to host"},
		{"2001:db8::1", ENETUNREACH, PROBE_LOCAL,
			"connect to [2001:db8::1]:443: no route to its network"},
		{"10.0.1.11", EMFILE, PROBE_LOCAL,
			"connect to 10.0.1.11:443: too many open files in this process"},
		{"10.0.1.11", EADDRNOTAVAIL, PROBE_LOCAL,
			"connect to 10.0.1.11:443: no free local port or address"},
		{"10.0.1.11", ENOMEM, PROBE_LOCAL,
			"connect to 10.0.1.11:443: Cannot allocate memory"},
	};
	struct probe_request request = {.port = 443};
	struct probe_result result;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(addr_parse(rows[i].address, &request.address), 0);
		probe_fail_start(&result, &request, rows[i].error);
		assert_int_equal(result.outcome, rows[i].outcome);
		assert_string_equal(result.reason, rows[i].reason);
	}
	probe_fail_errno(&result, &request, "connect to", EACCES);
	assert_int_equal(result.outcome, PROBE_FAILED);
}

// ---- probes

static void a_backend_that_accepts_is_up_after_rise_probes(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);

	one.policy.rise = 3;
	set_one(room, &one);
	assert_int_equal(view(room, 7).status, HEALTH_UNKNOWN);
	assert_true(view(room, 7).since_s > 0);
	RUN_UNTIL(room, room->changes > 0);
	assert_int_equal(stats(room).probes, 3);
	assert_int_equal(room->last_id, 7);
	assert_int_equal(room->last_status, HEALTH_UP);
	assert_string_equal(room->last_reason, "");
	assert_int_equal(view(room, 7).changes, 1);
	assert_int_equal(stats(room).failures, 0);
}

static void a_port_that_nobody_serves_is_down_after_fall_probes(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	char reason[128];

	stop_listening(room);
	set_one(room, &one);
	RUN_UNTIL(room, room->changes > 0);
	snprintf(reason, sizeof(reason), "connect to 127.0.0.1:%u: connection refused", one.port);
	assert_int_equal(room->last_status, HEALTH_DOWN);
	assert_string_equal(room->last_reason, reason);
	assert_string_equal(view(room, 7).reason, reason);
	assert_int_equal(stats(room).failures, 3);
}

// A listener whose queue is full lets a SYN fall, as a packet filter does.
static void a_host_that_says_nothing_is_down_after_the_timeout(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	int full, fillers[4];
	uint16_t port = 0;
	char reason[128];

	full = bound_socket(&port);
	assert_int_equal(listen(full, 0), 0);
	for (size_t i = 0; i < COUNT(fillers); i++) {
		struct sockaddr_in to = {.sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&to, sizeof(to));
	}
	one.port = port;
	set_one(room, &one);
	RUN_UNTIL(room, room->changes > 0);
	snprintf(reason, sizeof(reason), "connect to 127.0.0.1:%u: no answer within 100ms", port);
	assert_int_equal(room->last_status, HEALTH_DOWN);
	assert_string_equal(room->last_reason, reason);
	for (size_t i = 0; i < COUNT(fillers); i++)
		close(fillers[i]);
	close(full);
}

static void a_backend_that_comes_and_goes_is_told_once_each(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	uint16_t port = room->port;

	set_one(room, &one);
	for (uint32_t round = 0; round < 3; round++) {
		RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
		stop_listening(room);
		RUN_UNTIL(room, view(room, 7).status == HEALTH_DOWN);
		listen_on(room, port);
	}
	assert_int_equal(room->changes, 6);
	assert_int_equal(view(room, 7).changes, 6);
}

static void a_target_of_type_none_is_up_without_a_probe(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);

	one.policy.type = CONFIG_PROBE_NONE;
	set_one(room, &one);
	RUN_UNTIL(room, room->changes > 0);
	assert_int_equal(room->last_status, HEALTH_UP);
	assert_int_equal(room->accepted, 0);
	// Nothing is left to do but the listener.
	evconnlistener_disable(room->listener);
	assert_int_equal(event_base_loop(room->base, 0), 1);
}

static uint64_t observed(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += histogram->counts[i];
	return count;
}

static void how_long_probes_take_is_kept_by_target_and_by_group(void **state)
{
	struct room *room = *state;
	struct health_target targets[] = {target(room, 1), target(room, 2), target(room, 3)};
	const struct histogram *near;

	strcpy(targets[0].group, "near");
	strcpy(targets[1].group, "near");
	strcpy(targets[2].group, "broken");
	targets[2].port = 1;
	assert_null(health_latency(room->health, "near"));
	set_targets(room, targets, COUNT(targets));
	RUN_UNTIL(room, view(room, 1).successes > 1 && view(room, 2).successes > 1 &&
				view(room, 3).failures > 1);
	near = health_latency(room->health, "near");
	assert_int_equal(observed(near), view(room, 1).successes + view(room, 2).successes);
	assert_int_equal(near->sum_us, view(room, 1).successes_us + view(room, 2).successes_us);
	assert_in_range(near->sum_us, 1, 1000000 * observed(near));
	assert_int_equal(view(room, 1).failures, 0);
	assert_int_equal(observed(health_latency(room->health, "broken")), 0);
	// Of another group it is another target, and a group without targets is forgotten.
	strcpy(targets[0].group, "far");
	assert_int_equal(health_put_target(room->health, &targets[0], 0), 0);
	assert_int_equal(view(room, 1).successes, 0);
	assert_int_equal(observed(health_latency(room->health, "far")), 0);
	health_drop_target(room->health, 3);
	assert_null(health_latency(room->health, "broken"));
}

static void a_machine_without_descriptors_blames_no_backend(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	struct rlimit before, none;

	set_one(room, &one);
	RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	RUN_UNTIL(room, stats(room).local_failures >= 5);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(view(room, 7).status, HEALTH_UP);
	assert_int_equal(stats(room).failures, 0);
	assert_int_equal(room->changes, 1);
}

static void on_stall(evutil_socket_t fd, short what, void *context)
{
	usleep(30000);
}

// The loop is held up for longer than the timeout while every probe is on its way.
static void a_loop_held_up_blames_no_backend(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	struct timeval often = {.tv_usec = 1000};
	struct event *stall = event_new(room->base, -1, EV_PERSIST, on_stall, NULL);

	one.policy.timeout_ms = 10;
	event_add(stall, &often);
	set_one(room, &one);
	RUN_UNTIL(room, stats(room).probes >= 10);
	event_free(stall);
	assert_int_equal(stats(room).failures, 0);
	assert_int_equal(view(room, 7).status, HEALTH_UP);
}

// ---- the set of targets

static void what_stays_in_the_set_keeps_its_status(void **state)
{
	struct room *room = *state;
	struct health_target two[] = {target(room, 1), target(room, 2)};
	struct health_view none;

	set_targets(room, two, 2);
	RUN_UNTIL(room, room->changes == 2);

	two[1].policy.fall = 9;
	two[1].port = 1;
	set_targets(room, two, 2);
	assert_int_equal(view(room, 1).status, HEALTH_UP);
	assert_int_equal(view(room, 2).status, HEALTH_UP);

	two[0].address.bytes[3] = 2;
	set_targets(room, two, 1);
	assert_int_equal(view(room, 1).status, HEALTH_UNKNOWN);
	assert_false(health_view(room->health, 2, &none));
}

static void an_unchanged_set_is_not_probed_anew(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);

	one.policy.interval_ms = 60000;
	one.policy.rise = 1;
	set_one(room, &one);
	RUN_UNTIL(room, room->changes == 1);
	for (int i = 0; i < 50; i++) {
		set_one(room, &one);
		event_base_loop(room->base, EVLOOP_NONBLOCK);
	}
	assert_int_equal(stats(room).probes, 1);
}

static void a_callback_may_change_the_set(void **state)
{
	struct room *room = *state;
	struct health_target two[] = {target(room, 1), target(room, 2)};
	struct health_view none;

	room->drops_targets = true;
	set_targets(room, two, 2);
	RUN_UNTIL(room, room->changes > 0);
	assert_false(health_view(room->health, 1, &none));
	assert_false(health_view(room->health, 2, &none));
}

// ---- what is left behind

// How many sockets of 'port', here or there, are in TIME_WAIT (6).
static uint32_t time_waits(uint16_t port)
{
	FILE *table = fopen("/proc/net/tcp", "r");
	unsigned local, remote, tcp_state;
	uint32_t count = 0;
	char line[256];

	assert_non_null(table);
	while (fgets(line, sizeof(line), table) != NULL) {
		if (sscanf(line, " %*d: %*x:%x %*x:%x %x", &local, &remote, &tcp_state) == 3 &&
			tcp_state == 6 && (local == port || remote == port))
			count++;
	}
	fclose(table);
	return count;
}

static void probes_leave_no_descriptor_and_no_time_wait(void **state)
{
	struct room *room = *state;
	struct health_target some[20];
	uint32_t before = open_descriptors();

	for (uint32_t i = 0; i < COUNT(some); i++) {
		some[i] = target(room, i);
		some[i].policy.interval_ms = 10;
	}
	set_targets(room, some, COUNT(some));
	RUN_UNTIL(room, stats(room).probes >= 500);
	set_targets(room, NULL, 0);
	RUN_UNTIL(room, room->accepted > 0);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(time_waits(room->port), 0);
}

// ---- many

#define MANY 2000

static void two_thousand_targets_keep_their_rhythm(void **state)
{
	struct room *room = *state;
	struct health_target *many = calloc(MANY, sizeof(*many));
	uint64_t begin_ns, took_ms;

	for (uint32_t i = 0; i < MANY; i++) {
		many[i] = target(room, i);
		many[i].policy.interval_ms = 1000;
		many[i].policy.timeout_ms = 5000; // a lost SYN is sent again after a second
	}
	begin_ns = clock_monotonic_ns();
	set_targets(room, many, MANY);
	RUN_UNTIL(room, room->changes == MANY);
	took_ms = (clock_monotonic_ns() - begin_ns) / CLOCK_NS_PER_MS;
	print_message("all up after %llu ms\n", (unsigned long long)took_ms);
	RUN_UNTIL(room, stats(room).probes >= 5 * MANY);
	took_ms = (clock_monotonic_ns() - begin_ns) / CLOCK_NS_PER_MS;
	print_message("%llu probes in %llu ms, %llu late\n", (unsigned long long)stats(room).probes,
		(unsigned long long)took_ms, (unsigned long long)stats(room).late);
	assert_int_equal(stats(room).failures, 0);
	assert_int_equal(room->changes, MANY);
	// Lateness is the machine's as much as ours, so it is printed and not judged.
	free(many);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_of_the_state_table_is_as_written_here),
		cmocka_unit_test(only_results_in_a_row_count),
		cmocka_unit_test(a_row_of_results_longer_than_its_counter_keeps_the_status),
		cmocka_unit_test(a_reason_names_what_was_tried_and_what_came_of_it),
		IN_ROOM(a_backend_that_accepts_is_up_after_rise_probes),
		IN_ROOM(a_port_that_nobody_serves_is_down_after_fall_probes),
		IN_ROOM(a_host_that_says_nothing_is_down_after_the_timeout),
		IN_ROOM(a_backend_that_comes_and_goes_is_told_once_each),
		IN_ROOM(a_target_of_type_none_is_up_without_a_probe),
		IN_ROOM(how_long_probes_take_is_kept_by_target_and_by_group),
		IN_ROOM(a_machine_without_descriptors_blames_no_backend),
		IN_ROOM(a_loop_held_up_blames_no_backend),
		IN_ROOM(what_stays_in_the_set_keeps_its_status),
		IN_ROOM(an_unchanged_set_is_not_probed_anew),
		IN_ROOM(a_callback_may_change_the_set),
		IN_ROOM(probes_leave_no_descriptor_and_no_time_wait),
		IN_ROOM(two_thousand_targets_keep_their_rhythm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
