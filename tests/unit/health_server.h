// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_HEALTH_SERVER_H
#define TESTS_HEALTH_SERVER_H

// A server in the test's own event loop, good or bad, in the place of the room's listener; and one
// probe of it. Include it first.

#include "health_room.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ssl.h>

enum behaviour {
	ANSWERS, // 'text' after a request, which ends with 'until', then closes
	SAYS, // 'text' at once, and no more
	REPEATS, // 'text' at once, again and again as fast as it goes
	DRIPS, // a byte of 'text' every 10 ms
	CLOSES, // at once
	RENEGOTIATES, // TLS, anew every 10 ms
	REKEYS, // TLS 1.3, 1,000 times every 10 ms
};

struct server {
	struct room *room;
	enum behaviour behaviour;
	const char *text;
	size_t size; // of 'text'; 0: up to its zero
	const char *until; // NULL: an empty line
	SSL_CTX *ctx; // NULL: no TLS
	char request[1024]; // the last one
	struct peer *peers;
	uint32_t connections;
};

struct peer {
	struct peer *next;
	struct server *server;
	struct bufferevent *stream;
	struct event *drip;
	size_t dripped;
};

static inline void peer_free(struct peer *peer)
{
	struct peer **place = &peer->server->peers;

	while (*place != peer)
		place = &(*place)->next;
	*place = peer->next;
	if (peer->drip != NULL)
		event_free(peer->drip);
	bufferevent_free(peer->stream);
	free(peer);
}

static inline size_t server_size(const struct server *server)
{
	return server->size != 0 ? server->size : strlen(server->text);
}

static inline void say(struct peer *peer)
{
	bufferevent_write(peer->stream, peer->server->text, server_size(peer->server));
}

static inline void on_drip(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;
	const struct server *server = peer->server;

	bufferevent_write(peer->stream, &server->text[peer->dripped++ % server_size(server)], 1);
}

static inline void on_peer_readable(struct bufferevent *stream, void *context)
{
	struct peer *peer = context;
	struct server *server = peer->server;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t size = evbuffer_get_length(input);
	const char *until = server->until != NULL ? server->until : "\r\n\r\n";

	if (server->behaviour != ANSWERS || size >= sizeof(server->request) ||
		evbuffer_search(input, until, strlen(until), NULL).pos < 0)
		return;
	evbuffer_remove(input, server->request, size);
	server->request[size] = '\0';
	say(peer);
}

static inline void on_anew(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;
	SSL *ssl = bufferevent_openssl_get_ssl(peer->stream);

	if (SSL_is_init_finished(ssl) != 1)
		return;
	if (peer->server->behaviour == RENEGOTIATES) {
		SSL_renegotiate(ssl);
		SSL_do_handshake(ssl);
		return;
	}
	for (int i = 0; i < 1000; i++) {
		SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED);
		if (SSL_do_handshake(ssl) != 1)
			return;
	}
}

static inline void begin_peer(struct peer *peer)
{
	struct timeval often = {.tv_usec = 10000};

	switch (peer->server->behaviour) {
	case REPEATS:
		for (int i = 0; i < 100; i++)
			say(peer);
		break;
	case SAYS:
		say(peer);
		break;
	case DRIPS:
		peer->drip = event_new(peer->server->room->base, -1, EV_PERSIST, on_drip, peer);
		event_add(peer->drip, &often);
		break;
	case RENEGOTIATES:
	case REKEYS:
		peer->drip = event_new(peer->server->room->base, -1, EV_PERSIST, on_anew, peer);
		event_add(peer->drip, &often);
		break;
	case CLOSES:
		peer_free(peer);
		break;
	default:
		break;
	}
}

static inline void on_peer_written(struct bufferevent *stream, void *context)
{
	struct peer *peer = context;

	if (peer->server->behaviour == REPEATS)
		begin_peer(peer);
	else if (peer->server->behaviour == ANSWERS && peer->server->request[0] != '\0')
		peer_free(peer);
}

static inline void on_peer_event(struct bufferevent *stream, short what, void *context)
{
	if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
		peer_free(context);
}

static inline void on_connection(struct evconnlistener *listener, evutil_socket_t fd,
	struct sockaddr *from, int size, void *context)
{
	struct server *server = context;
	struct peer *peer = calloc(1, sizeof(*peer));
	struct event_base *base = server->room->base;

	peer->server = server;
	peer->next = server->peers;
	server->peers = peer;
	server->connections++;
	peer->stream = server->ctx == NULL
			       ? bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE)
			       : bufferevent_openssl_socket_new(base, fd, SSL_new(server->ctx),
					 BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(peer->stream, on_peer_readable, on_peer_written, on_peer_event, peer);
	bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
	begin_peer(peer);
}

static inline void serve(struct room *room, struct server *server)
{
	server->room = room;
	evconnlistener_set_cb(room->listener, on_connection, server);
}

static inline void stop_serving(struct server *server)
{
	evconnlistener_set_cb(server->room->listener, on_accept, server->room);
	while (server->peers != NULL)
		peer_free(server->peers);
	SSL_CTX_free(server->ctx);
}

static inline struct health_target one_probe(const struct room *room, enum config_probe_type type)
{
	struct health_target one = target(room, 7);

	one.policy.type = type;
	one.policy.interval_ms = 60000;
	one.policy.timeout_ms = 5000;
	one.policy.rise = 1;
	one.policy.fall = 1;
	return one;
}

// One probe: "" if it succeeded, or why not, without what every reason begins with.
static inline const char *probe(struct room *room, const struct health_target *one)
{
	static char reason[128];
	uint32_t before = room->changes;
	char place[64];
	const char *at;

	set_targets(room, NULL, 0);
	set_one(room, one);
	RUN_UNTIL(room, room->changes > before);
	assert_int_equal(room->last_status == HEALTH_UP, room->last_reason[0] == '\0');
	snprintf(place, sizeof(place), " 127.0.0.1:%u: ", one->port);
	at = strstr(room->last_reason, place);
	snprintf(reason, sizeof(reason), "%s", at == NULL ? "" : at + strlen(place));
	return reason;
}

#endif
