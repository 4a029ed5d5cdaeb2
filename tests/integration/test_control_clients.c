// SPDX-License-Identifier: BSD-3-Clause
// Clients that die, write what they like or do not read: the control room stays whole and serves.
#include "control_lab.h"

#include <channel/segment.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define KILLS 1000 // or as many as $FULCRUM_KILLS says

static int kills(void)
{
	const char *wanted = getenv("FULCRUM_KILLS");

	return wanted != NULL ? atoi(wanted) : KILLS;
}

static void apply_for_ever(struct lab *lab, const struct config *a, const struct config *b)
{
	for (;;) {
		lab_apply(lab, a, NULL);
		lab_apply(lab, b, NULL);
	}
}

static void a_client_killed_at_any_moment_leaves_a_whole_configuration(void **state)
{
	struct lab *lab = *state;
	struct config *few = lab_config_large(2, 3);
	struct config *many = lab_config_large(16, 4);
	struct message_done done;

	srand(4);
	assert_int_equal(lab_apply(lab, few, NULL), 0);
	lab_leave(lab);
	for (int i = 0; i < kills(); i++) {
		struct timespec life = {.tv_nsec = rand() % 20000000};
		struct config *running;
		pid_t client = fork();

		if (client == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			apply_for_ever(lab, few, many);
		}
		nanosleep(&life, NULL);
		kill(client, SIGKILL);
		waitpid(client, NULL, 0);
		running = lab_shown_config(lab);
		assert_true(config_diff(running, few, NULL, NULL) == 0 ||
			    config_diff(running, many, NULL, NULL) == 0);
		config_free(running);
		lab_leave(lab);
	}
	assert_int_equal(lab_apply(lab, few, &done), 0);
	config_free(few);
	config_free(many);
}

static void scribble(const char *path, const struct config *config, int rounds)
{
	int fd = open(path, O_RDWR);
	uint8_t *segment =
		mmap(NULL, sizeof(struct segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	for (int i = 0; i < rounds; i++) {
		size_t first = offsetof(struct segment, session);
		size_t at = first + (size_t)rand() % (sizeof(struct segment) - first);

		// Most often the numbers, which stand in the first page.
		if (rand() % 4 != 0)
			at = first + (size_t)rand() % (4096 - first);
		segment[at] = (uint8_t)rand();
		if (rand() % 16 == 0)
			memcpy(segment + offsetof(struct segment, request_data) + rand() % 4096,
				config->services, sizeof(*config->services));
	}
	_exit(0);
}

// Whatever becomes of it: it ends by a signal.
static void ask_for_ever(const char *path)
{
	struct channel_message message = {
		.type = MESSAGE_SHOW, .size = sizeof(struct message_show)};
	struct message_show show = {.what = MESSAGE_SHOW_BACKENDS};
	struct channel_client *client;

	memcpy(message.body, &show, sizeof(show));
	for (;;) {
		struct channel_message reply;

		if (channel_client_open(path, 100, &client, NULL) != 0)
			continue;
		while (channel_client_send(client, &message, 100, NULL) == 0 &&
			channel_client_receive(client, &reply, 100, NULL) == 0)
			;
		channel_client_close(client);
	}
}

static void any_bytes_in_the_segment_leave_a_daemon_that_serves(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(16, 4);
	struct config *running;

	assert_int_equal(lab_apply(lab, config, NULL), 0);
	lab_leave(lab);
	for (int i = 0; i < kills(); i++) {
		pid_t writer, client = fork();

		if (client == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ask_for_ever(lab->channel);
		}
		srand((unsigned int)i);
		writer = fork();
		if (writer == 0)
			scribble(lab->channel, config, 20000);
		waitpid(writer, NULL, 0);
		kill(client, SIGKILL);
		waitpid(client, NULL, 0);
	}
	running = lab_shown_config(lab);
	assert_int_equal(config_diff(running, config, NULL, NULL), 0);
	config_free(running);
	config_free(config);
}

// Requests go on until the ring is full, and the answers fill theirs: then both sides wait for us.
static void answers_wait_for_a_client_that_does_not_read(void **state)
{
	struct lab *lab = *state;
	struct message_show show = {.what = MESSAGE_SHOW_DROPS};
	struct error err;
	uint32_t sent = 0, answered = 0;

	lab_join(lab);
	lab->message = (struct channel_message){.type = MESSAGE_SHOW, .size = sizeof(show)};
	memcpy(lab->message.body, &show, sizeof(show));
	while (channel_client_send(lab->client, &lab->message, 200, &err) == 0)
		sent++;
	assert_true(sent > 1000);
	while (answered < sent) {
		assert_int_equal(lab_finish(lab, NULL), 0);
		answered++;
	}
	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
}

static void requests_behind_a_commit_are_answered_after_it(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config(lab_two);
	struct message_show show = {.what = MESSAGE_SHOW_VERSION};
	struct message_row_daemon row;

	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_finish(lab, NULL), 0);
	assert_int_equal(lab_receive(lab), MESSAGE_ROW_DAEMON);
	memcpy(&row, lab->message.body, sizeof(row));
	assert_int_equal(row.config_version, 1);
	assert_int_equal(lab_finish(lab, NULL), 0);
	lab_assert_refused(lab, EPROTO, "without a transaction");
	config_free(config);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_client_killed_at_any_moment_leaves_a_whole_configuration),
		TEST(any_bytes_in_the_segment_leave_a_daemon_that_serves),
		TEST(answers_wait_for_a_client_that_does_not_read),
		TEST(requests_behind_a_commit_are_answered_after_it),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
