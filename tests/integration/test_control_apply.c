// SPDX-License-Identifier: BSD-3-Clause
// Configurations applied to the whole control room, and planned.
#include "control_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int enter_near(void **state)
{
	return lab_setup(
		state, &(struct lab_options){
			       .backends_max = 200, .workers = 1, .kernel_interface = "near"});
}

static int enter_small(void **state)
{
	return lab_setup(
		state, &(struct lab_options){.backends_max = 3, .services_max = 2, .workers = 2});
}

static int enter_stuck(void **state)
{
	return lab_setup(state, &(struct lab_options){.workers = 1, .has_stuck_worker = true});
}

static void versions_count_the_applies_that_change_something(void **state)
{
	struct message_done done;

	assert_int_equal(lab_daemon_row(*state).config_version, 0);
	assert_int_equal(lab_daemon_row(*state).applied_s, 0);
	assert_int_equal(lab_apply_text(*state, "services: []\n", &done), 0);
	assert_int_equal(done.version, 1);
	assert_int_equal(done.changes, 0);
	assert_int_equal(lab_apply_text(*state, lab_two, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 4);
	assert_int_equal(lab_apply_text(*state, lab_two, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 0);
	assert_true(lab_daemon_row(*state).applied_s > 0);
	assert_true(lab_daemon_row(*state).apply_us > 0);
}

static void what_changed_is_answered_line_by_line(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config(lab_two);

	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_receive(lab), MESSAGE_TEXT);
	assert_memory_equal(lab->message.body, "service web: added", lab->message.size);
	assert_int_equal(lab_finish(lab, NULL), 0);
	config_free(config);
}

static void a_version_that_is_not_in_force_is_refused(void **state)
{
	struct config *config = lab_config(lab_two);

	assert_int_equal(lab_apply(*state, config, NULL), 0);
	lab_begin(*state, config, 7);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	lab_assert_refused(*state, ESTALE, "version 1 is in force, not 7");
	lab_begin(*state, config, 1);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_finish(*state, NULL), 0);
	config_free(config);
}

static void an_abort_or_another_begin_forgets_the_records(void **state)
{
	struct config *config = lab_config(lab_two);

	lab_begin(*state, config, 0);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_ABORT, NULL, 0);
	assert_int_equal(lab_finish(*state, NULL), 0);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	lab_assert_refused(*state, EPROTO, "without a transaction");
	lab_begin(*state, config, 0);
	lab_send_records(*state, config);
	assert_int_equal(lab_apply(*state, config, NULL), 0);
	lab_assert_untouched(*state, 1, 2);
	config_free(config);
}

static void every_name_can_change_when_there_is_no_room_for_both(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	char yaml[512];

	for (size_t i = 0; i < 30; i++) {
		const char *n = names[i % COUNT(names)];

		snprintf(yaml, sizeof(yaml),
			"pools:\n  - name: p%s\n    health: {type: none}\n    backends: "
			"[{name: %s1, address: 10.0.0.1}, {name: %s2, address: 10.0.0.2}, "
			"{name: %s3, address: 10.0.0.3}]\n",
			n, n, n, n);
		assert_int_equal(lab_apply_text(*state, yaml, NULL), 0);
	}
	lab_assert_untouched(*state, 30, 3);
}

static void a_large_configuration_is_applied_whole(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(16, 4);
	struct message_row_pool rows[16];

	assert_int_equal(lab_apply(lab, config, NULL), 0);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_POOLS, rows, 16, sizeof(rows[0])), 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(rows[i].backends, 4);
	config_free(config);
}

// Nobody has to look twice: its next hop is known before it is in force.
static void a_new_backend_serves_when_the_apply_is_answered(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(3, 50);
	struct message_row_backend rows[150];

	assert_int_equal(lab_apply(lab, config, NULL), 0);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 150, sizeof(rows[0])), 150);
	for (int i = 0; i < 150; i++)
		assert_in_range(rows[i].share_ppm, 19000, 21000);
	config_free(config);
}

static int plan(
	struct lab *lab, const char *yaml, struct message_row_plan *row, struct message_done *done)
{
	struct config *config = lab_config(yaml);
	enum message_type type;

	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	config_free(config);
	lab_send(lab, MESSAGE_PLAN, NULL, 0);
	while ((type = lab_receive(lab)) != MESSAGE_DONE) {
		if (type == MESSAGE_ERROR)
			return -1;
		if (type == MESSAGE_ROW_PLAN)
			memcpy(row, lab->message.body, sizeof(*row));
	}
	memcpy(done, lab->message.body, sizeof(*done));
	return 0;
}

static void a_plan_is_told_and_changes_nothing(void **state)
{
	static const char *const three =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends: [{name: a, address: 10.0.0.1}, {name: c, address: 10.0.0.3}]\n";
	struct message_row_plan row = {.slots = 1};
	struct message_done done;

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	assert_int_equal(plan(*state, lab_two, &row, &done), 0);
	assert_int_equal(done.changes, 0);
	assert_int_equal(row.slots, 1); // there was no row
	for (int i = 0; i < 3; i++) {
		assert_int_equal(plan(*state, three, &row, &done), 0);
		assert_int_equal(done.version, 1);
		assert_int_equal(done.changes, 2);
		assert_string_equal(row.pool, "web");
		assert_int_equal(row.slots, 65537);
		// The three quarters that b had, and what a new member takes from a.
		assert_in_range(row.slots_moved, 65537 * 75 / 100, 65537 * 85 / 100);
		lab_assert_untouched(*state, 1, 2);
	}
	lab_send(*state, MESSAGE_PLAN, NULL, 0); // of nothing
	assert_int_equal(lab_finish(*state, NULL), -1);
	assert_int_equal(lab_error_code(*state), EPROTO);
	assert_int_equal(lab_apply_text(*state, three, &done), 0);
	assert_int_equal(done.changes, 2);
	assert_int_equal(done.version, 2);
}

static void a_worker_that_stands_still_is_not_waited_for(void **state)
{
	struct message_done done;

	assert_int_equal(lab_apply_text(*state, lab_two, &done), 0);
	assert_int_equal(done.version, 1);
	lab_assert_untouched(*state, 1, 2);
}

#define TEST(name)           cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)
#define TEST_IN(place, name) cmocka_unit_test_setup_teardown(name, enter_##place, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(versions_count_the_applies_that_change_something),
		TEST(what_changed_is_answered_line_by_line),
		TEST(a_version_that_is_not_in_force_is_refused),
		TEST(an_abort_or_another_begin_forgets_the_records),
		TEST_IN(small, every_name_can_change_when_there_is_no_room_for_both),
		TEST(a_large_configuration_is_applied_whole),
		TEST(a_plan_is_told_and_changes_nothing),
		TEST_IN(near, a_new_backend_serves_when_the_apply_is_answered),
		TEST_IN(stuck, a_worker_that_stands_still_is_not_waited_for),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
