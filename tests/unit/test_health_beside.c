// SPDX-License-Identifier: BSD-3-Clause
// A target's own probe against a real listener, and beside it one through a path that a test plays.
#include "health_room.h"

#include <health/probe.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// What the path does: its probes end at once, or when they are told to, or never.
struct path {
	bool ends;
	bool is_late; // after the own one
	struct probe_result result;
	uint32_t started;
	uint32_t running;
	struct probe_request request;
	struct event *end;
};

static void end_probe(evutil_socket_t fd, short what, void *context)
{
	struct path *path = context;

	path->running--;
	path->request.done(path->request.context, &path->result);
}

static void *path_start(const struct probe_request *request, struct probe_result *result)
{
	const struct timeval later = {.tv_usec = 20000};
	struct path *path = request->path_context;

	path->started++;
	if (path->ends && !path->is_late) {
		*result = path->result;
		return NULL;
	}
	path->running++;
	path->request = *request;
	if (path->ends)
		evtimer_add(path->end, &later);
	return path;
}

static void path_cancel(void *probe)
{
	struct path *path = probe;

	evtimer_del(path->end);
	path->running--;
}

static const char *path_doing(const void *probe)
{
	return "through";
}

static void path_expire(void *probe, const char *timeout, struct probe_result *result)
{
	snprintf(result->reason, sizeof(result->reason), "the path: nothing within %s", timeout);
}

static const struct probe_kind path_kind = {
	.start = path_start, .cancel = path_cancel, .doing = path_doing, .expire = path_expire};

static void open_path(struct room *room, struct path *path)
{
	path->end = evtimer_new(room->base, end_probe, path);
	health_set_path(room->health, &path_kind, path);
}

static struct health_target both(const struct room *room)
{
	struct health_target one = target(room, 7);

	one.policy.via = CONFIG_VIA_FORWARDING;
	one.policy.rise = 1;
	one.policy.fall = 1;
	return one;
}

static void both_must_hold(void **state)
{
	static const struct {
		bool serves; // the target's own server
		bool ends, is_late;
		enum probe_outcome outcome; // of the path's
		enum health_status status;
		const char *reason; // how it begins
	} rows[] = {
		{false, true, false, PROBE_FAILED, HEALTH_DOWN, "connect to 127.0.0.1:"},
		{false, true, true, PROBE_FAILED, HEALTH_DOWN, "connect to 127.0.0.1:"},
		{false, true, false, PROBE_SUCCEEDED, HEALTH_DOWN, "connect to 127.0.0.1:"},
		{false, true, false, PROBE_LOCAL, HEALTH_DOWN, "connect to 127.0.0.1:"},
		{false, false, false, PROBE_SUCCEEDED, HEALTH_DOWN, "connect to 127.0.0.1:"},
		{true, true, false, PROBE_FAILED, HEALTH_DOWN, "the path's reason"},
		{true, true, true, PROBE_FAILED, HEALTH_DOWN, "the path's reason"},
		{true, false, false, PROBE_SUCCEEDED, HEALTH_DOWN,
			"the path: nothing within 100ms"},
		{true, true, false, PROBE_SUCCEEDED, HEALTH_UP, ""},
		{true, true, true, PROBE_SUCCEEDED, HEALTH_UP, ""},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct path path = {.ends = rows[i].ends,
			.is_late = rows[i].is_late,
			.result = {.outcome = rows[i].outcome}};
		struct health_target one;
		struct room *room;
		void *entered;

		enter(&entered);
		room = entered;
		if (rows[i].outcome != PROBE_SUCCEEDED)
			strcpy(path.result.reason, "the path's reason");
		open_path(room, &path);
		one = both(room);
		if (!rows[i].serves)
			stop_listening(room);
		set_one(room, &one);
		RUN_UNTIL(room, room->changes > 0);
		assert_int_equal(room->last_status, rows[i].status);
		assert_int_equal(
			strncmp(room->last_reason, rows[i].reason, strlen(rows[i].reason)), 0);
		set_targets(room, NULL, 0);
		assert_int_equal(path.running, 0); // and nothing goes on behind it
		event_free(path.end);
		leave(&entered);
	}
}

// It is told beside the health, which stays what it was.
static void a_path_that_cannot_be_asked_is_no_backends_fault(void **state)
{
	struct path path = {.ends = true};
	struct room *room = *state;
	struct health_target one;

	open_path(room, &path);
	one = both(room);
	set_one(room, &one);
	RUN_UNTIL(room, room->changes == 1);
	assert_int_equal(room->last_status, HEALTH_UP);
	path.result.outcome = PROBE_LOCAL;
	strcpy(path.result.reason, "no address");
	RUN_UNTIL(room, stats(room).local_failures >= 3);
	assert_int_equal(room->changes, 1);
	assert_string_equal(view(room, 7).reason, "");
	assert_string_equal(view(room, 7).remark, "no address");
	path.result = (struct probe_result){.outcome = PROBE_SUCCEEDED};
	RUN_UNTIL(room, view(room, 7).remark[0] == '\0');
	event_free(path.end);
	set_targets(room, NULL, 0);
}

static void a_remark_is_told_while_all_is_well(void **state)
{
	struct path path = {.ends = true, .result = {.remark = "something to look at"}};
	struct room *room = *state;
	struct health_target one;

	open_path(room, &path);
	one = both(room);
	set_one(room, &one);
	RUN_UNTIL(room, room->changes == 1);
	assert_int_equal(room->last_status, HEALTH_UP);
	assert_string_equal(view(room, 7).remark, "something to look at");
	path.result.remark[0] = '\0';
	RUN_UNTIL(room, view(room, 7).remark[0] == '\0');
	event_free(path.end);
	set_targets(room, NULL, 0);
}

// Type 'none' asks nothing by itself, and is not constant here.
static void a_pool_without_a_probe_of_its_own_is_asked_through_the_path(void **state)
{
	struct path path = {.ends = true};
	struct room *room = *state;
	struct health_target one;

	open_path(room, &path);
	one = both(room);
	one.policy.type = CONFIG_PROBE_NONE;
	set_one(room, &one);
	RUN_UNTIL(room, room->changes == 1);
	assert_int_equal(room->last_status, HEALTH_UP);
	assert_int_equal(room->accepted, 0);
	path.ends = false;
	RUN_UNTIL(room, room->changes == 2);
	assert_int_equal(room->last_status, HEALTH_DOWN);
	assert_string_equal(room->last_reason, "the path: nothing within 100ms");
	set_targets(room, NULL, 0);
	assert_int_equal(path.running, 0);
	event_free(path.end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_must_hold),
		cmocka_unit_test_setup_teardown(
			a_path_that_cannot_be_asked_is_no_backends_fault, enter, leave),
		cmocka_unit_test_setup_teardown(a_remark_is_told_while_all_is_well, enter, leave),
		cmocka_unit_test_setup_teardown(
			a_pool_without_a_probe_of_its_own_is_asked_through_the_path, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
