// SPDX-License-Identifier: BSD-3-Clause
// A real server on the loopback, its loop on a thread of its own, and clients of every manner.
#include <http/web.h>

#include <base/clock.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define LARGE_SIZE   (6u << 20) // more than a socket takes by itself
#define WAIT_S       20

struct large {
	size_t sent;
	bool rested; // a piece may be empty
};

struct site {
	struct event_base *base;
	struct web *web;
	pthread_t thread;
	struct event *stop;
	int stop_fd; // written to end the loop
	uint32_t pages; // that are there; atomically
};

static struct site site;
static const struct web_limits limits = {.connections = 12,
	.pages = 4,
	.pages_per_address = 3,
	.request_ms = 1000,
	.yield_ms = 200,
	.stall_ms = 2000,
	.reply_ms = 20000};

// --- The server ---

static bool fill_large(void *context, char *out, size_t *size)
{
	struct large *large = context;

	large->rested = !large->rested;
	if (large->rested)
		return true;
	*size = LARGE_SIZE - large->sent < 30000 ? LARGE_SIZE - large->sent : 30000;
	for (size_t i = 0; i < *size; i++)
		out[i] = (char)('a' + (large->sent + i) % 26);
	large->sent += *size;
	return large->sent < LARGE_SIZE;
}

static void free_large(void *page)
{
	__atomic_fetch_sub(&site.pages, 1, __ATOMIC_RELAXED);
	free(page);
}

static void answer(void *context, const struct web_request *request, struct web_reply *reply)
{
	if (strcmp(request->path, "/large") == 0) {
		*reply = (struct web_reply){.status = 200,
			.content_type = "text/plain",
			.fill = fill_large,
			.free = free_large,
			.page = calloc(1, sizeof(struct large))};
		__atomic_fetch_add(&site.pages, 1, __ATOMIC_RELAXED);
	} else if (strcmp(request->path, "/accept") == 0) {
		reply->status = 200;
		reply->text = request->accept == NULL                ? "none\n"
			      : strcmp(request->accept, " a/b") == 0 ? "a/b\n"
								     : "other\n";
	}
}

static void *run(void *argument)
{
	event_base_dispatch(site.base);
	return NULL;
}

static void stop_asked(evutil_socket_t fd, short what, void *base)
{
	event_base_loopbreak(base);
}

static int enter(void **state)
{
	struct endpoint listen = {.address = addr_from_ipv4_be(htonl(INADDR_LOOPBACK))};
	struct error err;

	site = (struct site){
		.base = event_base_new(), .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	site.stop = event_new(site.base, site.stop_fd, EV_READ, stop_asked, site.base);
	event_add(site.stop, NULL);
	if (web_new(site.base, &listen, &limits, answer, NULL, &site.web, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(pthread_create(&site.thread, NULL, run, NULL), 0);
	return 0;
}

static int leave(void **state)
{
	assert_int_equal(eventfd_write(site.stop_fd, 1), 0);
	pthread_join(site.thread, NULL);
	event_free(site.stop);
	close(site.stop_fd);
	web_free(site.web);
	event_base_free(site.base);
	assert_int_equal(site.pages, 0);
	return 0;
}

// --- Clients ---

static int dial_from(uint8_t last_byte)
{
	struct sockaddr_in own = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + last_byte)};
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(web_port(site.web)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval wait = {.tv_sec = WAIT_S};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int dial(void)
{
	return dial_from(1);
}

static int ask_bytes(const void *bytes, size_t size)
{
	int fd = dial();

	assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
	return fd;
}

static int ask_from(uint8_t last_byte, const char *request)
{
	int fd = dial_from(last_byte);

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	return fd;
}

static int ask(const char *request)
{
	return ask_bytes(request, strlen(request));
}

// All that comes until the server closes; the connection is closed then. False: it was reset, or
// nothing came in time.
static bool read_all(int fd, char *text, size_t room, size_t *out)
{
	size_t size = 0;
	ssize_t got;

	while ((got = recv(fd, text + size, room - 1 - size, 0)) > 0)
		size += (size_t)got;
	text[size] = '\0';
	close(fd);
	*out = size;
	return got == 0;
}

static bool is_closed_within(int fd, uint64_t ms)
{
	uint64_t start_ns = clock_monotonic_ns();
	char text[512];
	size_t size;

	read_all(fd, text, sizeof(text), &size);
	return size == 0 && clock_monotonic_ns() - start_ns < ms * CLOCK_NS_PER_MS;
}

static void wait_for_pages(uint32_t count)
{
	uint64_t until_ns = clock_monotonic_ns() + WAIT_S * CLOCK_NS_PER_S;

	while (__atomic_load_n(&site.pages, __ATOMIC_RELAXED) != count &&
		clock_monotonic_ns() < until_ns)
		usleep(1000);
	assert_int_equal(__atomic_load_n(&site.pages, __ATOMIC_RELAXED), count);
}

// Takes the chunks' own lines out.
static size_t join_chunks(char *text, size_t size)
{
	size_t from = 0, to = 0;

	for (;;) {
		char *end;
		size_t chunk = strtoul(text + from, &end, 16);

		assert_memory_equal(end, "\r\n", 2);
		from = (size_t)(end - text) + 2;
		assert_true(from + chunk + 2 <= size);
		memmove(text + to, text + from, chunk);
		assert_memory_equal(text + from + chunk, "\r\n", 2);
		from += chunk + 2;
		to += chunk;
		if (chunk == 0)
			return from == size ? to : 0;
	}
}

static void check_large(int fd, bool is_chunked)
{
	char *text = malloc(LARGE_SIZE + 65536), *body;
	size_t size;

	assert_true(read_all(fd, text, LARGE_SIZE + 65536, &size));
	assert_memory_equal(text, "HTTP/1.1 200 OK\r\n", 17);
	body = strstr(text, "\r\n\r\n") + 4;
	assert_int_equal(strstr(text, "Transfer-Encoding: chunked\r\n") != NULL, is_chunked);
	size -= (size_t)(body - text);
	if (is_chunked)
		size = join_chunks(body, size);
	assert_int_equal(size, LARGE_SIZE);
	for (size_t i = 0; i < size; i++) {
		if (body[i] != (char)('a' + i % 26))
			fail_msg("byte %zu is wrong", i);
	}
	free(text);
}

// --- What holds ---

static void each_request_has_the_answer_it_deserves(void **state)
{
	static const char zero[] = "GET /accept\0 HTTP/1.1\r\n\r\n";
	static const struct {
		const char *request, *status, *end;
	} rows[] = {
		{"GET\r\n\r\n", "400 Bad Request", "HTTP/1.1\n"},
		{" / HTTP/1.1\r\n\r\n", "400 Bad Request", "HTTP/1.1\n"},
		{"GET /\r\n\r\n", "400 Bad Request", "HTTP/1.1\n"},
		{"GET / FTP/1.1\r\n\r\n", "400 Bad Request", "HTTP/1.1\n"},
		{"GET accept HTTP/1.1\r\n\r\n", "400 Bad Request", "HTTP/1.1\n"},
		{"\x16\x03\x01\x02\r\n", "400 Bad Request", "HTTP/1.1\n"}, // TLS
		{"GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported", "HTTP/1.1\n"},
		{"POST /accept HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "405 Method Not Allowed",
			"HTTP/1.1\n"},
		{"G\xc3\x89T /accept HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "HTTP/1.1\n"},
		{"GET / HTTP/1.1\r\n\r\n", "404 Not Found", "HTTP/1.1\n"},
		{"GET /accept/ HTTP/1.1\r\n\r\n", "404 Not Found", "HTTP/1.1\n"},
		{"GET /accept HTTP/1.1\r\n\r\n", "200 OK", "none\n"},
		{"GET /accept?a=b HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "none\n"},
		{"GET /accept#a HTTP/1.0\n\n", "200 OK", "none\n"},
		{"\r\nGET /accept HTTP/1.1\r\n\r\n", "200 OK", "none\n"}, // RFC 9112 2.2
		{"GET /accept HTTP/1.1\r\nX: y\r\nACCEPT: a/b\r\nAccept: c/d\r\n\r\n", "200 OK",
			"a/b\n"},
		{"GET /accept HTTP/1.1\r\n\r\nGET /accept HTTP/1.1\r\n\r\n", "200 OK", "none\n"},
		{"HEAD /accept HTTP/1.1\r\n\r\n", "200 OK", "Content-Length: 5\r\n\r\n"},
		{"HEAD /large HTTP/1.1\r\n\r\n", "200 OK", "Transfer-Encoding: chunked\r\n\r\n"},
	};
	char text[4096];
	size_t size;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(read_all(ask(rows[i].request), text, sizeof(text), &size));
		assert_memory_equal(text, "HTTP/1.1 ", 9);
		if (strncmp(text + 9, rows[i].status, strlen(rows[i].status)) != 0 ||
			strcmp(text + size - strlen(rows[i].end), rows[i].end) != 0)
			fail_msg("%s: %s", rows[i].request, text);
	}
	assert_true(read_all(ask_bytes(zero, sizeof(zero) - 1), text, sizeof(text), &size));
	assert_memory_equal(text, "HTTP/1.1 400 ", 13);
}

static void a_request_that_comes_in_pieces_is_put_together(void **state)
{
	static const char request[] = "GET /accept HTTP/1.1\r\nAccept: a/b\r\n\r\n";
	int fd = dial(), on = 1;
	char text[4096];
	size_t size;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		assert_int_equal(send(fd, request + i, 1, MSG_NOSIGNAL), 1);
	assert_true(read_all(fd, text, sizeof(text), &size));
	assert_string_equal(text + size - 4, "a/b\n");
}

static void too_much_of_a_request_is_refused(void **state)
{
	char request[20000], text[4096];
	size_t size;

	// A line without an end, lines without an end, and a path that is too long.
	memset(request, 'a', sizeof(request));
	memcpy(request, "GET /", 5);
	read_all(ask_bytes(request, 9000), text, sizeof(text), &size);
	assert_memory_equal(text, "HTTP/1.1 431 ", 13);
	strcpy(request, "GET / HTTP/1.1\r\n");
	while (strlen(request) < 12000)
		strcat(request, "X: y\r\n");
	read_all(ask(request), text, sizeof(text), &size);
	assert_memory_equal(text, "HTTP/1.1 431 ", 13);
	memset(request, 'a', sizeof(request));
	memcpy(request, "GET /", 5);
	strcpy(request + 1000, " HTTP/1.1\r\n\r\n");
	read_all(ask(request), text, sizeof(text), &size);
	assert_memory_equal(text, "HTTP/1.1 414 ", 13);
}

static void a_large_page_comes_whole(void **state)
{
	int fds[] = {ask("GET /large HTTP/1.1\r\n\r\n"), ask("GET /large HTTP/1.0\r\n\r\n"),
		ask("GET /large HTTP/1.1\r\n\r\n")};

	for (size_t i = 0; i < COUNT(fds); i++)
		check_large(fds[i], i != 1);
	wait_for_pages(0);
}

static void who_does_not_ask_is_closed_in_time(void **state)
{
	int silent = dial(), slow = dial();
	uint64_t start_ns = clock_monotonic_ns();
	uint32_t sent = 0;

	// Each byte comes soon after the last one; the whole does not.
	while (send(slow, "G", 1, MSG_NOSIGNAL) == 1 && sent++ < 1000)
		usleep(10000);
	assert_in_range(sent, 2, 999);
	assert_in_range((clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_MS, 990, 8000);
	close(slow);
	assert_true(is_closed_within(silent, 8000));
}

static void who_does_not_read_is_closed_in_time(void **state)
{
	int fds[3], small = 4096;
	char text[4096];
	size_t size;

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = dial();
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		send(fds[i], "GET /large HTTP/1.1\r\n\r\n", 23, MSG_NOSIGNAL);
	}
	wait_for_pages(3);
	// Somebody else does not wait for them.
	assert_true(read_all(ask("GET /accept HTTP/1.1\r\n\r\n"), text, sizeof(text), &size));
	assert_memory_equal(text, "HTTP/1.1 200 ", 13);
	wait_for_pages(0);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

static void who_goes_away_leaves_no_page_behind(void **state)
{
	for (int i = 0; i < 50; i++) {
		int fd = ask("GET /large HTTP/1.1\r\n\r\n");
		struct linger linger = {.l_onoff = 1};

		if (i % 2 == 0)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)); // a RST
		close(fd);
	}
	wait_for_pages(0);
}

static void idle_connections_make_room_for_one_that_asks(void **state)
{
	int idle[20];
	char text[4096];
	size_t size;

	for (size_t i = 0; i < COUNT(idle); i++)
		idle[i] = dial();
	assert_true(read_all(ask("GET /accept HTTP/1.1\r\n\r\n"), text, sizeof(text), &size));
	assert_memory_equal(text, "HTTP/1.1 200 ", 13);
	for (size_t i = 0; i < COUNT(idle); i++)
		close(idle[i]);
}

// A page that its client takes nothing of, however long.
static int stall_from(uint8_t last_byte)
{
	return ask_from(last_byte, "GET /large HTTP/1.1\r\n\r\n");
}

static bool is_answered(int fd, const char *start)
{
	char text[4096];
	size_t size;

	read_all(fd, text, sizeof(text), &size);
	return strncmp(text, start, strlen(start)) == 0;
}

static void a_static_text_is_served_whatever_the_clients_of_pages_do(void **state)
{
	int fds[30];

	for (uint8_t i = 0; i < COUNT(fds); i++)
		fds[i] = stall_from(1 + i % 5);
	wait_for_pages(4);
	assert_true(is_answered(ask("GET /accept HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 "));
	assert_true(is_answered(ask_from(9, "GET /accept HTTP/1.1\r\n\r\n"), "HTTP/1.1 200 "));
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	wait_for_pages(0);
}

static void an_address_has_no_more_than_its_share_of_the_places(void **state)
{
	int fds[3];

	for (size_t i = 0; i < COUNT(fds); i++)
		fds[i] = stall_from(1);
	wait_for_pages(3);
	assert_true(is_answered(stall_from(1), "HTTP/1.1 503 "));
	check_large(stall_from(2), true);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	wait_for_pages(0);
}

// The oldest that takes nothing goes; who takes a little at a time stays.
static void who_takes_nothing_gives_its_place_to_one_that_asks(void **state)
{
	int taking = stall_from(1), stalled[2], asking = -1;
	uint64_t until_ns = clock_monotonic_ns() + WAIT_S * CLOCK_NS_PER_S;
	char start[12] = {0}, *text = malloc(LARGE_SIZE);

	for (size_t i = 0; i < COUNT(stalled); i++)
		stalled[i] = stall_from(1);
	wait_for_pages(3);
	do {
		assert_true(clock_monotonic_ns() < until_ns);
		close(asking);
		assert_true(recv(taking, text, 200000, 0) > 0);
		usleep(20000);
		asking = stall_from(1);
		assert_int_equal(recv(asking, start, sizeof(start), MSG_WAITALL), sizeof(start));
	} while (memcmp(start, "HTTP/1.1 503", 12) == 0);
	assert_memory_equal(start, "HTTP/1.1 200", 12);
	assert_true(recv(taking, text, 200000, 0) > 0);
	close(asking);
	close(taking);
	for (size_t i = 0; i < COUNT(stalled); i++)
		close(stalled[i]);
	free(text);
	wait_for_pages(0);
}

// Many connections of one address cost another one none of its own.
static void the_address_with_most_connections_makes_room(void **state)
{
	int patient = dial_from(2), idle[40];
	char text[4096];
	size_t size;

	for (size_t i = 0; i < COUNT(idle); i++)
		idle[i] = dial_from(1);
	assert_int_equal(send(patient, "GET /accept HTTP/1.1\r\n\r\n", 24, MSG_NOSIGNAL), 24);
	assert_true(read_all(patient, text, sizeof(text), &size));
	assert_memory_equal(text, "HTTP/1.1 200 ", 13);
	for (size_t i = 0; i < COUNT(idle); i++)
		close(idle[i]);
}

// Descriptors run out: the loop does not spin, and goes on when there are some again.
static void a_listener_out_of_descriptors_rests_and_goes_on(void **state)
{
	struct rlimit before, none;
	struct rusage start, end;
	int fd, held[64], count = 0, client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(web_port(site.web)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char text[4096];
	size_t size;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){.rlim_cur = (rlim_t)client + 1, .rlim_max = before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	while (count < (int)COUNT(held) && (fd = dup(site.stop_fd)) >= 0) // holes below the limit
		held[count++] = fd;
	assert_int_equal(getrusage(RUSAGE_SELF, &start), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(client, "GET /accept HTTP/1.1\r\n\r\n", 24, MSG_NOSIGNAL), 24);
	usleep(500000); // the time that is looked at: a loop that spins uses all of it
	assert_int_equal(getrusage(RUSAGE_SELF, &end), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	while (count > 0)
		close(held[--count]);
	assert_true(read_all(client, text, sizeof(text), &size));
	assert_memory_equal(text, "HTTP/1.1 200 ", 13);
	assert_in_range((end.ru_utime.tv_sec - start.ru_utime.tv_sec) * 1000000 +
				end.ru_utime.tv_usec - start.ru_utime.tv_usec,
		0, 200000);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
	struct endpoint listen = {
		.address = addr_from_ipv4_be(htonl(INADDR_LOOPBACK)), .port = web_port(site.web)};
	char sentence[128];
	struct error err;
	struct web *web;

	assert_int_equal(
		web_new(site.base, &listen, &limits, answer, NULL, &web, &err), -EADDRINUSE);
	snprintf(sentence, sizeof(sentence),
		"127.0.0.1:%u cannot be listened at: Address already in use", listen.port);
	assert_string_equal(err.text, sentence);
}

#define ON_SITE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SITE(each_request_has_the_answer_it_deserves),
		ON_SITE(a_request_that_comes_in_pieces_is_put_together),
		ON_SITE(too_much_of_a_request_is_refused),
		ON_SITE(a_large_page_comes_whole),
		ON_SITE(who_does_not_ask_is_closed_in_time),
		ON_SITE(who_does_not_read_is_closed_in_time),
		ON_SITE(who_goes_away_leaves_no_page_behind),
		ON_SITE(idle_connections_make_room_for_one_that_asks),
		ON_SITE(a_static_text_is_served_whatever_the_clients_of_pages_do),
		ON_SITE(an_address_has_no_more_than_its_share_of_the_places),
		ON_SITE(who_takes_nothing_gives_its_place_to_one_that_asks),
		ON_SITE(the_address_with_most_connections_makes_room),
		ON_SITE(a_listener_out_of_descriptors_rests_and_goes_on),
		ON_SITE(a_port_that_is_taken_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
