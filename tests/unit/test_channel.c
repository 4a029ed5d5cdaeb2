// SPDX-License-Identifier: BSD-3-Clause
#include <channel/channel.h>
#include <channel/message.h>
#include <channel/ring.h>
#include <channel/segment.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char folder[64];
static char path[128];
static struct channel_message message;
static struct error err;

// --- Processes: a server or a client that the test starts, and ends by itself ---

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

// Forks; the child dies with the test.
static pid_t spawn(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int exit_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

// Answers every request with MESSAGE_DONE.
static void serve(struct channel_server *server)
{
	static const struct message_done done = {.version = 7};

	for (;;) {
		switch (channel_server_poll(server, &message)) {
		case CHANNEL_MESSAGE:
			message.type = MESSAGE_DONE;
			message.size = sizeof(done);
			memcpy(message.body, &done, sizeof(done));
			while (channel_server_reply(server, &message) == -EAGAIN)
				nap();
			break;
		default:
			nap();
		}
	}
}

static pid_t start_server(void)
{
	struct channel_server *server;
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = spawn();
	if (pid == 0) {
		if (channel_server_new(path, 0600, &server, NULL) < 0)
			_exit(1);
		if (write(ready[1], "r", 1) == 1)
			serve(server);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void make_show(struct channel_message *request)
{
	request->type = MESSAGE_SHOW;
	request->zero = 0;
	request->size = sizeof(struct message_show);
	memset(request->body, 0, request->size);
}

static void a_client_is_served(void)
{
	struct channel_client *client;

	assert_int_equal(channel_client_open(path, 1000, &client, &err), 0);
	make_show(&message);
	assert_int_equal(channel_client_send(client, &message, 1000, &err), 0);
	assert_int_equal(channel_client_receive(client, &message, 5000, &err), 0);
	assert_int_equal(message.type, MESSAGE_DONE);
	channel_client_close(client);
}

// --- A client by hand, in the server's own process: what it writes is the test's choice ---

struct hand {
	struct channel_server *server;
	struct segment *segment;
	int fd;
};

// Begins a session and takes its RESET.
static void hand_begin(struct hand *hand)
{
	if (++hand->segment->session == 0)
		hand->segment->session = 1;
	assert_int_equal(channel_server_poll(hand->server, &message), CHANNEL_RESET);
	assert_int_equal(hand->segment->accepted, hand->segment->session);
}

static void hand_open(struct hand *hand)
{
	const struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 1};

	assert_int_equal(channel_server_new(path, 0600, &hand->server, &err), 0);
	hand->fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(hand->fd >= 0);
	assert_int_equal(fcntl(hand->fd, F_SETLK, &lock), 0);
	assert_int_equal(segment_join(hand->fd, &hand->segment, &err), 0);
	hand_begin(hand);
}

static void hand_close(struct hand *hand)
{
	segment_leave(hand->segment);
	close(hand->fd);
	channel_server_free(hand->server);
}

static void hand_put(struct hand *hand, const void *bytes, uint32_t size)
{
	memcpy(hand->segment->request_data, bytes, size);
	hand->segment->request_head = size;
}

static void hand_is_served(struct hand *hand)
{
	make_show(&message);
	hand_begin(hand);
	make_show(&message);
	hand_put(hand, &message, 16);
	assert_int_equal(channel_server_poll(hand->server, &message), CHANNEL_MESSAGE);
	assert_int_equal(message.type, MESSAGE_SHOW);
}

static int make_path(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_channel.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/run/channel", folder);
	return 0;
}

static int remove_path(void **state)
{
	char run[96];

	snprintf(run, sizeof(run), "%s/run", folder);
	unlink(path);
	rmdir(run);
	return rmdir(folder);
}

static void write_file(const void *bytes, size_t size)
{
	char run[96];
	int fd;

	snprintf(run, sizeof(run), "%s/run", folder);
	mkdir(run, 0700);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

// --- Bad inputs ---

static void a_file_that_is_no_channel_is_left_alone(void **state)
{
	struct channel_server *server;
	struct channel_client *client;

	write_file("precious", 8);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is no Fulcrum channel"));
	assert_int_equal(channel_client_open(path, 0, &client, &err), -EPROTO);
	assert_int_equal(access(path, F_OK), 0);
}

static void a_path_that_cannot_be_is_told(void **state)
{
	struct channel_server *server;
	char deep[256];

	snprintf(deep, sizeof(deep), "%s/no/such/folder/channel", folder);
	assert_int_equal(channel_server_new(deep, 0600, &server, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/no/such/folder"));
}

static void without_a_daemon_the_client_says_so(void **state)
{
	struct channel_client *client;

	assert_int_equal(channel_client_open(path, 5000, &client, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no fulcrumd runs"));
}

static void another_version_is_named_beside_ones_own(void **state)
{
	char own[32];
	struct channel_client *client;
	struct hand hand;

	hand_open(&hand);
	hand.segment->version = 42;
	memset(hand.segment->program, 'x', sizeof(hand.segment->program));
	assert_int_equal(channel_client_open(path, 0, &client, &err), -EPROTO);
	assert_non_null(strstr(err.text, "version 42"));
	snprintf(own, sizeof(own), "version %u", CHANNEL_VERSION);
	assert_non_null(strstr(err.text, own));
	hand_close(&hand);
}

static void a_damaged_layout_is_refused_by_the_client(void **state)
{
	struct channel_client *client;
	struct hand hand;
	uint32_t *words;

	hand_open(&hand);
	words = (uint32_t *)hand.segment;
	for (size_t i = 0; i < 96 / 4; i++) {
		if (i == 3 || (i >= 4 && i < 12) || i == 15)
			continue; // the daemon's pid and release, and padding, are only for people
		words[i] ^= 0x40;
		assert_int_equal(channel_client_open(path, 0, &client, &err), -EPROTO);
		words[i] ^= 0x40;
	}
	hand_close(&hand);
}

static void garbage_in_any_field_does_not_hold_the_server_up(void **state)
{
	static const uint64_t values[] = {0, 1, 7, 8, 9, SEGMENT_RING_SIZE, SEGMENT_RING_SIZE + 8,
		INT64_MAX, UINT64_MAX, UINT64_MAX - 7, 0x4141414141414141};
	struct hand hand;

	hand_open(&hand);
	for (size_t word = 0; word < 512 / 8; word++) {
		for (size_t i = 0; i < COUNT(values); i++) {
			((uint64_t *)hand.segment)[word] = values[i];
			for (int turn = 0; turn < 5; turn++) {
				channel_server_poll(hand.server, &message);
				make_show(&message);
				channel_server_reply(hand.server, &message);
			}
			hand_is_served(&hand);
		}
	}
	hand_close(&hand);
}

static void a_message_that_cannot_be_ends_the_session(void **state)
{
	static const struct {
		uint16_t type, zero;
		uint32_t size, head;
	} rows[] = {
		{MESSAGE_SHOW, 0, 8, 7}, // shorter than a header
		{MESSAGE_SHOW, 0, 8, 8}, // the body is not there
		{MESSAGE_SHOW, 0, 8, 15},
		{MESSAGE_SHOW, 1, 8, 16},
		{MESSAGE_SHOW, 0, 7, 16},
		{MESSAGE_SHOW, 0, 0, 8},
		{MESSAGE_SHOW, 0, UINT32_MAX, 16},
		{MESSAGE_SHOW, 0, CHANNEL_MESSAGE_MAX + 1, SEGMENT_RING_SIZE},
		{0, 0, 8, 16},
		{MESSAGE_BACKEND_SET + 1, 0, 8, 16},
		{MESSAGE_DONE, 0, sizeof(struct message_done), 24}, // a reply
		{MESSAGE_TEXT, 0, 8, 16},
		{UINT16_MAX, 0, 8, 16},
		{MESSAGE_SHOW, 0, 8, SEGMENT_RING_SIZE + 1},
	};
	struct hand hand;

	hand_open(&hand);
	for (size_t i = 0; i < COUNT(rows); i++) {
		hand_begin(&hand);
		hand_put(&hand, &rows[i], 8);
		hand.segment->request_head = rows[i].head;
		assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_RESET);
		assert_int_equal(hand.segment->accepted, 0);
		assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_IDLE);
		assert_int_equal(channel_server_reply(hand.server, &message), -ECONNRESET);
		hand_is_served(&hand);
	}
	hand_close(&hand);
}

static void a_file_cut_short_is_mended(void **state)
{
	struct hand hand;

	hand_open(&hand);
	assert_int_equal(ftruncate(hand.fd, 0), 0);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_RESET);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_IDLE);
	hand_is_served(&hand);
	hand_close(&hand);
}

// --- Servers ---

static void a_second_server_is_refused_and_told_for_whom(void **state)
{
	struct channel_server *server;
	pid_t first = start_server();
	char pid[32];

	snprintf(pid, sizeof(pid), "(process %d)", (int)first);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, pid));
	a_client_is_served();
	end(first);
}

static void a_dead_server_is_noticed_and_replaced(void **state)
{
	struct channel_client *client;
	pid_t server = start_server();

	end(server);
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(channel_client_open(path, 5000, &client, &err), -ECONNREFUSED);
	server = start_server();
	a_client_is_served();
	end(server);
}

static void a_server_that_dies_during_a_request_is_noticed(void **state)
{
	struct channel_client *client;
	pid_t server = start_server();

	assert_int_equal(channel_client_open(path, 1000, &client, &err), 0);
	end(server);
	assert_int_equal(channel_client_receive(client, &message, 60000, &err), -ECONNRESET);
	channel_client_close(client);
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

// --- Rings ---

static void messages_of_any_size_survive_the_way_around_the_ring(void **state)
{
	struct segment *segment = aligned_alloc(alignof(struct segment), sizeof(*segment));
	struct channel_message out;
	struct ring in_end, out_end;
	uint32_t put = 0, got = 0;

	assert_non_null(segment);
	memset(segment, 0, sizeof(*segment));
	in_end = (struct ring){.data = segment->request_data,
		.own = &segment->request_head,
		.peer = &segment->request_tail};
	out_end = (struct ring){.data = segment->request_data,
		.own = &segment->request_tail,
		.peer = &segment->request_head};
	// Begins just before the index itself wraps.
	in_end.index = out_end.index = segment->request_head = segment->request_tail =
		UINT64_MAX - SEGMENT_RING_SIZE * 3ull + 1;
	while (got < 20000) {
		message.type = (uint16_t)put;
		message.zero = 0;
		message.size = put * 2654435761u % (CHANNEL_MESSAGE_MAX + 1);
		memset(message.body, (int)(put % 251), message.size);
		if (ring_put(&in_end, &message) == 0) {
			put++;
			continue;
		}
		assert_true(put > got + 4);
		for (uint32_t i = 0; i < 3; i++, got++) {
			assert_int_equal(ring_get(&out_end, &out), 0);
			assert_int_equal(out.type, (uint16_t)got);
			assert_int_equal(out.size, got * 2654435761u % (CHANNEL_MESSAGE_MAX + 1));
			for (uint32_t at = 0; at < out.size; at++)
				if (out.body[at] != got % 251)
					fail_msg("message %u differs at %u", got, at);
		}
	}
	free(segment);
}

static void a_full_reply_ring_pushes_back_until_it_is_read(void **state)
{
	struct hand hand;
	struct ring replies;
	int count = 0;

	hand_open(&hand);
	message.type = MESSAGE_TEXT;
	message.size = 1000;
	while (channel_server_reply(hand.server, &message) == 0)
		count++;
	assert_int_equal(count, SEGMENT_RING_SIZE / 1008);
	assert_int_equal(channel_server_reply(hand.server, &message), -EAGAIN);
	replies = (struct ring){.data = hand.segment->reply_data,
		.own = &hand.segment->reply_tail,
		.peer = &hand.segment->reply_head};
	assert_int_equal(ring_get(&replies, &message), 0);
	assert_int_equal(channel_server_reply(hand.server, &message), 0);
	hand.segment->reply_tail = hand.segment->reply_head + 8;
	assert_int_equal(channel_server_reply(hand.server, &message), -ECONNRESET);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_RESET);
	hand_is_served(&hand);
	hand_close(&hand);
}

// --- Clients ---

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
	end(holder);
	a_client_is_served();
	close(ready[0]);
	end(server);
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
	end(server);
}

static void a_client_that_goes_is_noticed(void **state)
{
	struct hand hand;

	hand_open(&hand);
	assert_int_equal(
		fcntl(hand.fd, F_SETLK, &(struct flock){.l_type = F_UNLCK, .l_whence = SEEK_SET}),
		0);
	while (channel_server_poll(hand.server, &message) == CHANNEL_IDLE)
		nap();
	assert_string_equal(channel_server_reason(hand.server), "the client went");
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

// Serves until 'child' ends, and kills it at that event (UINT32_MAX: never). Returns its wait status.
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
		test_on_path(a_file_that_is_no_channel_is_left_alone),
		test_on_path(a_path_that_cannot_be_is_told),
		test_on_path(without_a_daemon_the_client_says_so),
		test_on_path(another_version_is_named_beside_ones_own),
		test_on_path(a_damaged_layout_is_refused_by_the_client),
		test_on_path(garbage_in_any_field_does_not_hold_the_server_up),
		test_on_path(a_message_that_cannot_be_ends_the_session),
		test_on_path(a_file_cut_short_is_mended),
		test_on_path(a_second_server_is_refused_and_told_for_whom),
		test_on_path(a_dead_server_is_noticed_and_replaced),
		test_on_path(a_server_that_dies_during_a_request_is_noticed),
		test_on_path(the_file_has_the_mode_and_goes_with_the_server),
		cmocka_unit_test(messages_of_any_size_survive_the_way_around_the_ring),
		test_on_path(a_full_reply_ring_pushes_back_until_it_is_read),
		test_on_path(a_client_waits_for_another_and_is_told_for_which),
		test_on_path(clients_side_by_side_are_served_one_by_one),
		test_on_path(a_client_that_goes_is_noticed),
		test_on_path(a_client_killed_at_any_moment_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
