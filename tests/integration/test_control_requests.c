// SPDX-License-Identifier: BSD-3-Clause
// What the control room refuses, and that it changes nothing then.
#include "control_lab.h"

#include <capture/capture.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int enter_small(void **state)
{
	return lab_setup(
		state, &(struct lab_options){.backends_max = 3, .services_max = 2, .workers = 2});
}

static int enter_wide(void **state)
{
	return lab_setup(state, &(struct lab_options){.services_max = 300, .workers = 1});
}

static void a_commit_without_a_begin_is_refused(void **state)
{
	struct config *config = lab_config(lab_two);

	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	lab_assert_refused(*state, EPROTO, "without a transaction");
	lab_assert_untouched(*state, 0, 0);
	config_free(config);
}

static void a_transaction_that_is_not_whole_is_refused(void **state)
{
	struct config *config = lab_config(lab_two);

	for (int more = 0; more <= 2; more += 2) {
		lab_begin(*state, config, 0);
		for (int i = 0; i < more; i++)
			lab_send_records(*state, config);
		lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
		lab_assert_refused(*state, EPROTO, "not whole");
		lab_assert_untouched(*state, 0, 0);
	}
	config_free(config);
}

static void records_of_any_bytes_are_refused(void **state)
{
	struct message_apply begin = {.service_count = 1, .pool_count = 1, .backend_count = 1};
	uint8_t bytes[CHANNEL_MESSAGE_MAX];

	srand(3);
	for (int i = 0; i < 200; i++) {
		for (size_t b = 0; b < sizeof(bytes); b++)
			bytes[b] = i == 0 ? 0xff : (uint8_t)rand();
		lab_send(*state, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
		assert_int_equal(lab_finish(*state, NULL), 0);
		lab_send(*state, MESSAGE_APPLY_SERVICE, bytes, sizeof(struct config_service));
		lab_send(*state, MESSAGE_APPLY_POOL, bytes, sizeof(struct config_pool));
		lab_send(*state, MESSAGE_APPLY_BACKEND, bytes, sizeof(struct config_backend));
		lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
		lab_assert_refused(*state, EINVAL, "record");
	}
	lab_assert_untouched(*state, 0, 0);
}

static void a_header_of_wrong_bytes_is_refused(void **state)
{
	struct message_apply begin = {.hash_key_set = 7};

	lab_send(*state, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	lab_assert_refused(*state, EINVAL, "hash_key_set");
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	lab_assert_refused(*state, EPROTO, "without a transaction");
}

static void a_kind_that_cannot_be_shown_is_refused(void **state)
{
	static const uint32_t kinds[] = {0, MESSAGE_SHOW_SECRETS + 1, 64, UINT32_MAX};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct message_show show = {.what = kinds[i]};

		lab_send(*state, MESSAGE_SHOW, &show, sizeof(show));
		lab_assert_refused(*state, EINVAL, "nothing of that kind");
	}
}

// Each makes one field of a good request bad.
static void spoil_path(struct message_capture *request)
{
	snprintf(request->path, sizeof(request->path), "here.pcapng");
}

static void spoil_path_end(struct message_capture *request)
{
	memset(request->path, '/', sizeof(request->path));
}

static void spoil_path_name(struct message_capture *request)
{
	snprintf(request->path, sizeof(request->path), "/nowhere/crontab");
}

static void spoil_path_bare(struct message_capture *request)
{
	snprintf(request->path, sizeof(request->path), ".pcapng");
}

static void spoil_packets(struct message_capture *request)
{
	request->packets = 0;
}

static void spoil_packets_many(struct message_capture *request)
{
	request->packets = UINT32_MAX;
}

static void spoil_duration(struct message_capture *request)
{
	request->duration_ms = UINT32_MAX;
}

static void spoil_snap_size(struct message_capture *request)
{
	request->snap_size = CAPTURE_SNAP_MAX + 1;
}

static void spoil_service(struct message_capture *request)
{
	memset(request->service, 'x', sizeof(request->service));
}

static void a_capture_that_cannot_be_is_refused(void **state)
{
	static const struct {
		void (*spoil)(struct message_capture *request);
		const char *sentence;
	} cases[] = {
		{spoil_path, "absolute path"},
		{spoil_path_end, "absolute path"},
		{spoil_path_name, "*.pcapng"},
		{spoil_path_bare, "absolute path"},
		{spoil_packets, "1 to 1000000 packets"},
		{spoil_packets_many, "1 to 1000000 packets"},
		{spoil_duration, "an hour"},
		{spoil_snap_size, "64 to 16384 bytes"},
		{spoil_service, "no service 'xxx"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message_capture request = {.path = "/nowhere/a.pcapng",
			.packets = 1,
			.duration_ms = 1,
			.snap_size = CAPTURE_SNAP_DEFAULT};

		cases[i].spoil(&request);
		lab_send(*state, MESSAGE_CAPTURE_BEGIN, &request, sizeof(request));
		lab_assert_refused(*state, EINVAL, cases[i].sentence);
	}
}

static void a_change_of_no_backend_is_refused(void **state)
{
	static const struct {
		const char *name;
		uint32_t state;
		uint32_t weight;
		int code;
	} cases[] = {
		{"", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"/", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"c", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"web/", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"web/c", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"other/a", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"a", CONFIG_STATE_DISABLED + 1, UINT32_MAX, EINVAL},
		{"a", UINT32_MAX, UINT32_MAX, EINVAL},
		{"a", CONFIG_STATE_UNSET, 65536, EINVAL},
	};
	struct message_backend_set endless = {.state = CONFIG_STATE_DRAINING};

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(lab_set_backend(*state, cases[i].name, cases[i].state,
					 cases[i].weight, NULL),
			-1);
		assert_int_equal(lab_error_code(*state), cases[i].code);
	}
	memset(endless.name, 'a', sizeof(endless.name));
	lab_send(*state, MESSAGE_BACKEND_SET, &endless, sizeof(endless));
	lab_assert_refused(*state, ENOENT, "there is no backend");
	lab_assert_untouched(*state, 1, 2);
}

static void more_than_the_daemon_has_room_for_is_refused(void **state)
{
	static const struct {
		uint32_t services;
		uint32_t backends;
		const char *words;
	} cases[] = {{3, 1, "services_max"}, {1, 4, "backends_max"}, {2, 2, "backends_max"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *config = lab_config_large(cases[i].services, cases[i].backends);

		assert_int_equal(lab_apply(*state, config, NULL), -1);
		assert_int_equal(lab_error_code(*state), ENOSPC);
		assert_non_null(strstr(lab_error(*state), cases[i].words));
		config_free(config);
	}
	lab_assert_untouched(*state, 0, 0);
}

// 300 services of 65,534 ports each have more pages of ports than a snapshot can number.
static void what_no_snapshot_can_hold_is_refused_and_changes_nothing(void **state)
{
	struct config *wide = lab_config_large(300, 0);
	struct config *narrow = lab_config_large(300, 0);

	for (uint32_t i = 0; i < wide->service_count; i++) {
		wide->services[i].ports[0][0] = 1;
		wide->services[i].ports[0][1] = 65534;
	}
	assert_int_equal(lab_apply(*state, narrow, NULL), 0);
	assert_int_equal(lab_apply(*state, wide, NULL), -1);
	assert_int_equal(lab_error_code(*state), E2BIG);
	lab_assert_untouched(*state, 1, 0);
	lab_kill(*state);
	lab_start(*state);
	lab_assert_untouched(*state, 1, 0);
	config_free(wide);
	config_free(narrow);
}

#define TEST(name)           cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)
#define TEST_IN(place, name) cmocka_unit_test_setup_teardown(name, enter_##place, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_commit_without_a_begin_is_refused),
		TEST(a_transaction_that_is_not_whole_is_refused),
		TEST(records_of_any_bytes_are_refused),
		TEST(a_header_of_wrong_bytes_is_refused),
		TEST(a_kind_that_cannot_be_shown_is_refused),
		TEST(a_capture_that_cannot_be_is_refused),
		TEST(a_change_of_no_backend_is_refused),
		TEST_IN(small, more_than_the_daemon_has_room_for_is_refused),
		TEST_IN(wide, what_no_snapshot_can_hold_is_refused_and_changes_nothing),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
