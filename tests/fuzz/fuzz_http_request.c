// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as a request to the metrics' HTTP server. The first byte says how the rest is cut into
// pieces, which must make no difference.
#include <http/web_private.h>

#include <event2/buffer.h>
#include <string.h>

#include "fuzz.h"

static enum web_parsed parse_in_pieces(
	struct web_head *head, const uint8_t *data, size_t size, size_t piece, int *status)
{
	struct evbuffer *in = evbuffer_new();
	enum web_parsed parsed = WEB_INCOMPLETE;

	memset(head, 0, sizeof(*head));
	*status = 0;
	for (size_t at = 0; at < size && parsed == WEB_INCOMPLETE; at += piece) {
		evbuffer_add(in, data + at, size - at < piece ? size - at : piece);
		parsed = web_parse(head, in, status);
		FUZZ_ASSERT(parsed != WEB_INCOMPLETE || evbuffer_get_length(in) < WEB_HEAD_MAX);
	}
	evbuffer_free(in);
	return parsed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct web_head whole, pieces;
	enum web_parsed parsed;
	int status, other;

	if (size == 0)
		return 0;
	parsed = parse_in_pieces(&whole, data + 1, size - 1, size, &status);
	FUZZ_ASSERT((status != 0) == (parsed == WEB_BAD));
	FUZZ_ASSERT(parsed != WEB_COMPLETE || whole.path[0] == '/');
	FUZZ_ASSERT(memchr(whole.path, '\0', sizeof(whole.path)) != NULL);
	FUZZ_ASSERT(memchr(whole.accept, '\0', sizeof(whole.accept)) != NULL);
	if (size > WEB_HEAD_MAX / 2)
		return 0; // where the limit strikes depends on the pieces
	FUZZ_ASSERT(parsed == parse_in_pieces(&pieces, data + 1, size - 1, 1 + data[0], &other));
	FUZZ_ASSERT(status == other && strcmp(whole.path, pieces.path) == 0 &&
		    strcmp(whole.accept, pieces.accept) == 0);
	return 0;
}
