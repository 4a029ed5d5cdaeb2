// SPDX-License-Identifier: BSD-3-Clause
// What the control room keeps: over a restart, and of earlier versions.
#include "control_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

static void a_daemon_that_was_killed_goes_on_where_it_was(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(16, 4);
	struct config *running;
	struct message_done done;
	uint64_t applied_s;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	assert_int_equal(lab_apply(lab, config, NULL), 0);
	applied_s = lab_daemon_row(lab).applied_s;
	for (int i = 0; i < 3; i++) {
		lab_kill(lab);
		lab_start(lab);
		running = lab_shown_config(lab);
		assert_int_equal(config_diff(running, config, NULL, NULL), 0);
		config_free(running);
		assert_int_equal(lab_daemon_row(lab).config_version, 2);
		assert_int_equal(lab_daemon_row(lab).applied_s, applied_s);
	}
	assert_int_equal(lab_apply(lab, config, &done), 0);
	assert_int_equal(done.changes, 0);
	config_free(config);
}

static void a_state_that_cannot_be_saved_is_told_and_tried_again(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config(lab_two);
	struct message_done done;
	bool warned = false;

	lab_shell("rm -rf %s && touch %s", lab->state, lab->state);
	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	while (lab_receive(lab) == MESSAGE_TEXT)
		warned |= memmem(lab->message.body, lab->message.size, "warning", 7) != NULL;
	assert_true(warned);
	lab_shell("rm %s", lab->state);
	assert_int_equal(lab_apply(lab, config, &done), 0);
	assert_int_equal(done.changes, 0);
	lab_kill(lab);
	lab_start(lab);
	lab_assert_untouched(lab, 1, 2);
	config_free(config);
}

static uint32_t history(struct lab *lab, struct message_row_history rows[16])
{
	return lab_show(lab, MESSAGE_SHOW_HISTORY, rows, 16, sizeof(*rows));
}

static int rollback(struct lab *lab, uint64_t version, struct message_done *done)
{
	const struct message_rollback request = {.version = version};

	lab_join(lab);
	lab_send(lab, MESSAGE_ROLLBACK, &request, sizeof(request));
	return lab_finish(lab, done);
}

static void an_earlier_version_comes_back_also_after_a_restart(void **state)
{
	struct lab *lab = *state;
	struct message_row_backend backends[2];
	struct message_row_history rows[16];
	struct message_done done;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_DISABLED, 7, &done), 0);
	assert_int_equal(rollback(lab, done.version + 1, NULL), -1);
	assert_int_equal(lab_error_code(lab), ENOENT);
	lab_leave(lab);
	lab_stop(lab);
	lab_start(lab);

	assert_int_equal(history(lab, rows), 2);
	assert_int_equal(rows[0].version, done.version);
	assert_int_equal(rows[0].running, 1);
	assert_int_equal(rows[0].uid, getuid());
	assert_int_equal(rows[0].pid, getpid());
	assert_int_equal(rows[1].running, 0);
	assert_int_equal(rollback(lab, rows[1].version, &done), 0);
	assert_int_equal(done.changes, 2);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, backends, 2, sizeof(*backends)), 2);
	assert_int_equal(backends[0].state, CONFIG_STATE_ACTIVE);
	assert_int_equal(backends[0].weight, 100);
	assert_int_equal(history(lab, rows), 3);
	assert_int_equal(rows[0].version, done.version);
}

static void the_last_ten_versions_are_kept(void **state)
{
	struct message_row_history rows[16];
	struct message_done done;

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	for (uint32_t weight = 1; weight <= 12; weight++)
		assert_int_equal(lab_set_backend(*state, "a", 0, weight, &done), 0);
	assert_int_equal(history(*state, rows), 10);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(rows[i].version, done.version - i);
	assert_int_equal(rollback(*state, rows[9].version, NULL), 0);
	assert_int_equal(rollback(*state, rows[9].version, NULL), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_earlier_version_comes_back_also_after_a_restart),
		TEST(the_last_ten_versions_are_kept),
		TEST(a_daemon_that_was_killed_goes_on_where_it_was),
		TEST(a_state_that_cannot_be_saved_is_told_and_tried_again),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
