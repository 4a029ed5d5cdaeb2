// SPDX-License-Identifier: BSD-3-Clause
#ifndef HTTP_WEB_PRIVATE_H
#define HTTP_WEB_PRIVATE_H

#include <http/web.h>

struct bufferevent;
struct evbuffer;

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

// Takes lines out of 'in' until the request's head is there. WEB_BAD sets '*status' to the answer it deserves.
enum web_parsed web_parse(struct web_head *head, struct evbuffer *in, int *status);

// The lines in front of a page.
void web_put_head(struct evbuffer *out, const struct web_head *head, const struct web_reply *reply);
// A piece of it; and what ends it.
void web_put_piece(
	struct evbuffer *out, const struct web_head *head, const char *piece, size_t size);
void web_put_end(struct evbuffer *out, const struct web_head *head);

#endif
