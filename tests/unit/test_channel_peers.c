// SPDX-License-Identifier: BSD-3-Clause
// Servers and clients that come, wait for each other and die.
#include "channel_peers.h"

#include <base/clock.h>
#include <channel/message.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void a_second_server_is_refused_and_told_for_whom(void **state)
{
	struct channel_server *server;
	pid_t first = start_server();
	char pid[32];

	snprintf(pid, sizeof(pid), "(process %d)", (int)first);
	assert_int_equal(channel_server_look(path, &err), -EADDRINUSE);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, pid));
	a_client_is_served();
	end_process(first);
}

static void a_dead_server_is_noticed_and_replaced(void **state)
{
	struct channel_client *client;
	pid_t server = start_server();

	end_process(server);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(channel_client_open(path, 5000, &client, &err), -ECONNREFUSED);
	server = start_server();
	a_client_is_served();
	end_process(server);
}

static void a_server_that_dies_during_a_request_is_noticed(void **state)
{
	struct channel_client *client;
	pid_t server = start_server();

	assert_int_equal(channel_client_open(path, 1000, &client, &err), 0);
	end_process(server);
	assert_int_equal(channel_client_receive(client, &message, 60000, &err), -ECONNRESET);
	channel_client_close(client);
}

// A server that takes the session and one request, and then 'beats' for so long before it answers.
static pid_t start_slow_server(uint32_t rounds, bool beats)
{
	struct channel_server *server;
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = spawn();
	if (pid == 0) {
		if (channel_server_new(path, 0600, &server, NULL) < 0 ||
			write(ready[1], "r", 1) != 1)
			_exit(1);
		while (channel_server_poll(server, &message) != CHANNEL_MESSAGE)
			nap();
		for (uint32_t i = 0; i < rounds; i++) {
			if (beats)
				channel_server_beat(server);
			nap();
		}
		message = (struct channel_message){
			.type = MESSAGE_DONE, .size = sizeof(struct message_done)};
		channel_server_reply(server, &message);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static struct channel_client *ask(void)
{
	struct channel_client *client;

	assert_int_equal(channel_client_open(path, 1000, &client, &err), 0);
	make_show(&message);
	assert_int_equal(channel_client_send(client, &message, 1000, &err), 0);
	return client;
}

static void a_client_waits_as_long_as_the_servers_heart_beats(void **state)
{
	pid_t server = start_slow_server(20000, true); // each nap is a good tenth of a millisecond
	struct channel_client *client = ask();

	assert_int_equal(channel_client_receive(client, &message, 1000, &err), 0);
	assert_int_equal(message.type, MESSAGE_DONE);
	channel_client_close(client);
	end_process(server);
}

static void a_server_whose_heart_stands_still_is_given_up(void **state)
{
	pid_t server = start_slow_server(UINT32_MAX, false);
	struct channel_client *client = ask();

	assert_int_equal(channel_client_receive(client, &message, 100, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "has stood still"));
	channel_client_close(client);
	end_process(server);
}

static void a_server_that_is_stopped_is_told_within_seconds(void **state)
{
	pid_t server = start_slow_server(UINT32_MAX, true);
	struct channel_client *client = ask();
	uint64_t begun_ns = clock_monotonic_ns();

	kill(server, SIGSTOP);
	assert_int_equal(channel_client_receive(client, &message, 600000, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "is stopped"));
	assert_true(clock_monotonic_ns() - begun_ns >= CHANNEL_STOPPED_MS * CLOCK_NS_PER_MS);
	assert_true(clock_monotonic_ns() - begun_ns < 60 * CLOCK_NS_PER_S);
	channel_client_close(client);
	assert_int_equal(channel_client_open(path, 1000, &client, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "is stopped"));
	kill(server, SIGCONT);
	end_process(server);
}

static void the_file_has_the_mode_and_goes_with_the_server(void **state)
{
	struct channel_server *server;
	struct stat status;
	mode_t mask = umask(077);

	assert_int_equal(channel_server_new(path, 0660, &server, &err), 0);
	umask(mask);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	assert_int_equal(status.st_size, segment_footprint());
	channel_server_free(server);
	assert_int_equal(access(path, F_OK), -1);
	channel_server_free(NULL);
	channel_client_close(NULL);
}

static void a_client_waits_for_another_and_is_told_for_which(void **state)
{
	struct channel_client *client;
	pid_t server = start_server(), holder;
	int ready[2];
	char byte, pid[32];

	assert_int_equal(pipe(ready), 0);
	holder = spawn();
	if (holder == 0) {
		if (channel_client_open(path, 1000, &client, NULL) == 0 &&
			write(ready[1], "r", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(channel_client_open(path, 30, &client, &err), -EBUSY);
	snprintf(pid, sizeof(pid), "process %d ", (int)holder);
	assert_non_null(strstr(err.text, pid));
	end_process(holder);
	a_client_is_served();
	close(ready[0]);
	end_process(server);
}

static void clients_side_by_side_are_served_one_by_one(void **state)
{
	struct channel_client *client;
	pid_t server = start_server(), clients[8];

	for (size_t i = 0; i < COUNT(clients); i++) {
		clients[i] = spawn();
		if (clients[i] != 0)
			continue;
		for (int turn = 0; turn < 20; turn++) {
			make_show(&message);
			if (channel_client_open(path, 60000, &client, NULL) < 0 ||
				channel_client_send(client, &message, 5000, NULL) < 0 ||
				channel_client_receive(client, &message, 5000, NULL) < 0)
				_exit(1);
			channel_client_close(client);
		}
		_exit(0);
	}
	for (size_t i = 0; i < COUNT(clients); i++)
		assert_int_equal(exit_status(clients[i]), 0);
	end_process(server);
}

static void a_client_that_goes_is_noticed(void **state)
{
	enum channel_event event;
	struct hand hand;

	hand_open(&hand);
	assert_int_equal(
		fcntl(hand.fd, F_SETLK, &(struct flock){.l_type = F_UNLCK, .l_whence = SEEK_SET}),
		0);
	while ((event = channel_server_poll(hand.server, &message)) == CHANNEL_IDLE)
		nap();
	assert_int_equal(event, CHANNEL_RESET);
	hand_close(&hand);
}

#define APPLY_BACKENDS 3000u

static int send_apply(void)
{
	static struct channel_message request;
	struct message_apply begin = {.backend_count = APPLY_BACKENDS};
	struct channel_client *client;

	if (channel_client_open(path, 60000, &client, NULL) < 0)
		return 1;
	request.type = MESSAGE_APPLY_BEGIN;
	request.size = sizeof(begin);
	memcpy(request.body, &begin, sizeof(begin));
	if (channel_client_send(client, &request, 5000, NULL) < 0)
		return 1;
	request.type = MESSAGE_APPLY_BACKEND;
	request.size = sizeof(struct config_backend);
	for (uint32_t i = 0; i < APPLY_BACKENDS; i++)
		if (channel_client_send(client, &request, 5000, NULL) < 0)
			return 1;
	request.type = MESSAGE_APPLY_COMMIT;
	request.size = 0;
	if (channel_client_send(client, &request, 5000, NULL) < 0)
		return 1;
	return channel_client_receive(client, &request, 5000, NULL) < 0;
}

// The server's side of a transaction: what a daemon does with the events.
struct transaction {
	bool open;
	uint32_t records;
	uint32_t commits;
};

static void transaction_event(
	struct transaction *transaction, struct channel_server *server, enum channel_event event)
{
	if (event == CHANNEL_RESET) {
		*transaction = (struct transaction){.commits = transaction->commits};
	} else if (message.type == MESSAGE_APPLY_BEGIN) {
		assert_false(transaction->open);
		transaction->open = true;
	} else if (message.type == MESSAGE_APPLY_BACKEND) {
		assert_true(transaction->open);
		transaction->records++;
	} else {
		assert_int_equal(transaction->records, APPLY_BACKENDS);
		transaction->open = false;
		transaction->commits++;
		message.type = MESSAGE_DONE;
		message.size = sizeof(struct message_done);
		assert_int_not_equal(channel_server_reply(server, &message), -EAGAIN);
	}
}

// Serves until 'child' ends, and kills it at that event (UINT32_MAX: never). Returns its wait
// status.
static int serve_child(struct channel_server *server, struct transaction *transaction, pid_t child,
	uint32_t kill_at)
{
	uint32_t events = 0;
	int status;

	while (waitpid(child, &status, WNOHANG) == 0) {
		enum channel_event event = channel_server_poll(server, &message);

		if (event == CHANNEL_IDLE)
			nap();
		else
			transaction_event(transaction, server, event);
		if (events++ == kill_at)
			kill(child, SIGKILL);
	}
	return status;
}

static void a_client_killed_at_any_moment_leaves_nothing_behind(void **state)
{
	struct transaction transaction = {0};
	struct channel_server *server;
	int status, killed = 0;
	pid_t child;

	srand(20);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), 0);
	for (int turn = 0; turn < 100; turn++) {
		uint32_t moment = (uint32_t)rand() % (APPLY_BACKENDS + 20);

		child = spawn();
		if (child == 0)
			_exit(send_apply());
		status = serve_child(server, &transaction, child, moment);
		killed += WIFSIGNALED(status);
		child = spawn();
		if (child == 0)
			_exit(send_apply());
		status = serve_child(server, &transaction, child, UINT32_MAX);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_true(killed > 50);
	assert_in_range(transaction.commits, 100, 200);
	channel_server_free(server);
}

#define test_on_path(function) cmocka_unit_test_setup_teardown(function, make_path, remove_path)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_path(a_second_server_is_refused_and_told_for_whom),
		test_on_path(a_dead_server_is_noticed_and_replaced),
		test_on_path(a_server_that_dies_during_a_request_is_noticed),
		test_on_path(a_client_waits_as_long_as_the_servers_heart_beats),
		test_on_path(a_server_whose_heart_stands_still_is_given_up),
		test_on_path(a_server_that_is_stopped_is_told_within_seconds),
		test_on_path(the_file_has_the_mode_and_goes_with_the_server),
		test_on_path(a_client_waits_for_another_and_is_told_for_which),
		test_on_path(clients_side_by_side_are_served_one_by_one),
		test_on_path(a_client_that_goes_is_noticed),
		test_on_path(a_client_killed_at_any_moment_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
