// SPDX-License-Identifier: BSD-3-Clause
// What the control room keeps: over a restart, and of earlier versions.
#include "control_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <store/history.h>
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

// Nobody applies it again: the daemon tries until it is kept.
static void what_cannot_be_kept_is_told_and_kept_later(void **state)
{
	struct lab *lab = *state;
	struct message_done done;

	lab_shell("rm -rf %s && touch %s", lab->state, lab->state);
	assert_int_equal(lab_apply_text(lab, lab_two, &done), 0);
	assert_int_equal(done.is_unkept, 1);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_DRAINING, UINT32_MAX, &done), 0);
	assert_int_equal(done.is_unkept, 1);
	lab_shell("rm %s", lab->state);
	lab_shell("for i in $(seq 600); do test -e %s/history && exit 0; sleep 0.05; done; exit 1",
		lab->state);
	assert_int_equal(lab_apply_text(lab, lab_two, &done), 0);
	assert_int_equal(done.is_unkept, 0);
	lab_kill(lab);
	lab_start(lab);
	assert_int_equal(lab_daemon_row(lab).config_version, 2);
	assert_int_equal(lab_backend_row(lab, "a").state, CONFIG_STATE_DRAINING);
}

static uint32_t history(struct lab *lab, struct message_row_history rows[HISTORY_MAX + 1])
{
	return lab_show(lab, MESSAGE_SHOW_HISTORY, rows, HISTORY_MAX + 1, sizeof(*rows));
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
	struct message_row_history rows[HISTORY_MAX + 1];
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

// What an apply of the file is, with the first backend's weight.
static uint64_t apply_weight(struct lab *lab, uint32_t weight)
{
	struct config *config = lab_config(lab_two);
	struct message_done done;

	config->backends[0].weight = (uint16_t)weight;
	assert_int_equal(lab_apply(lab, config, &done), 0);
	config_free(config);
	return done.version;
}

static uint32_t weight_of(struct lab *lab, const char *name)
{
	return lab_backend_row(lab, name).weight;
}

// An evening's maintenance changes single backends so often that a count of all would have lost
// every apply.
static void changes_of_backends_push_no_apply_out(void **state)
{
	struct lab *lab = *state;
	struct message_row_history rows[HISTORY_MAX + 1];
	uint32_t applies = 0, others = 0, count;
	struct message_done done;
	uint64_t first = 0;

	for (uint32_t i = 0; i < HISTORY_APPLIES + 3; i++) {
		uint64_t version = apply_weight(lab, 1000 + i);

		first = i == 3 ? version : first; // the oldest one that is to stay
	}
	for (uint32_t i = 0; i < HISTORY_OTHERS + 3; i++)
		assert_int_equal(lab_set_backend(lab, "b", 0, 1 + i, &done), 0);
	lab_stop(lab);
	lab_start(lab);
	count = lab_show(lab, MESSAGE_SHOW_HISTORY, rows, HISTORY_MAX + 1, sizeof(*rows));
	assert_int_equal(count, HISTORY_MAX);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(rows[i].running, i == 0);
		assert_true(i == 0 || rows[i].version < rows[i - 1].version);
		applies += rows[i].kind == MESSAGE_HISTORY_APPLY;
		others += rows[i].kind == MESSAGE_HISTORY_BACKEND;
	}
	assert_int_equal(applies, HISTORY_APPLIES);
	assert_int_equal(others, HISTORY_OTHERS);
	assert_int_equal(rows[count - 1].version, first);
	assert_int_equal(rollback(lab, first - 1, NULL), -1);
	assert_int_equal(lab_error_code(lab), ENOENT);
	// Back to the oldest apply, and to a change of one backend.
	assert_int_equal(rollback(lab, first, &done), 0);
	assert_int_equal(weight_of(lab, "a"), 1003);
	assert_int_equal(weight_of(lab, "b"), 300);
	assert_int_equal(rollback(lab, rows[0].version, &done), 0);
	assert_int_equal(weight_of(lab, "b"), HISTORY_OTHERS + 3);
	assert_int_equal(history(lab, rows), HISTORY_MAX); // each rollback is an apply
	assert_int_equal(rows[0].kind, MESSAGE_HISTORY_ROLLBACK);
	assert_int_equal(rows[0].pid, getpid());
	assert_int_equal(rows[1].of, first);
}

// Names of files as a release wrote them that told less.
static void the_history_of_an_earlier_release_is_read(void **state)
{
	struct lab *lab = *state;
	struct message_row_history rows[HISTORY_MAX + 1];
	uint64_t version = apply_weight(lab, 7);

	apply_weight(lab, 8);
	lab_shell("cd %s/history && mv %lu-*.yaml %lu-1700000000-42-4711.yaml", lab->state, version,
		version);
	assert_int_equal(history(lab, rows), 2);
	assert_int_equal(rows[1].version, version);
	assert_int_equal(rows[1].applied_s, 1700000000);
	assert_int_equal(rows[1].uid, 42);
	assert_int_equal(rows[1].pid, 4711);
	assert_int_equal(rows[1].kind, MESSAGE_HISTORY_APPLY);
	assert_int_equal(rows[1].confirmed_by, 0);
	assert_int_equal(rollback(lab, version, NULL), 0);
	assert_int_equal(weight_of(lab, "a"), 7);
}

// A file of its own that is said to be large, without a block more.
static void make_large(struct lab *lab, uint64_t version)
{
	lab_shell("cd %s/history && cp --sparse=always %lu-*.yaml x && truncate -s 200M x && "
		  "mv x %lu-*.yaml",
		lab->state, version, version);
}

// Large ones are fewer.
static void the_history_has_a_limit_on_the_disk(void **state)
{
	struct lab *lab = *state;
	struct message_row_history rows[HISTORY_MAX + 1];
	uint64_t version = 0;

	for (uint32_t i = 0; i < HISTORY_SURE + 5; i++) {
		version = apply_weight(lab, 100 + i);
		make_large(lab, version);
	}
	assert_int_equal(history(lab, rows), HISTORY_SURE);
	assert_int_equal(rows[0].version, version);
	version = apply_weight(lab, 1);
	assert_int_equal(history(lab, rows), HISTORY_SURE);
	lab_shell("test $(ls %s/history | wc -l) -eq %u", lab->state, HISTORY_SURE);
	// What else became a version is kept as long as there is room.
	assert_int_equal(lab_set_backend(lab, "b", 0, 5, NULL), 0);
	assert_int_equal(history(lab, rows), HISTORY_SURE + 1);
	for (uint32_t i = 0; i < 2; i++)
		make_large(lab, apply_weight(lab, 2 + i));
	assert_int_equal(history(lab, rows), HISTORY_SURE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_earlier_version_comes_back_also_after_a_restart),
		TEST(changes_of_backends_push_no_apply_out),
		TEST(the_history_of_an_earlier_release_is_read),
		TEST(the_history_has_a_limit_on_the_disk),
		TEST(a_daemon_that_was_killed_goes_on_where_it_was),
		TEST(a_state_that_cannot_be_saved_is_told_and_tried_again),
		TEST(what_cannot_be_kept_is_told_and_kept_later),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
