// SPDX-License-Identifier: BSD-3-Clause
#include "channel_peers.h"

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
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

char folder[64];
char path[128];
struct channel_message message;
struct error err;

// --- Processes ---

void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

pid_t spawn(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

void end_process(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int exit_status(pid_t pid)
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
		channel_server_beat(server);
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

pid_t start_server(void)
{
	return start_patient_server(CHANNEL_CLIENT_SILENCE_MS);
}

pid_t start_patient_server(uint32_t silence_ms)
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
		channel_server_set_patience(server, silence_ms);
		if (write(ready[1], "r", 1) == 1)
			serve(server);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

void make_show(struct channel_message *request)
{
	request->type = MESSAGE_SHOW;
	request->zero = 0;
	request->size = sizeof(struct message_show);
	memset(request->body, 0, request->size);
}

void a_client_is_served(void)
{
	struct channel_client *client;

	assert_int_equal(channel_client_open(path, 1000, &client, &err), 0);
	make_show(&message);
	assert_int_equal(channel_client_send(client, &message, 1000, &err), 0);
	assert_int_equal(channel_client_receive(client, &message, 5000, &err), 0);
	assert_int_equal(message.type, MESSAGE_DONE);
	channel_client_close(client);
}

// --- A client by hand ---

void hand_begin(struct hand *hand)
{
	if (++hand->segment->session == 0)
		hand->segment->session = 1;
	assert_int_equal(channel_server_poll(hand->server, &message), CHANNEL_RESET);
	assert_int_equal(hand->segment->accepted, hand->segment->session);
}

void hand_open(struct hand *hand)
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

void hand_close(struct hand *hand)
{
	segment_leave(hand->segment);
	close(hand->fd);
	channel_server_free(hand->server);
}

void hand_put(struct hand *hand, const void *bytes, uint32_t size)
{
	memcpy(hand->segment->request_data, bytes, size);
	hand->segment->request_head = size;
}

void hand_is_served(struct hand *hand)
{
	make_show(&message);
	hand_begin(hand);
	make_show(&message);
	hand_put(hand, &message, 16);
	assert_int_equal(channel_server_poll(hand->server, &message), CHANNEL_MESSAGE);
	assert_int_equal(message.type, MESSAGE_SHOW);
}

// --- The channel's place ---

int make_path(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/test_channel.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/run/channel", folder);
	return 0;
}

int remove_path(void **state)
{
	char run[96], lock[160];

	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(lock, sizeof(lock), "%s.lock", path); // what a server that was killed leaves
	unlink(lock);
	unlink(path);
	rmdir(run);
	return rmdir(folder);
}

void write_file(const void *bytes, size_t size)
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
