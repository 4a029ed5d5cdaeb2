// SPDX-License-Identifier: BSD-3-Clause
#include "control_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

// The period is 400 ms, so a sign of life is due each 100 ms.

static int listen_for_signs(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const struct timeval patience = {.tv_sec = 2};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/fulcrum-watchdog-%d", getpid());
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", "400000", 1);
	return fd;
}

static void stop_listening(int fd)
{
	unlink(getenv("NOTIFY_SOCKET"));
	close(fd);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
}

static bool gets_sign(int fd)
{
	char text[64] = "";

	return recv(fd, text, sizeof(text) - 1, 0) > 0 && strcmp(text, "WATCHDOG=1") == 0;
}

static void start(struct lab *lab, const struct lab_options *options)
{
	lab_init(lab, options);
	lab_start(lab);
}

static void a_daemon_whose_workers_run_gives_signs_of_life(void **state)
{
	int fd = listen_for_signs();
	struct lab lab;

	start(&lab, &(struct lab_options){.workers = 2});
	for (int i = 0; i < 5; i++)
		assert_true(gets_sign(fd));
	stop_listening(fd);
	lab_free(&lab);
}

// It costs its own queue, and a restart would cost everybody's.
static void one_worker_that_hangs_ends_no_signs(void **state)
{
	int fd = listen_for_signs();
	struct lab lab;

	start(&lab, &(struct lab_options){.workers = 1, .has_stuck_worker = true});
	for (int i = 0; i < 20; i++)
		assert_true(gets_sign(fd));
	stop_listening(fd);
	lab_free(&lab);
}

// It begins its first round, and no other.
static void workers_that_all_hang_end_them(void **state)
{
	int fd = listen_for_signs();
	struct lab lab;
	int signs = 0;

	start(&lab, &(struct lab_options){.has_stuck_worker = true});
	while (signs < 5 && gets_sign(fd))
		signs++;
	assert_in_range(signs, 0, 4);
	stop_listening(fd);
	lab_free(&lab);
}

static void without_a_service_manager_there_are_none(void **state)
{
	int fd = listen_for_signs();
	struct lab lab;

	unsetenv("WATCHDOG_USEC");
	start(&lab, &(struct lab_options){.workers = 1});
	assert_false(gets_sign(fd));
	stop_listening(fd);
	lab_free(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_daemon_whose_workers_run_gives_signs_of_life),
		cmocka_unit_test(one_worker_that_hangs_ends_no_signs),
		cmocka_unit_test(workers_that_all_hang_end_them),
		cmocka_unit_test(without_a_service_manager_there_are_none),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
