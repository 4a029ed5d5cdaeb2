// SPDX-License-Identifier: BSD-3-Clause
#include <judge/classify.h>
#include <packet/headers.h>

// A source that no host can have, or none beyond its link: an answer would go nowhere, or to
// everybody. RFC 1122 3.2.1.3 and RFC 3927 2.7, RFC 4291 2.5.2, 2.5.3, 2.5.5, 2.5.6 and 2.7.
static bool source_is_invalid(const struct addr *source)
{
	const uint8_t *b = source->bytes;

	if (addr_is_unusable(source))
		return true;
	return source->family == ADDR_IPV4 ? b[0] == 169 && b[1] == 254
					   : b[0] == 0xfe && (b[1] & 0xc0) == 0x80;
}

enum drop_reason classify_source(const struct snapshot *snapshot, const struct packet *packet)
{
	struct addr source;

	if (classify_source_is_plain(snapshot, packet))
		return CLASSIFY_KEEP;
	source = packet_source(packet);
	if (source_is_invalid(&source))
		return DROP_SOURCE_INVALID;
	return snapshot_own_has(&snapshot->own, &source) ? DROP_SOURCE_OWN : CLASSIFY_KEEP;
}

bool classify_ends_traceroute(
	const struct snapshot *snapshot, const struct packet *packet, uint8_t left)
{
	bool begins = packet->kind == PACKET_TCP &&
		      (packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	return left == 1 && (packet->kind == PACKET_UDP || begins) &&
	       classify_source(snapshot, packet) == CLASSIFY_KEEP;
}
