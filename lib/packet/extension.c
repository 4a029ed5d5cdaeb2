// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <packet/parse_private.h>

// RFC 8200 4.1, RFC 4302: the headers that have a length of their own and another header behind.
static bool is_skippable(uint8_t next)
{
	switch (next) {
	case 0: // hop-by-hop options
	case IP_ROUTING:
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

// RFC 8200 4.5. False for a fragment of a fragment: nobody makes one.
static bool take_fragment(const struct ipv6_fragment_header *fragment, struct ipv6_walk *out)
{
	uint16_t where = be16(fragment->fragment_be);

	if (out->fragmented)
		return false;
	out->offset = where & IPV6_FRAGMENT_OFFSET_MASK;
	out->more = (where & IPV6_FRAGMENT_MORE) != 0;
	out->later = out->offset != 0;
	out->fragmented = out->later || out->more; // RFC 6946: neither is a whole packet
	out->fragment_id = fragment->id_be;
	return true;
}

static size_t extension_size(const uint8_t *extension, uint8_t type)
{
	if (type == IP_FRAGMENT)
		return sizeof(struct ipv6_fragment_header);
	if (type == 51) // RFC 4302 2.2: in words of 4 bytes, less two
		return ((size_t)extension[1] + 2) * 4;
	return ((size_t)extension[1] + 1) * 8;
}

int ipv6_walk_extensions(const uint8_t *frame, size_t at, size_t end, uint8_t next,
	struct ipv6_walk *out, enum drop_reason *reason)
{
	*out = (struct ipv6_walk){0};
	// What follows a later fragment's header is payload, whatever 'next' says.
	for (int seen = 0; !out->later && (next == IP_FRAGMENT || is_skippable(next)); seen++) {
		size_t size;

		if (seen == PACKET_EXTENSIONS_MAX)
			return fail(reason, DROP_IPV6_EXTENSIONS);
		if (end - at < 8)
			return fail(reason, DROP_IPV6_EXTENSION);
		size = extension_size(frame + at, next);
		if (end - at < size)
			return fail(reason, DROP_IPV6_EXTENSION);
		if (next == IP_FRAGMENT) {
			if (!take_fragment((const void *)(frame + at), out))
				return fail(reason, DROP_IPV6_EXTENSION);
			out->fragment_at = at + size;
		}
		if (next == IP_ROUTING) // RFC 8200 4.4, whatever its type
			out->routed |= frame[at + 3] != 0;
		next = frame[at];
		at += size;
	}
	out->at = at;
	out->next = next;
	return 0;
}
