// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as an ICMP error about a tunnel: nothing beside them is read, and no path gets narrower
// than it may.
#include <encap/tunnel_error.h>

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tunnel_error error, again;
	uint8_t *exact = malloc(size > 0 ? size : 1); // the sanitizer sees what is read beyond it
	bool is_read;
	uint16_t mtu;

	if (exact == NULL)
		return 0;
	memcpy(exact, data, size);
	is_read = tunnel_error_read(exact, size, &error);
	FUZZ_ASSERT(is_read == tunnel_error_read(exact, size, &again));
	tunnel_error_is_whole(exact, size);
	FUZZ_ASSERT(!is_read || (error.source.family == error.destination.family &&
					error.from.family == error.source.family));
	for (uint32_t before = 576; is_read && before <= 9000; before += 400) {
		mtu = tunnel_error_mtu(&error, (uint16_t)before);
		FUZZ_ASSERT(
			mtu == 0 || (error.kind == TUNNEL_TOO_BIG && mtu < before && mtu >= 596));
		FUZZ_ASSERT(mtu == 0 || error.destination.family != ADDR_IPV6 || mtu >= 1280);
	}
	free(exact);
	return 0;
}
