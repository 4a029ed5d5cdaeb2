// SPDX-License-Identifier: BSD-3-Clause
// Configurations on trial, by the real control room: in force at once, and taken back unless they
// are confirmed.
#include "control_lab.h"

#include <base/clock.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define LONG_S     3600
#define FOREVER_NS (60 * CLOCK_NS_PER_S)

#define SERVICE "services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}]\n"
#define POOL    "pools: [{name: web, health: {type: none}, backends: ["

static const char first[] = SERVICE POOL "{name: a, address: 10.0.0.1}]}]\n";
static const char second[] =
	SERVICE POOL "{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}]\n";

static int enter(void **state)
{
	lab_setup(state, &(struct lab_options){.workers = 1});
	return lab_apply_text(*state, first, NULL);
}

static uint32_t count_backends(struct lab *lab)
{
	struct message_row_backend rows[8];
	uint32_t count = lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 8, sizeof(rows[0]));
	uint32_t written = 0;

	for (uint32_t i = 0; i < count; i++)
		written += rows[i].state != CONFIG_STATE_LEAVING;
	return written;
}

// -1: refused.
static int apply_on_trial(struct lab *lab, const char *yaml, uint32_t confirm_s)
{
	struct config *config = lab_config(yaml);
	struct message_apply begin = {.service_count = config->service_count,
		.pool_count = config->pool_count,
		.backend_count = config->backend_count,
		.confirm_s = confirm_s};
	int rc;

	lab_send(lab, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	rc = lab_finish(lab, NULL);
	if (rc == 0) {
		lab_send_records(lab, config);
		lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
		rc = lab_finish(lab, NULL);
	}
	config_free(config);
	return rc;
}

static int confirm(struct lab *lab, bool takes_back)
{
	const struct message_confirm request = {.takes_back = takes_back};

	lab_send(lab, MESSAGE_CONFIRM, &request, sizeof(request));
	return lab_finish(lab, NULL);
}

// The version before is in force at once, and the trial is over when that is saved, too.
static void wait_until_taken_back(struct lab *lab, uint64_t version)
{
	const struct timespec nap = {.tv_nsec = 20000000};
	uint64_t until_ns = clock_monotonic_ns() + FOREVER_NS;
	struct message_row_daemon row = lab_daemon_row(lab);

	while (row.config_version != version || row.confirm_left_s != 0) {
		assert_true(clock_monotonic_ns() < until_ns);
		nanosleep(&nap, NULL);
		row = lab_daemon_row(lab);
	}
}

static void assert_runs(struct lab *lab, uint64_t version, uint32_t backends)
{
	assert_int_equal(lab_daemon_row(lab).config_version, version);
	assert_int_equal(count_backends(lab), backends);
}

// --- Bad input ---

static void there_is_nothing_to_confirm_without_a_trial(void **state)
{
	for (int takes_back = 0; takes_back < 2; takes_back++) {
		assert_int_equal(confirm(*state, takes_back), -1);
		assert_int_equal(lab_error_code(*state), ENOENT);
	}
	assert_runs(*state, 1, 1);
}

static void a_trial_of_more_than_a_day_is_refused(void **state)
{
	assert_int_equal(apply_on_trial(*state, second, MESSAGE_CONFIRM_MAX_S + 1), -1);
	assert_int_equal(lab_error_code(*state), EINVAL);
	assert_runs(*state, 1, 1);
}

static void no_other_change_is_built_on_a_trial(void **state)
{
	const struct message_rollback rollback = {.version = 1};

	assert_int_equal(apply_on_trial(*state, second, LONG_S), 0);
	assert_int_equal(lab_apply_text(*state, first, NULL), -1);
	assert_int_equal(lab_error_code(*state), EINPROGRESS);
	assert_non_null(strstr(lab_error(*state), "fulcrumctl confirm"));
	assert_int_equal(apply_on_trial(*state, first, 10), -1);
	assert_int_equal(
		lab_set_backend(*state, "web/a", CONFIG_STATE_DRAINING, UINT32_MAX, NULL), -1);
	assert_int_equal(lab_error_code(*state), EINPROGRESS);
	lab_send(*state, MESSAGE_ROLLBACK, &rollback, sizeof(rollback));
	assert_int_equal(lab_finish(*state, NULL), -1);
	assert_runs(*state, 2, 2);
}

// --- What becomes of it ---

static void what_nobody_confirms_is_taken_back_whoever_is_gone(void **state)
{
	struct message_row_history rows[10];
	struct message_row_daemon row;

	assert_int_equal(apply_on_trial(*state, second, LONG_S), 0);
	row = lab_daemon_row(*state);
	assert_in_range(row.confirm_left_s, LONG_S - 60, LONG_S);
	assert_int_equal(row.confirm_before, 1);
	assert_int_equal(confirm(*state, true), 0);
	assert_runs(*state, 3, 1);

	assert_int_equal(apply_on_trial(*state, second, 1), 0);
	lab_leave(*state);
	wait_until_taken_back(*state, 5);
	assert_runs(*state, 5, 1);
	while (lab_daemon_row(*state).is_unkept != 0) // nobody waited for its answer
		;
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_HISTORY, rows, 10, sizeof(rows[0])), 3);
	// Nobody asked for it but the daemon.
	assert_int_equal(rows[0].version, 5);
	assert_int_equal(rows[0].running, 1);
	assert_int_equal(rows[0].kind, MESSAGE_HISTORY_EXPIRED);
	assert_int_equal(rows[0].of, 4);
	assert_int_equal(rows[0].uid, getuid());
	assert_int_equal(rows[0].pid, ((struct lab *)*state)->pid);
	assert_int_equal(rows[0].tried_by, getuid() + 1);
	assert_int_equal(rows[0].tried_pid, getpid());
	assert_int_equal(rows[0].confirmed_by, 0);
	assert_int_equal(rows[1].version, 3);
	assert_int_equal(rows[1].kind, MESSAGE_HISTORY_TAKEN_BACK);
	assert_int_equal(rows[1].of, 2);
	assert_int_equal(rows[1].pid, getpid());
	assert_int_equal(rows[1].tried_pid, getpid());
	assert_int_equal(rows[2].version, 1);
	assert_int_equal(lab_apply_text(*state, second, NULL), 0);
	assert_runs(*state, 6, 2);
}

static void a_trial_stands_in_the_history_before_it_is_kept(void **state)
{
	struct message_row_history rows[10];

	assert_int_equal(apply_on_trial(*state, second, LONG_S), 0);
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_HISTORY, rows, 10, sizeof(rows[0])), 2);
	assert_int_equal(rows[0].version, 2);
	assert_int_equal(rows[0].running, 1);
	assert_in_range(rows[0].confirm_left_s, LONG_S - 60, LONG_S);
	assert_int_equal(rows[0].pid, getpid());
	assert_int_equal(rows[1].version, 1);
	assert_int_equal(rows[1].running, 0);
	assert_int_equal(rows[1].confirm_left_s, 0);
}

static void what_is_confirmed_stays_also_over_a_restart(void **state)
{
	struct message_row_history rows[10];

	assert_int_equal(apply_on_trial(*state, second, LONG_S), 0);
	assert_int_equal(confirm(*state, false), 0);
	assert_int_equal(lab_daemon_row(*state).confirm_left_s, 0);
	assert_int_equal(confirm(*state, false), -1);
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_HISTORY, rows, 10, sizeof(rows[0])), 2);
	assert_int_equal(rows[0].confirm_left_s, 0);
	lab_kill(*state);
	lab_start(*state);
	assert_runs(*state, 2, 2);
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_HISTORY, rows, 10, sizeof(rows[0])), 2);
	assert_int_equal(rows[0].kind, MESSAGE_HISTORY_APPLY);
	assert_int_equal(rows[0].pid, getpid());
	assert_int_equal(rows[0].confirmed_by, getuid() + 1);
	assert_int_equal(rows[0].confirmed_pid, getpid());
	assert_int_equal(rows[1].confirmed_by, 0);
	assert_int_equal(rows[1].confirmed_pid, 0);
}

static void a_restart_takes_back_what_was_not_confirmed(void **state)
{
	assert_int_equal(apply_on_trial(*state, second, LONG_S), 0);
	lab_kill(*state);
	lab_start(*state);
	assert_runs(*state, 1, 1);
	assert_int_equal(lab_daemon_row(*state).confirm_left_s, 0);
	assert_int_equal(lab_apply_text(*state, second, NULL), 0);
	assert_runs(*state, 2, 2);
}

static void a_trial_that_changes_nothing_is_none(void **state)
{
	assert_int_equal(lab_apply_text(*state, second, NULL), 0);
	assert_int_equal(apply_on_trial(*state, second, 1), 0);
	assert_int_equal(lab_daemon_row(*state).confirm_left_s, 0);
	assert_int_equal(confirm(*state, false), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, lab_teardown)
	const struct CMUnitTest tests[] = {
		TEST(there_is_nothing_to_confirm_without_a_trial),
		TEST(a_trial_of_more_than_a_day_is_refused),
		TEST(no_other_change_is_built_on_a_trial),
		TEST(what_nobody_confirms_is_taken_back_whoever_is_gone),
		TEST(a_trial_stands_in_the_history_before_it_is_kept),
		TEST(what_is_confirmed_stays_also_over_a_restart),
		TEST(a_restart_takes_back_what_was_not_confirmed),
		TEST(a_trial_that_changes_nothing_is_none),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
