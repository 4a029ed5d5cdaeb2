// SPDX-License-Identifier: BSD-3-Clause
#ifndef HTTP_WEB_H
#define HTTP_WEB_H

#include <base/endpoint.h>
#include <base/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A small HTTP/1.1 server for pages that are made while they are sent: GET and HEAD, one request a
// connection, on libevent's loop and its thread. However slow, many or hostile its clients are,
// they get no more than a bounded time, a bounded memory, and one piece of one page in each round
// of the loop.
//
// A page that is made takes one of a few places until its client has it; a static text takes none,
// so that it is served whatever the pages' clients do. Who asks for a page while all places are
// taken gets that of the client that has taken nothing for longest, if that is 'yield_ms' or more;
// else 503. One address has its own share of the places. Where there are too many connections, the
// one goes that waits for longest, of the address that has most of them.

struct event_base;
struct web;

#define WEB_PIECE_SIZE (32 * 1024)

struct web_limits {
	uint32_t connections; // more than pages
	uint32_t pages; // being made and sent
	uint32_t pages_per_address;
	uint32_t request_ms; // to send a whole request
	uint32_t yield_ms; // without a byte taken, while others ask for the place
	uint32_t stall_ms; // without a byte taken, in any case
	uint32_t reply_ms; // for a whole page
};

struct web_request {
	const char *path; // without the query
	const char *accept; // the header; NULL: there is none
};

// The next piece of a page into 'out', of WEB_PIECE_SIZE; '*size' may come out 0. False: it was the
// last one.
typedef bool web_fill_fn(void *page, char *out, size_t *size);

struct web_reply {
	int status; // 200, 404, 503 ...
	const char *content_type;
	const char *text; // the whole page, static, takes no place; or NULL:
	web_fill_fn *fill;
	void (*free)(void *page); // when it was sent, or the client has gone
	void *page;
};

typedef void web_handler_fn(
	void *context, const struct web_request *request, struct web_reply *reply);

// 0, or a negative errno with the sentence. 'limits' NULL: those that are good for metrics.
int web_new(struct event_base *base, const struct endpoint *listen, const struct web_limits *limits,
	web_handler_fn *handler, void *context, struct web **out, struct error *err);
void web_free(struct web *web); // NULL is fine

// The port it listens at, where 0 was asked for.
uint16_t web_port(const struct web *web);

#endif
