// SPDX-License-Identifier: BSD-3-Clause
// A look at a server, whatever the server does.
#include "port_check.h"

#include <base/clock.h>

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

static int listener;
static pid_t server;
static uint16_t port;

static void drip(int fd)
{
	for (;;) {
		if (send(fd, "x", 1, MSG_NOSIGNAL) < 0)
			return;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
}

static int start_server(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(in);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&in, sizeof(in)) != 0 ||
		listen(listener, 8) != 0 ||
		getsockname(listener, (struct sockaddr *)&in, &size) != 0)
		return -1;
	port = ntohs(in.sin_port);
	server = fork();
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd; (fd = accept(listener, NULL, NULL)) >= 0; close(fd))
			drip(fd);
		_exit(0);
	}
	return server < 0 ? -1 : 0;
}

static int stop_server(void **state)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	return close(listener);
}

static void a_peer_that_never_ends_is_given_up_in_time(void **state)
{
	static const enum port_speech speeches[] = {PORT_SSH, PORT_MYSQL, PORT_POSTGRES, PORT_TLS};

	for (size_t i = 0; i < sizeof(speeches) / sizeof(speeches[0]); i++) {
		const struct port_check_request request = {
			.address = {{127, 0, 0, 1}, ADDR_IPV4, {0}},
			.port = port,
			.speech = speeches[i],
			.domain = "example.com",
			.tls = *state,
			.timeout_ms = 300};
		uint64_t begun_ns = clock_monotonic_ns();
		struct port_check port_check;

		port_check_make(&request, &port_check);
		assert_false(port_check.answered);
		assert_int_not_equal(port_check.reason[0], '\0');
		assert_true(clock_monotonic_ns() - begun_ns < 5 * CLOCK_NS_PER_S); // not for ever
	}
}

static void without_time_nothing_is_tried(void **state)
{
	const struct port_check_request request = {
		.address = {{127, 0, 0, 1}, ADDR_IPV4, {0}}, .port = port, .speech = PORT_SSH};
	struct port_check port_check;

	port_check_make(&request, &port_check);
	assert_false(port_check.answered);
	assert_string_equal(port_check.reason, "not tried: the time for all is over");
}

static int start(void **state)
{
	*state = SSL_CTX_new(TLS_client_method());
	return *state == NULL ? -1 : start_server(state);
}

static int stop(void **state)
{
	SSL_CTX_free(*state);
	return stop_server(state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_peer_that_never_ends_is_given_up_in_time, start, stop),
		cmocka_unit_test_setup_teardown(without_time_nothing_is_tried, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
