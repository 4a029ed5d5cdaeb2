// SPDX-License-Identifier: BSD-3-Clause
#ifndef HTTP_WEB_PRIVATE_H
#define HTTP_WEB_PRIVATE_H

#include <base/addr.h>
#include <http/web.h>

#include <sys/queue.h>

struct bufferevent;
struct evbuffer;
struct evconnlistener;
struct event;

#define WEB_HEAD_MAX 8192 // bytes of a request

// What a client asks for, as far as it has been read.
struct web_head {
	bool is_begun; // the first line was there
	bool is_head; // HEAD: the page itself is not sent
	bool is_chunked; // HTTP/1.1: the client sees where the page ends
	char path[256];
	char accept[512];
	bool has_accept;
	size_t size; // of all its lines
};

enum web_parsed { WEB_INCOMPLETE, WEB_COMPLETE, WEB_BAD };

// Takes lines out of 'in' until the request's head is there. WEB_BAD sets '*status' to the answer
// it deserves.
enum web_parsed web_parse(struct web_head *head, struct evbuffer *in, int *status);

// The lines in front of a page.
void web_put_head(struct evbuffer *out, const struct web_head *head, const struct web_reply *reply);
// A piece of it; and what ends it.
void web_put_piece(
	struct evbuffer *out, const struct web_head *head, const char *piece, size_t size);
void web_put_end(struct evbuffer *out, const struct web_head *head);

struct connection {
	TAILQ_ENTRY(connection) all; // oldest first
	TAILQ_ENTRY(connection) ready; // in the web's queue, where is_ready
	struct web *web;
	struct bufferevent *bev;
	struct addr from;
	enum { READING, SENDING, ENDING } step;
	bool is_ready;
	bool has_place; // of a page
	uint64_t moved_ns; // when it came, asked, or last took something
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
	uint64_t resume_ns; // accepting, after it failed; 0: it is accepting
	bool is_told; // that it failed
	struct web_limits limits;
	web_handler_fn *handler;
	void *context;
	struct connections all;
	struct connections ready;
	uint32_t count;
	char piece[WEB_PIECE_SIZE];
};

void web_drop(struct connection *connection);

// Makes room for another connection. False: all there are take what they are sent.
bool web_admit_connection(struct web *web);
// Gives 'asking' a place for a page. False: all places are of clients that take what they are sent.
bool web_admit_page(struct connection *asking);

#endif
