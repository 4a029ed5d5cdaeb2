// SPDX-License-Identifier: BSD-3-Clause
// What a member of the channel's group may do: wait for locks, hold them, and write anything
// anywhere.
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
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STEP_CPU_NS  (50 * CLOCK_NS_PER_MS)

static void wait_for_byte(int ready)
{
	char byte;

	assert_int_equal(read(ready, &byte, 1), 1);
	close(ready);
}

// A process that writes a byte into the pipe once 'act' is done, and waits for its end.
static pid_t start_member(void (*act)(int ready))
{
	int ready[2];
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = spawn();
	if (pid == 0) {
		act(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	wait_for_byte(ready[0]);
	return pid;
}

static void hostile_tell(int ready)
{
	if (write(ready, "r", 1) != 1)
		_exit(1);
}

static void lock_byte(int command, off_t byte)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
	int fd = open(path, O_RDWR);

	if (fcntl(fd, command, &lock) != 0)
		_exit(1);
}

// --- Who serves ---

static void wait_for_the_servers_lock(int ready)
{
	hostile_tell(ready);
	lock_byte(F_OFD_SETLKW, 0);
}

static bool is_locked(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
	int fd = open(path, O_RDWR);
	bool held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	close(fd);
	return held;
}

static void a_lock_that_a_member_waited_for_makes_it_no_daemon(void **state)
{
	for (int turn = 0; turn < 3; turn++) {
		pid_t server = start_server();
		pid_t member = start_member(wait_for_the_servers_lock);

		end_process(server);
		while (!is_locked())
			nap();
		assert_int_equal(channel_server_look(path, &err), 0);
		server = start_server();
		a_client_is_served();
		end_process(server);
		server = start_server();
		a_client_is_served();
		end_process(server);
		end_process(member);
	}
}

static void a_dead_segment_is_replaced_whatever_stands_in_it(void **state)
{
	static const off_t sizes[] = {0, 1, 100, 4096, 1 << 20};
	uint8_t junk[256];
	pid_t server;

	memset(junk, 0xa5, sizeof(junk));
	for (size_t i = 0; i < COUNT(sizes); i++) {
		int fd;

		server = start_server();
		end_process(server);
		fd = open(path, O_RDWR);
		assert_int_equal(pwrite(fd, junk, sizeof(junk), 0), sizeof(junk));
		assert_int_equal(ftruncate(fd, sizes[i]), 0);
		close(fd);
		server = start_server();
		a_client_is_served();
		end_process(server);
	}
}

static void a_file_in_the_place_of_a_dead_segment_is_left_alone(void **state)
{
	struct channel_server *server;
	pid_t first = start_server();
	char kept[160];

	end_process(first);
	snprintf(kept, sizeof(kept), "%s/run/kept", folder);
	assert_int_equal(rename(path, kept), 0); // its number is not given to the next file
	write_file("precious", 8);
	assert_int_equal(channel_server_look(path, &err), 0);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is no Fulcrum channel"));
	unlink(kept);
}

static void a_daemon_without_a_lock_file_is_told_as_an_earlier_one(void **state)
{
	char lock[160];
	pid_t server = start_server();

	snprintf(lock, sizeof(lock), "%s.lock", path);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(channel_server_look(path, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "earlier release"));
	end_process(server);
}

static void a_lock_file_that_others_may_open_is_refused(void **state)
{
	struct channel_server *server;
	char lock[160];
	int fd;

	write_file("", 0);
	unlink(path);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	fd = open(lock, O_RDWR | O_CREAT, 0600);
	assert_int_equal(fchmod(fd, 0660), 0);
	close(fd);
	assert_int_equal(channel_server_new(path, 0600, &server, &err), -EEXIST);
	assert_non_null(strstr(err.text, "is no lock file"));
}

// --- What is written over a segment that is served ---

static struct segment *map_segment(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *segment =
		mmap(NULL, sizeof(struct segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	assert_true(segment != MAP_FAILED);
	close(fd);
	return segment;
}

static void a_header_that_is_overwritten_is_whole_again_at_once(void **state)
{
	pid_t server = start_server();
	struct segment *segment = map_segment();

	for (size_t at = 0; at < 576; at += 64) {
		memset((uint8_t *)segment + at, 0, 64);
		a_client_is_served();
		memset((uint8_t *)segment + at, 0xff, 64);
		a_client_is_served();
	}
	munmap(segment, sizeof(*segment));
	end_process(server);
}

static void a_file_of_another_size_gets_its_own_back(void **state)
{
	static const off_t sizes[] = {0, 4096, 300000, 1 << 24};
	pid_t server = start_server();
	struct stat status;
	int fd;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		fd = open(path, O_RDWR);
		assert_int_equal(ftruncate(fd, sizes[i]), 0);
		do {
			nap();
			assert_int_equal(fstat(fd, &status), 0);
		} while ((size_t)status.st_size != segment_footprint());
		close(fd);
		a_client_is_served();
	}
	end_process(server);
}

static void a_path_that_was_removed_gets_a_fresh_segment(void **state)
{
	pid_t server = start_server();

	assert_int_equal(unlink(path), 0);
	while (access(path, F_OK) != 0)
		nap();
	a_client_is_served();
	end_process(server);
}

// --- Who holds the client's lock ---

static void hold_in_silence(int ready)
{
	struct channel_client *client;

	if (channel_client_open(path, 1000, &client, NULL) < 0)
		_exit(1);
	hostile_tell(ready);
	make_show(&message);
	while (channel_client_send(client, &message, 1000, &err) == 0)
		pause();
	_exit(strstr(err.text, "took the channel away") != NULL ? 7 : 1);
}

static void next_client_is_told(pid_t holder)
{
	struct channel_client *client;
	char pid[32];

	snprintf(pid, sizeof(pid), "process %d ", (int)holder);
	assert_int_equal(channel_client_open(path, 60000, &client, &err), 0);
	assert_non_null(channel_client_note(client));
	assert_non_null(strstr(channel_client_note(client), pid));
	channel_client_close(client);
	a_client_is_served();
	assert_int_equal(channel_client_open(path, 60000, &client, &err), 0);
	assert_null(channel_client_note(client));
	channel_client_close(client);
}

static void do_nothing(int signal)
{
	(void)signal;
}

static void a_stopped_client_loses_the_lock(void **state)
{
	pid_t server = start_server(), holder;

	signal(SIGUSR1, do_nothing);
	holder = start_member(hold_in_silence);
	kill(holder, SIGSTOP);
	next_client_is_told(holder);
	kill(holder, SIGCONT);
	kill(holder, SIGUSR1); // out of its pause()
	assert_int_equal(exit_status(holder), 7);
	end_process(server);
}

static void hold_without_a_session(int ready)
{
	lock_byte(F_SETLK, 1);
	hostile_tell(ready);
}

static void hold_without_a_name(int ready)
{
	lock_byte(F_OFD_SETLK, 1);
	hostile_tell(ready);
}

static void a_silent_client_loses_the_lock(void **state)
{
	static void (*const members[])(int) = {
		hold_in_silence, hold_without_a_session, hold_without_a_name};

	for (size_t i = 0; i < COUNT(members); i++) {
		pid_t server = start_patient_server(300), holder = start_member(members[i]);

		if (members[i] != hold_without_a_name)
			next_client_is_told(holder);
		a_client_is_served();
		end_process(holder);
		end_process(server);
	}
}

static void a_client_that_waits_for_its_answer_is_not_silent(void **state)
{
	struct hand hand;
	uint64_t until_ns;

	hand_open(&hand);
	channel_server_set_patience(hand.server, 50);
	make_show(&message);
	hand_put(&hand, &message, 16);
	assert_int_equal(channel_server_poll(hand.server, &message), CHANNEL_MESSAGE);
	until_ns = clock_monotonic_ns() + 300 * CLOCK_NS_PER_MS;
	while (clock_monotonic_ns() < until_ns) {
		channel_server_beat(hand.server); // the daemon works on it, and asks for nothing
		nap();
	}
	assert_null(channel_server_news(hand.server));
	make_show(&message);
	assert_int_equal(channel_server_reply(hand.server, &message), 0);
	hand_close(&hand);
}

static void what_befell_the_segment_is_told_once(void **state)
{
	struct hand hand;
	const char *news;

	hand_open(&hand);
	channel_server_beat(hand.server);
	assert_null(channel_server_news(hand.server));
	memset(hand.segment, 0, 64);
	channel_server_beat(hand.server);
	news = channel_server_news(hand.server);
	assert_non_null(news);
	assert_non_null(strstr(news, "header was overwritten"));
	for (int i = 0; i < 1000; i++) {
		hand.segment->version++;
		channel_server_beat(hand.server);
		assert_int_equal(hand.segment->version, CHANNEL_VERSION);
		assert_null(channel_server_news(hand.server));
	}
	hand_close(&hand);
}

// --- All at once ---

static uint64_t thread_cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * CLOCK_NS_PER_S + (uint64_t)time.tv_nsec;
}

// A server that ends, with a status of its own, where one step takes long.
static void serve_and_watch(int ready)
{
	static const struct message_done done = {.version = 7};
	struct channel_server *server;
	uint64_t begun_ns;

	if (channel_server_new(path, 0600, &server, NULL) < 0)
		_exit(1);
	hostile_tell(ready);
	for (;;) {
		enum channel_event event;

		begun_ns = thread_cpu_ns();
		channel_server_beat(server);
		channel_server_news(server);
		event = channel_server_poll(server, &message);
		if (event == CHANNEL_MESSAGE) {
			message.type = MESSAGE_DONE;
			message.size = sizeof(done);
			memcpy(message.body, &done, sizeof(done));
			channel_server_reply(server, &message);
		}
		if (thread_cpu_ns() - begun_ns > STEP_CPU_NS)
			_exit(8);
		if (event == CHANNEL_IDLE)
			nap();
	}
}

static void scribble(int ready)
{
	struct segment *segment = map_segment();
	int fd = open(path, O_RDWR);

	hostile_tell(ready);
	for (uint64_t i = 0;; i++) {
		size_t size = rand() % 4 != 0 ? 576 : sizeof(*segment);
		size_t at = (size_t)rand() % size;

		((uint8_t *)segment)[at] = (uint8_t)rand();
		if (i % 4096 == 0)
			memset((uint8_t *)segment + at / 64 * 64, rand() % 256, 64);
		if (i % 65536 == 0 && ftruncate(fd, (off_t)sizeof(*segment) * 2) != 0)
			_exit(1);
	}
}

static void a_segment_that_is_written_all_over_serves_again_within_a_second(void **state)
{
	struct channel_client *client;
	pid_t server = start_member(serve_and_watch);
	uint64_t until_ns;

	srand(15);
	for (int turn = 0; turn < 10; turn++) {
		pid_t member = start_member(scribble);

		until_ns = clock_monotonic_ns() + 50 * CLOCK_NS_PER_MS;
		while (clock_monotonic_ns() < until_ns) {
			make_show(&message);
			if (channel_client_open(path, 20, &client, &err) < 0)
				continue;
			if (channel_client_send(client, &message, 20, &err) == 0)
				channel_client_receive(client, &message, 20, &err);
			channel_client_close(client);
		}
		end_process(member);
		a_client_is_served();
		assert_int_equal(waitpid(server, NULL, WNOHANG), 0);
	}
	end_process(server);
}

#define test_on_path(function) cmocka_unit_test_setup_teardown(function, make_path, remove_path)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_on_path(a_lock_that_a_member_waited_for_makes_it_no_daemon),
		test_on_path(a_dead_segment_is_replaced_whatever_stands_in_it),
		test_on_path(a_file_in_the_place_of_a_dead_segment_is_left_alone),
		test_on_path(a_daemon_without_a_lock_file_is_told_as_an_earlier_one),
		test_on_path(a_lock_file_that_others_may_open_is_refused),
		test_on_path(a_header_that_is_overwritten_is_whole_again_at_once),
		test_on_path(a_file_of_another_size_gets_its_own_back),
		test_on_path(a_path_that_was_removed_gets_a_fresh_segment),
		test_on_path(a_stopped_client_loses_the_lock),
		test_on_path(a_silent_client_loses_the_lock),
		test_on_path(a_client_that_waits_for_its_answer_is_not_silent),
		test_on_path(what_befell_the_segment_is_told_once),
		test_on_path(a_segment_that_is_written_all_over_serves_again_within_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
