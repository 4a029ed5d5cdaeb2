// SPDX-License-Identifier: BSD-3-Clause
// What takes much out of service is put in force by nobody who has not said so, whoever he is.
#include "control_lab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define SERVICE "services: [{name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}]\n"
#define POOL    "pools: [{name: web, health: {type: none}, backends: ["

static const char usual[] = SERVICE POOL
	"{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}, {name: c, address: 10.0.0.3}]}]\n";
static const char nothing[] = "services: []\npools: []\n";
static const char idle[] = SERVICE POOL
	"{name: a, address: 10.0.0.1, weight: 0}, {name: b, address: 10.0.0.2, state: disabled}, "
	"{name: c, address: 10.0.0.3}]}]\n";

static int enter(void **state)
{
	lab_setup(state, &(struct lab_options){.workers = 1, .asks = true});
	return lab_apply_text(*state, usual, NULL);
}

static void begin(struct lab *lab, const char *yaml, const struct message_apply *terms)
{
	struct config *config = lab_config(yaml);
	struct message_apply begin = *terms;

	begin.service_count = config->service_count;
	begin.pool_count = config->pool_count;
	begin.backend_count = config->backend_count;
	lab_send(lab, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	assert_int_equal(lab_finish(lab, NULL), 0);
	lab_send_records(lab, config);
	config_free(config);
}

static int apply(struct lab *lab, const char *yaml, const struct message_apply *terms)
{
	begin(lab, yaml, terms);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	return lab_finish(lab, NULL);
}

static int rollback(struct lab *lab, const struct message_rollback *request)
{
	lab_send(lab, MESSAGE_ROLLBACK, request, sizeof(*request));
	return lab_finish(lab, NULL);
}

// How many lines of what goes come first.
static uint32_t count_losses(struct lab *lab)
{
	uint32_t count = 0;

	while (lab_receive(lab) == MESSAGE_LOSS)
		count++;
	return count;
}

static void an_apply_that_takes_much_out_is_refused_whole(void **state)
{
	static const struct message_apply none;

	begin(*state, nothing, &none);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(count_losses(*state), 2); // the service, and the pool
	assert_int_equal(((struct lab *)*state)->message.type, MESSAGE_ERROR);
	assert_int_equal(lab_error_code(*state), ECANCELED);
	assert_non_null(strstr(lab_error(*state),
		"nothing was changed: it would take out 1 of 1 service, and 3 of the 3 backends of pool 'web'"));
	assert_non_null(strstr(lab_error(*state), "--force"));
	assert_int_equal(apply(*state, idle, &none), -1);
	assert_int_equal(lab_error_code(*state), ECANCELED);
	lab_assert_untouched(*state, 1, 3);
}

static void who_forces_it_is_not_asked(void **state)
{
	static const struct message_apply forced = {.is_forced = 1};

	assert_int_equal(apply(*state, nothing, &forced), 0);
	assert_int_equal(lab_daemon_row(*state).config_version, 2);
}

static void what_comes_back_by_itself_is_not_asked_about(void **state)
{
	static const struct message_apply trial = {.confirm_s = 3600};
	static const struct message_confirm revert = {.takes_back = 1};

	assert_int_equal(apply(*state, idle, &trial), 0);
	lab_send(*state, MESSAGE_CONFIRM, &revert, sizeof(revert));
	assert_int_equal(lab_finish(*state, NULL), 0);
	assert_int_equal(lab_daemon_row(*state).config_version, 3);
}

static void a_rollback_is_asked_about_as_an_apply_is(void **state)
{
	static const struct message_apply forced = {.is_forced = 1}, none;
	struct message_rollback request = {.version = 2};

	assert_int_equal(apply(*state, idle, &forced), 0);
	assert_int_equal(apply(*state, usual, &none), 0);
	// The file gives no state, so b is disabled still: of the two that serve again one would
	// go.
	assert_int_equal(lab_set_backend(*state, "b", CONFIG_STATE_ACTIVE, UINT32_MAX, NULL), 0);
	assert_int_equal(rollback(*state, &request), -1);
	assert_int_equal(lab_error_code(*state), ECANCELED);
	assert_int_equal(lab_daemon_row(*state).config_version, 4);
	request.confirm_s = MESSAGE_CONFIRM_MAX_S + 1;
	assert_int_equal(rollback(*state, &request), -1);
	assert_int_equal(lab_error_code(*state), EINVAL);
	request.confirm_s = 3600;
	assert_int_equal(rollback(*state, &request), 0);
	assert_in_range(lab_daemon_row(*state).confirm_left_s, 3500, 3600);
	lab_send(*state, MESSAGE_CONFIRM, &(struct message_confirm){.takes_back = 1},
		sizeof(struct message_confirm));
	assert_int_equal(lab_finish(*state, NULL), 0);
	request = (struct message_rollback){.version = 2, .is_forced = 1};
	assert_int_equal(rollback(*state, &request), 0);
	assert_int_equal(lab_daemon_row(*state).config_version, 7);
}

// Whoever names one backend means it.
static void one_backend_is_taken_out_without_a_question(void **state)
{
	static const char *const names[] = {"a", "b", "c"};

	for (int i = 0; i < 3; i++)
		assert_int_equal(
			lab_set_backend(*state, names[i], CONFIG_STATE_DISABLED, UINT32_MAX, NULL),
			0);
}

static void a_plan_tells_what_would_be_asked_about(void **state)
{
	static const struct message_apply none;
	struct message_done done;
	uint32_t losses = 0, rows = 0;
	enum message_type type;

	begin(*state, nothing, &none);
	lab_send(*state, MESSAGE_PLAN, NULL, 0);
	while ((type = lab_receive(*state)) != MESSAGE_DONE) {
		assert_int_not_equal(type, MESSAGE_ERROR);
		losses += type == MESSAGE_LOSS;
		rows += type == MESSAGE_ROW_PLAN;
	}
	assert_int_equal(losses, 2);
	assert_int_equal(rows, 1);
	begin(*state, usual, &none);
	lab_send(*state, MESSAGE_PLAN, NULL, 0);
	assert_int_equal(lab_finish(*state, &done), 0);
	lab_assert_untouched(*state, 1, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, lab_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_apply_that_takes_much_out_is_refused_whole),
		TEST(who_forces_it_is_not_asked),
		TEST(what_comes_back_by_itself_is_not_asked_about),
		TEST(a_rollback_is_asked_about_as_an_apply_is),
		TEST(one_backend_is_taken_out_without_a_question),
		TEST(a_plan_tells_what_would_be_asked_about),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
