// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <http/web_private.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#define SWEEP_MS  100
#define LINGER_MS 1000 // for a client to take what it was sent
#define BACKLOG   16

static const struct web_limits default_limits = {
	.connections = 16, .request_ms = 5000, .stall_ms = 10000, .reply_ms = 60000};

struct connection {
	TAILQ_ENTRY(connection) all; // oldest first
	TAILQ_ENTRY(connection) ready; // in the web's queue, where is_ready
	struct web *web;
	struct bufferevent *bev;
	enum { READING, SENDING, ENDING } step;
	bool is_ready;
	uint64_t until_ns; // then it is closed
	uint64_t deadline_ns; // of the whole reply
	struct web_head head;
	struct web_reply reply;
};

TAILQ_HEAD(connections, connection);

struct web {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *turn; // one piece of the first connection that is ready
	struct event *sweep;
	struct web_limits limits;
	web_handler_fn *handler;
	void *context;
	struct connections all;
	struct connections ready;
	uint32_t count;
	char piece[WEB_PIECE_SIZE];
};

static uint64_t after_ms(uint32_t ms)
{
	return clock_monotonic_ns() + ms * CLOCK_NS_PER_MS;
}

static void drop(struct connection *connection)
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

static void await_turn(struct connection *connection)
{
	static const struct timeval now = {0};
	struct web *web = connection->web;

	if (!connection->is_ready)
		TAILQ_INSERT_TAIL(&web->ready, connection, ready);
	connection->is_ready = true;
	event_add(web->turn, &now);
}

// What is in its buffer is the last of it.
static void end(struct connection *connection)
{
	connection->step = ENDING;
	connection->until_ns = after_ms(connection->web->limits.stall_ms);
}

// The buffer is empty: the socket has taken it all.
static void go_on(struct connection *connection)
{
	uint64_t until_ns;

	if (connection->step == SENDING) {
		until_ns = after_ms(connection->web->limits.stall_ms);
		connection->until_ns =
			until_ns < connection->deadline_ns ? until_ns : connection->deadline_ns;
		await_turn(connection);
	} else if (connection->step == ENDING) {
		// What the client sent behind its request would turn the close into a reset.
		shutdown(bufferevent_getfd(connection->bev), SHUT_WR);
		connection->until_ns = after_ms(LINGER_MS);
	}
}

static void send_piece(struct connection *connection)
{
	struct evbuffer *out = bufferevent_get_output(connection->bev);
	size_t size = 0;
	bool is_more =
		connection->reply.fill(connection->reply.page, connection->web->piece, &size);

	web_put_piece(out, &connection->head, connection->web->piece, size);
	if (!is_more) {
		web_put_end(out, &connection->head);
		end(connection);
	}
	if (evbuffer_get_length(out) == 0)
		go_on(connection);
}

static void take_turn(evutil_socket_t fd, short what, void *context)
{
	static const struct timeval now = {0};
	struct web *web = context;
	struct connection *connection = TAILQ_FIRST(&web->ready);

	if (connection == NULL)
		return;
	TAILQ_REMOVE(&web->ready, connection, ready);
	connection->is_ready = false;
	send_piece(connection);
	if (!TAILQ_EMPTY(&web->ready))
		event_add(web->turn, &now);
}

static void on_drained(struct bufferevent *bev, void *context)
{
	go_on(context);
}

// --- The request ---

static void refuse(int status, struct web_reply *reply)
{
	*reply = (struct web_reply){.status = status,
		.content_type = "text/plain; charset=utf-8",
		.text = "this server has /metrics and /healthz, for GET and HEAD by HTTP/1.1\n"};
}

static void answer(struct connection *connection, int status)
{
	struct web *web = connection->web;
	struct web_request request = {.path = connection->head.path,
		.accept = connection->head.has_accept ? connection->head.accept : NULL};

	refuse(404, &connection->reply);
	if (status != 0)
		refuse(status, &connection->reply);
	else
		web->handler(web->context, &request, &connection->reply);
	connection->deadline_ns = after_ms(web->limits.reply_ms);
	connection->until_ns = after_ms(web->limits.stall_ms);
	connection->step = SENDING;
	web_put_head(
		bufferevent_get_output(connection->bev), &connection->head, &connection->reply);
	if (connection->reply.text != NULL || connection->head.is_head)
		end(connection);
}

static void on_readable(struct bufferevent *bev, void *context)
{
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
		answer(connection, status);
}

static void on_end(struct bufferevent *bev, short what, void *context)
{
	drop(context);
}

// --- Connections ---

// Makes room for another one. False: all there are have asked and are being answered.
static bool make_room(struct web *web)
{
	struct connection *connection;

	if (web->count < web->limits.connections)
		return true;
	TAILQ_FOREACH(connection, &web->all, all)
	{
		if (connection->step == READING) {
			drop(connection);
			return true;
		}
	}
	return false;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *from,
	int size, void *context)
{
	struct web *web = context;
	struct connection *connection = make_room(web) ? calloc(1, sizeof(*connection)) : NULL;

	if (connection != NULL)
		connection->bev = bufferevent_socket_new(web->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection == NULL || connection->bev == NULL) {
		free(connection);
		close(fd);
		return;
	}
	connection->web = web;
	connection->until_ns = after_ms(web->limits.request_ms);
	TAILQ_INSERT_TAIL(&web->all, connection, all);
	web->count++;
	bufferevent_setcb(connection->bev, on_readable, on_drained, on_end, connection);
	bufferevent_setwatermark(connection->bev, EV_READ, 0, WEB_HEAD_MAX);
	bufferevent_enable(connection->bev, EV_READ | EV_WRITE);
}

static void sweep(evutil_socket_t fd, short what, void *context)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct web *web = context;
	struct connection *next;

	for (struct connection *connection = TAILQ_FIRST(&web->all); connection != NULL;
		connection = next) {
		next = TAILQ_NEXT(connection, all);
		if (now_ns >= connection->until_ns)
			drop(connection);
	}
}

// --- The server ---

static socklen_t socket_address(const struct endpoint *from, struct sockaddr_storage *out)
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

static int listen_at(struct web *web, const struct endpoint *at, struct error *err)
{
	struct sockaddr_storage address;
	char text[ENDPOINT_TEXT_SIZE];
	socklen_t size = socket_address(at, &address);

	web->listener = evconnlistener_new_bind(web->base, on_accept, web,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, BACKLOG,
		(struct sockaddr *)&address, (int)size);
	if (web->listener != NULL)
		return 0;
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
	web->turn = evtimer_new(base, take_turn, web);
	web->sweep = event_new(base, -1, EV_PERSIST, sweep, web);
	if (web->turn == NULL || web->sweep == NULL || event_add(web->sweep, &interval) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	else
		rc = listen_at(web, listen, err);
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
		drop(TAILQ_FIRST(&web->all));
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
