// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as the response to an HTTP probe. The first byte says how the rest is cut into pieces,
// which must make no difference; 64 KiB of header or of body end the reading.
#include <health/http_response.h>

#include "fuzz.h"

static enum http_reading read_in_pieces(struct http_response *response, const uint8_t *data,
	size_t size, size_t piece, size_t *taken)
{
	enum http_reading reading = HTTP_MORE;
	size_t at = 0;

	http_response_init(response, "ready", false);
	for (; at < size && reading == HTTP_MORE; at += piece)
		reading = http_response_take(
			response, data + at, size - at < piece ? size - at : piece);
	*taken = at;
	return reading == HTTP_MORE ? http_response_end(response) : reading;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_response whole, pieces;
	size_t taken;
	enum http_reading reading;

	if (size == 0)
		return 0;
	reading = read_in_pieces(&whole, data + 1, size - 1, size, &taken);
	FUZZ_ASSERT(reading != HTTP_MORE);
	FUZZ_ASSERT((whole.why != NULL) == (reading == HTTP_BAD));
	FUZZ_ASSERT(!whole.text_found || reading == HTTP_COMPLETE);
	FUZZ_ASSERT(reading != HTTP_COMPLETE || (whole.status >= 200 && whole.status <= 999));
	FUZZ_ASSERT(reading == read_in_pieces(&pieces, data + 1, size - 1, 1 + data[0], &taken));
	FUZZ_ASSERT(whole.status == pieces.status && whole.text_found == pieces.text_found &&
		    whole.body_cut == pieces.body_cut);
	FUZZ_ASSERT(taken <= HTTP_HEADER_LIMIT + HTTP_BODY_LIMIT + 256);
	return 0;
}
