// SPDX-License-Identifier: BSD-3-Clause
#ifndef HTTP_WEB_H
#define HTTP_WEB_H

#include <base/endpoint.h>
#include <base/error.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A small HTTP/1.1 server for pages that are made while they are sent: GET and HEAD, one request a connection, on
// libevent's loop and its thread. However slow, many or hostile its clients are, they get no more than a bounded
// time, a bounded memory, and one piece of one page in each round of the loop.

struct event_base;
struct web;

#define WEB_PIECE_SIZE (32 * 1024)

struct web_limits {
	uint32_t connections; // then the oldest that has not asked yet goes, or else the new one
	uint32_t request_ms; // to send a whole request
	uint32_t stall_ms; // without a byte taken
	uint32_t reply_ms; // for a whole page
};

struct web_request {
	const char *path; // without the query
	const char *accept; // the header; NULL: there is none
};

// The next piece of a page into 'out', of WEB_PIECE_SIZE; '*size' may come out 0. False: it was the last one.
typedef bool web_fill_fn(void *page, char *out, size_t *size);

struct web_reply {
	int status; // 200, 404, 503 ...
	const char *content_type;
	const char *text; // the whole page, static; or NULL:
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
