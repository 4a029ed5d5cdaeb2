// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as what comes back of a half-open probe: nothing beside them is read, and an answer has
// all that the prober asks of it.
#include <halfopen/packet.h>

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct halfopen_answer answer, again;
	uint8_t *exact = malloc(size > 0 ? size : 1); // the sanitizer sees what is read beyond it
	bool is_read;

	if (exact == NULL)
		return 0;
	memcpy(exact, data, size);
	is_read = halfopen_read(exact, size, &answer);
	FUZZ_ASSERT(!is_read || answer.kind == HALFOPEN_ACCEPTED ||
		    answer.kind == HALFOPEN_REFUSED || answer.kind == HALFOPEN_ERROR);
	FUZZ_ASSERT(!is_read || (answer.connection.own.family == answer.connection.vip.family &&
					answer.connection.vip.family != ADDR_NONE));
	FUZZ_ASSERT(!is_read || answer.kind != HALFOPEN_ERROR || answer.from.family != ADDR_NONE);
	FUZZ_ASSERT(is_read == halfopen_read(exact, size, &again));
	FUZZ_ASSERT(!is_read || memcmp(&answer, &again, sizeof(answer)) == 0);
	free(exact);
	return 0;
}
