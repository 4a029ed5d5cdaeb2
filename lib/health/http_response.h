// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_HTTP_RESPONSE_H
#define HEALTH_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Reads one HTTP/1.x response (RFC 9112) byte by byte, as it comes in: its status, and whether a
// text stands in its body. Keeps no more of it than a line's beginning, and takes no more of it
// than the limits below: whatever a server sends, the reading ends. No socket, no memory of its
// own.

#define HTTP_HEADER_LIMIT 65536 // with every 1xx response before it
#define HTTP_BODY_LIMIT   65536
#define HTTP_LINE_KEPT    128
#define HTTP_TEXT_SIZE    1025

enum http_reading {
	HTTP_MORE, // not all of it is there
	HTTP_COMPLETE, // as much of it as was asked for
	HTTP_BAD, // no HTTP response; 'why' says why not
};

struct http_response {
	uint16_t status; // 0 before the header has ended
	bool text_found;
	bool body_cut; // ended at HTTP_BODY_LIMIT
	const char *why;

	uint8_t state; // the rest is the reader's own
	bool has_no_body;
	bool has_length;
	bool chunked;
	uint16_t line_size; // of the line being read; what is beyond HTTP_LINE_KEPT is not kept
	uint16_t line_status; // of the status line, until the header has ended
	uint32_t header_size;
	uint32_t body_size; // with the lines between chunks
	uint64_t left; // of the body or of the chunk
	const char *text;
	uint16_t text_size;
	uint16_t matched; // so much of the text's beginning stands at the end of what was read
	uint16_t fallback[HTTP_TEXT_SIZE]; // Knuth-Morris-Pratt
	char line[HTTP_LINE_KEPT];
};

// 'text' must stand in the body for 'text_found'; "" asks for the header alone. It has to stay
// where it is, and fewer than HTTP_TEXT_SIZE bytes. 'is_head': the answer to a HEAD request has no
// body.
void http_response_init(struct http_response *response, const char *text, bool is_head);

// Takes what came in. After anything but HTTP_MORE the rest is of no interest.
enum http_reading http_response_take(
	struct http_response *response, const void *bytes, size_t size);

// The connection has ended: complete, where the end of the body is marked by that, or bad.
enum http_reading http_response_end(struct http_response *response);

#endif
