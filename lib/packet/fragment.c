// SPDX-License-Identifier: BSD-3-Clause
#include <packet/fragment.h>
#include <packet/headers.h>
#include <packet/parse_private.h>

static uint32_t transport_size(const struct packet *packet)
{
	switch (packet->kind) {
	case PACKET_TCP:
		return sizeof(struct tcp_header);
	case PACKET_UDP:
		return sizeof(struct udp_header);
	case PACKET_ICMP_ECHO:
		return sizeof(struct icmp_header);
	}
	return 0;
}

static void place_ipv4(
	const uint8_t *frame, const struct packet *packet, struct fragment_place *out)
{
	const struct ipv4_header *ip = (const void *)(frame + packet->l3_offset);

	out->before = (uint32_t)(ip->version_ihl & 0xf) * 4;
	out->offset = (uint32_t)(be16(ip->fragment_be) & IPV4_OFFSET_MASK) * 8;
	out->end = out->offset + packet->l3_size - out->before;
	out->transport_end = transport_size(packet);
}

static void place_ipv6(
	const uint8_t *frame, const struct packet *packet, struct fragment_place *out)
{
	const struct ipv6_header *ip = (const void *)(frame + packet->l3_offset);
	size_t at = packet->l3_offset + sizeof(*ip),
	       end = packet->l3_offset + (size_t)packet->l3_size;
	enum drop_reason unused;
	struct ipv6_walk walk;

	ipv6_walk_extensions(frame, at, end, ip->next, &walk, &unused);
	out->before = (uint32_t)(walk.fragment_at - sizeof(struct ipv6_fragment_header) - at);
	out->offset = walk.offset;
	out->end = walk.offset + (uint32_t)(end - walk.fragment_at);
	out->transport_end =
		(uint32_t)(packet->l4_offset - walk.fragment_at) + transport_size(packet);
}

void fragment_place(const uint8_t *frame, const struct packet *packet, struct fragment_place *out)
{
	if (packet->family == ADDR_IPV4)
		place_ipv4(frame, packet, out);
	else
		place_ipv6(frame, packet, out);
}
