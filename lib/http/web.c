// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <http/web_private.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <metrics/step.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define SWEEP_MS  100
#define LINGER_MS 1000 // for a client to take what it was sent
#define BACKLOG   64
#define PAUSE_MS  1000 // after an accept that failed

static const struct web_limits default_limits = {.connections = 64,
	.pages = 16,
	.pages_per_address = 8,
	.request_ms = 5000,
	.yield_ms = 1000,
	.stall_ms = 10000,
	.reply_ms = 60000};

static uint64_t web_after_ms(uint32_t ms)
{
	return clock_monotonic_ns() + ms * CLOCK_NS_PER_MS;
}

void web_drop(struct connection *connection)
{
	struct web *web = connection->web;

	TAILQ_REMOVE(&web->all, connection, all);
	if (connection->is_ready)
		TAILQ_REMOVE(&web->ready, connection, ready);
	web->count--;
	if (connection->reply.free != NULL)
		connection->reply.free(connection->reply.page);
	bufferevent_free(connection->bev);
	free(connection);
}

// --- A page, piece by piece ---

static void web_await_turn(struct connection *connection)
{
	static const struct timeval now = {0};
	struct web *web = connection->web;

	if (!connection->is_ready)
		TAILQ_INSERT_TAIL(&web->ready, connection, ready);
	connection->is_ready = true;
	event_add(web->turn, &now);
}

// What is in its buffer is the last of it.
static void web_end(struct connection *connection)
{
	connection->step = ENDING;
	connection->until_ns = web_after_ms(connection->web->limits.stall_ms);
}

// The buffer is empty: the socket has taken it all.
static void web_go_on(struct connection *connection)
{
	uint64_t until_ns;

	connection->moved_ns = clock_monotonic_ns();
	if (connection->step == SENDING) {
		until_ns = web_after_ms(connection->web->limits.stall_ms);
		connection->until_ns =
			until_ns < connection->deadline_ns ? until_ns : connection->deadline_ns;
		web_await_turn(connection);
	} else if (connection->step == ENDING) {
		// What the client sent behind its request would turn the close into a reset.
		shutdown(bufferevent_getfd(connection->bev), SHUT_WR);
		connection->until_ns = web_after_ms(LINGER_MS);
	}
}

static void web_send_piece(struct connection *connection)
{
	struct evbuffer *out = bufferevent_get_output(connection->bev);
	size_t size = 0;
	bool is_more =
		connection->reply.fill(connection->reply.page, connection->web->piece, &size);

	web_put_piece(out, &connection->head, connection->web->piece, size);
	if (!is_more) {
		web_put_end(out, &connection->head);
		web_end(connection);
	}
	if (evbuffer_get_length(out) == 0)
		web_go_on(connection);
}

static void web_take_turn(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(HTTP);
	static const struct timeval now = {0};
	struct web *web = context;
	struct connection *connection = TAILQ_FIRST(&web->ready);

	if (connection == NULL)
		return;
	TAILQ_REMOVE(&web->ready, connection, ready);
	connection->is_ready = false;
	web_send_piece(connection);
	if (!TAILQ_EMPTY(&web->ready))
		event_add(web->turn, &now);
}

static void web_on_drained(struct bufferevent *bev, void *context)
{
	STEP_TIMED(HTTP);

	web_go_on(context);
}

// --- The request ---

static void web_refuse(int status, struct web_reply *reply)
{
	*reply = (struct web_reply){.status = status,
		.content_type = "text/plain; charset=utf-8",
		.text = status == 503
				? "too many clients are being answered: ask again in a second\n"
				: "this server has /metrics and /healthz, for GET and HEAD by HTTP/1.1\n"};
}

static void web_answer(struct connection *connection, int status)
{
	struct web *web = connection->web;
	struct web_request request = {.path = connection->head.path,
		.accept = connection->head.has_accept ? connection->head.accept : NULL};

	web_refuse(404, &connection->reply);
	if (status != 0)
		web_refuse(status, &connection->reply);
	else
		web->handler(web->context, &request, &connection->reply);
	if (connection->reply.text == NULL && !connection->head.is_head &&
		!web_admit_page(connection)) {
		connection->reply.free(connection->reply.page);
		web_refuse(503, &connection->reply);
	}
	connection->moved_ns = clock_monotonic_ns();
	connection->deadline_ns = web_after_ms(web->limits.reply_ms);
	connection->until_ns = web_after_ms(web->limits.stall_ms);
	connection->step = SENDING;
	web_put_head(
		bufferevent_get_output(connection->bev), &connection->head, &connection->reply);
	if (connection->reply.text != NULL || connection->head.is_head)
		web_end(connection);
}

static void web_on_readable(struct bufferevent *bev, void *context)
{
	STEP_TIMED(HTTP);
	struct connection *connection = context;
	struct evbuffer *in = bufferevent_get_input(bev);
	enum web_parsed parsed;
	int status;

	if (connection->step != READING) {
		evbuffer_drain(in, evbuffer_get_length(in));
		return;
	}
	parsed = web_parse(&connection->head, in, &status);
	if (parsed != WEB_INCOMPLETE)
		web_answer(connection, status);
}

static void web_on_end(struct bufferevent *bev, short what, void *context)
{
	STEP_TIMED(HTTP);

	web_drop(context);
}

// --- Connections ---

static struct addr web_address_of(const struct sockaddr *from)
{
	const struct sockaddr_in6 *ipv6 = (const void *)from;
	struct addr address = {.family = ADDR_IPV6};

	if (from->sa_family == AF_INET)
		return addr_from_ipv4_be(((const struct sockaddr_in *)from)->sin_addr.s_addr);
	memcpy(address.bytes, &ipv6->sin6_addr, sizeof(address.bytes));
	return address;
}

static void web_on_accept(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *from, int size, void *context)
{
	STEP_TIMED(HTTP);
	struct web *web = context;
	struct connection *connection =
		web_admit_connection(web) ? calloc(1, sizeof(*connection)) : NULL;

	if (connection != NULL)
		connection->bev = bufferevent_socket_new(web->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection == NULL || connection->bev == NULL) {
		free(connection);
		close(fd);
		return;
	}
	connection->web = web;
	connection->from = web_address_of(from);
	connection->moved_ns = clock_monotonic_ns();
	web->is_told = false;
	connection->until_ns = web_after_ms(web->limits.request_ms);
	TAILQ_INSERT_TAIL(&web->all, connection, all);
	web->count++;
	bufferevent_setcb(connection->bev, web_on_readable, web_on_drained, web_on_end, connection);
	bufferevent_setwatermark(connection->bev, EV_READ, 0, WEB_HEAD_MAX);
	bufferevent_enable(connection->bev, EV_READ | EV_WRITE);
}

// Descriptors or memory ran out: the listener stays readable, so that asking it at once would be a
// busy loop.
static void web_on_accept_error(struct evconnlistener *listener, void *context)
{
	STEP_TIMED(HTTP);
	struct web *web = context;

	if (!web->is_told)
		log_warning("metrics: no connection can be accepted: %s; tried again each second",
			strerror(EVUTIL_SOCKET_ERROR()));
	web->is_told = true;
	web->resume_ns = web_after_ms(PAUSE_MS);
	evconnlistener_disable(listener);
}

static void web_sweep(evutil_socket_t fd, short what, void *context)
{
	STEP_TIMED(HTTP);
	uint64_t now_ns = clock_monotonic_ns();
	struct web *web = context;
	struct connection *next;

	if (web->resume_ns != 0 && now_ns >= web->resume_ns) {
		web->resume_ns = 0;
		evconnlistener_enable(web->listener);
	}
	for (struct connection *connection = TAILQ_FIRST(&web->all); connection != NULL;
		connection = next) {
		next = TAILQ_NEXT(connection, all);
		if (now_ns >= connection->until_ns)
			web_drop(connection);
	}
}

// --- The server ---

static socklen_t web_socket_address(const struct endpoint *from, struct sockaddr_storage *out)
{
	struct sockaddr_in *ipv4 = (void *)out;
	struct sockaddr_in6 *ipv6 = (void *)out;

	memset(out, 0, sizeof(*out));
	if (from->address.family == ADDR_IPV4) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons(from->port);
		ipv4->sin_addr.s_addr = addr_ipv4_be(&from->address);
		return sizeof(*ipv4);
	}
	ipv6->sin6_family = AF_INET6;
	ipv6->sin6_port = htons(from->port);
	memcpy(&ipv6->sin6_addr, from->address.bytes, sizeof(ipv6->sin6_addr));
	return sizeof(*ipv6);
}

static int web_listen_at(struct web *web, const struct endpoint *at, struct error *err)
{
	struct sockaddr_storage address;
	char text[ENDPOINT_TEXT_SIZE];
	socklen_t size = web_socket_address(at, &address);

	web->listener = evconnlistener_new_bind(web->base, web_on_accept, web,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
		(struct sockaddr *)&address, (int)size);
	if (web->listener != NULL) {
		evconnlistener_set_error_cb(web->listener, web_on_accept_error);
		return 0;
	}
	return error_set(err, errno, "%s cannot be listened at: %s",
		endpoint_format(at, text, sizeof(text)), strerror(errno));
}

int web_new(struct event_base *base, const struct endpoint *listen, const struct web_limits *limits,
	web_handler_fn *handler, void *context, struct web **out, struct error *err)
{
	static const struct timeval interval = {.tv_usec = SWEEP_MS * 1000};
	struct web *web = calloc(1, sizeof(*web));
	int rc;

	if (web == NULL)
		return error_set(err, ENOMEM, "out of memory");
	TAILQ_INIT(&web->all);
	TAILQ_INIT(&web->ready);
	web->base = base;
	web->limits = limits != NULL ? *limits : default_limits;
	web->handler = handler;
	web->context = context;
	web->turn = evtimer_new(base, web_take_turn, web);
	web->sweep = event_new(base, -1, EV_PERSIST, web_sweep, web);
	if (web->turn == NULL || web->sweep == NULL || event_add(web->sweep, &interval) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	else
		rc = web_listen_at(web, listen, err);
	if (rc != 0) {
		web_free(web);
		return rc;
	}
	*out = web;
	return 0;
}

void web_free(struct web *web)
{
	if (web == NULL)
		return;
	if (web->listener != NULL)
		evconnlistener_free(web->listener);
	while (!TAILQ_EMPTY(&web->all))
		web_drop(TAILQ_FIRST(&web->all));
	if (web->turn != NULL)
		event_free(web->turn);
	if (web->sweep != NULL)
		event_free(web->sweep);
	free(web);
}

uint16_t web_port(const struct web *web)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	if (getsockname(evconnlistener_get_fd(web->listener), (void *)&address, &size) != 0)
		return 0;
	return ntohs(((struct sockaddr_in *)&address)->sin_port); // both families have it there
}
