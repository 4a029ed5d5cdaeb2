// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <packet/parse_private.h>

// RFC 8200 4.1, RFC 4302: the headers that have a length of their own and another header behind.
static bool is_skippable(uint8_t next)
{
	switch (next) {
	case 0: // hop-by-hop options
	case 43: // routing
	case 60: // destination options
	case 135: // mobility (RFC 6275)
	case 139: // HIP (RFC 7401)
	case 140: // shim6 (RFC 5533)
	case 51: // authentication header
		return true;
	}
	return false;
}

static int fail(enum drop_reason *reason, enum drop_reason why)
{
	*reason = why;
	return -1;
}

int ipv6_walk_extensions(const uint8_t *frame, size_t at, size_t end, uint8_t next,
	struct ipv6_walk *out, enum drop_reason *reason)
{
	*out = (struct ipv6_walk){0};
	for (int seen = 0; next == IP_FRAGMENT || is_skippable(next); seen++) {
		size_t size;

		if (seen == PACKET_EXTENSIONS_MAX)
			return fail(reason, DROP_IPV6_EXTENSIONS);
		if (end - at < 8)
			return fail(reason, DROP_IPV6_EXTENSION);
		if (next == IP_FRAGMENT) {
			const struct ipv6_fragment_header *fragment = (const void *)(frame + at);
			uint16_t where = be16(fragment->fragment_be);

			if (out->fragmented) // a fragment of a fragment: RFC 8200 4.5 makes none
				return fail(reason, DROP_IPV6_EXTENSION);
			// RFC 6946: offset 0 and no more to come is a whole packet
			out->fragmented =
				(where & (IPV6_FRAGMENT_OFFSET_MASK | IPV6_FRAGMENT_MORE)) != 0;
			out->later = (where & IPV6_FRAGMENT_OFFSET_MASK) != 0;
			out->fragment_id = fragment->id_be;
			size = sizeof(*fragment);
		} else {
			// RFC 4302 2.2: the authentication header counts in words of 4 bytes, less two
			size = next == 51 ? ((size_t)frame[at + 1] + 2) * 4
					  : ((size_t)frame[at + 1] + 1) * 8;
		}
		if (end - at < size)
			return fail(reason, DROP_IPV6_EXTENSION);
		next = frame[at];
		at += size;
		if (out->later)
			break; // what follows is payload, whatever 'next' says
	}
	out->at = at;
	out->next = next;
	return 0;
}
