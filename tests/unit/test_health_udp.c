// SPDX-License-Identifier: BSD-3-Clause
// UDP probes of a responder in the same event loop, and of ports where there is none.
#include "health_room.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct responder {
	int fd;
	uint16_t port;
	const char *reply; // NULL: it says nothing
	size_t reply_size;
	char request[64];
	ssize_t request_size; // of the last one
	struct event *event;
};

static void on_request(evutil_socket_t fd, short what, void *context)
{
	struct responder *responder = context;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);

	responder->request_size = recvfrom(fd, responder->request, sizeof(responder->request), 0,
		(struct sockaddr *)&from, &size);
	if (responder->reply != NULL)
		sendto(fd, responder->reply, responder->reply_size, 0, (struct sockaddr *)&from,
			size);
}

static void respond(struct room *room, struct responder *responder)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	responder->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(responder->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(responder->fd, (struct sockaddr *)&address, &size), 0);
	responder->port = ntohs(address.sin_port);
	responder->event =
		event_new(room->base, responder->fd, EV_READ | EV_PERSIST, on_request, responder);
	event_add(responder->event, NULL);
}

static void stop_responding(struct responder *responder)
{
	event_free(responder->event);
	close(responder->fd);
}

static const char *probe(struct room *room, uint16_t port, const char *payload, const char *expect)
{
	struct health_target one = target(room, 7);
	uint32_t before = room->changes;
	const char *at;

	one.port = port;
	one.policy.type = CONFIG_PROBE_UDP;
	one.policy.interval_ms = 60000;
	one.policy.timeout_ms = 300;
	one.policy.rise = 1;
	one.policy.fall = 1;
	strcpy(one.policy.payload, payload);
	strcpy(one.policy.expect, expect);
	set_targets(room, NULL, 0);
	set_one(room, &one);
	RUN_UNTIL(room, room->changes > before);
	at = strstr(room->last_reason, ": ");
	return at == NULL ? "" : at + 2;
}

static void a_reply_must_begin_with_what_is_expected(void **state)
{
	static const struct {
		const char *reply;
		size_t size;
		const char *expect;
		const char *reason;
	} cases[] = {
		{NULL, 0, "PONG", "no answer within 300ms"},
		{"", 0, "PONG", "its reply does not begin with 'PONG'"},
		{"PON", 3, "PONG", "its reply does not begin with 'PONG'"},
		{"NO PONG", 7, "PONG", "its reply does not begin with 'PONG'"},
		{"\x12\x34\x81\x83", 4, "0x12348180", "its reply does not begin with '0x12348180'"},
		{"\x12\x34\x81\x80\x00", 5, "0x12348180", ""},
		{"PONG 7", 6, "PONG", ""},
		{"", 0, "", ""},
		{"anything", 8, "", ""},
	};
	struct room *room = *state;
	struct responder responder = {0};

	respond(room, &responder);
	for (size_t i = 0; i < COUNT(cases); i++) {
		responder.reply = cases[i].reply;
		responder.reply_size = cases[i].size;
		assert_string_equal(
			probe(room, responder.port, "PING", cases[i].expect), cases[i].reason);
		assert_int_equal(responder.request_size, 4);
		assert_memory_equal(responder.request, "PING", 4);
	}
	stop_responding(&responder);
}

static void what_is_sent_is_text_bytes_or_nothing(void **state)
{
	struct room *room = *state;
	struct responder responder = {.reply = "y", .reply_size = 1};

	respond(room, &responder);
	assert_string_equal(probe(room, responder.port, "0x00ff0d0a", ""), "");
	assert_int_equal(responder.request_size, 4);
	assert_memory_equal(responder.request, "\x00\xff\r\n", 4);
	assert_string_equal(probe(room, responder.port, "", ""), "");
	assert_int_equal(responder.request_size, 0);
	stop_responding(&responder);
}

static void silence_is_good_where_nothing_is_expected(void **state)
{
	struct room *room = *state;
	struct responder responder = {0};

	respond(room, &responder);
	assert_string_equal(probe(room, responder.port, "x", ""), "");
	assert_int_equal(view(room, 7).status, HEALTH_UP);
	assert_int_equal(view(room, 7).latency_us, 0); // nothing was measured
	stop_responding(&responder);
}

static void a_port_that_nobody_serves_is_told_by_icmp(void **state)
{
	struct room *room = *state;
	struct responder gone = {0};

	respond(room, &gone);
	stop_responding(&gone);
	assert_string_equal(probe(room, gone.port, "x", ""),
		"nothing listens on the port (ICMP port unreachable)");
	assert_string_equal(probe(room, gone.port, "x", "y"),
		"nothing listens on the port (ICMP port unreachable)");
}

// Hosts send few ICMP errors: silence soon after one is none of the server's.
static void silence_after_an_icmp_error_says_nothing(void **state)
{
	struct room *room = *state;
	struct health_target one = target(room, 7);
	struct responder responder = {0}, gone = {0};
	uint64_t probes;

	respond(room, &gone);
	stop_responding(&gone);
	one.policy.type = CONFIG_PROBE_UDP;
	one.policy.rise = one.policy.fall = 1;
	one.port = gone.port;
	set_one(room, &one);
	RUN_UNTIL(room, view(room, 7).status == HEALTH_DOWN);
	respond(room, &responder);
	one.port = responder.port;
	set_one(room, &one);
	probes = stats(room).probes;
	RUN_UNTIL(room, stats(room).probes > probes + 5);
	assert_int_equal(view(room, 7).status, HEALTH_DOWN);
	RUN_UNTIL(room, view(room, 7).status == HEALTH_UP);
	stop_responding(&responder);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		IN_ROOM(a_reply_must_begin_with_what_is_expected),
		IN_ROOM(what_is_sent_is_text_bytes_or_nothing),
		IN_ROOM(silence_is_good_where_nothing_is_expected),
		IN_ROOM(a_port_that_nobody_serves_is_told_by_icmp),
		IN_ROOM(silence_after_an_icmp_error_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
