// SPDX-License-Identifier: BSD-3-Clause
#include <packet/checksum.h>
#include <packet/headers.h>
#include <packet/parse.h>
#include <packet/parse_common.h>
#include <packet/parse_private.h>

#include <string.h>

// A frame that is being read: 'end' shrinks to the end of the IP packet once its length is known.
struct cursor {
	const uint8_t *frame;
	size_t at;
	size_t end;
};

static bool has(const struct cursor *c, size_t size)
{
	return c->end - c->at >= size;
}

static const void *here(const struct cursor *c)
{
	return c->frame + c->at;
}

static int fail(enum drop_reason *reason, enum drop_reason why)
{
	*reason = why;
	return -1;
}

static void set_ports(struct packet *p, uint16_t source_be, uint16_t destination_be)
{
	if (p->family == ADDR_IPV4) {
		p->ipv4.source_port_be = source_be;
		p->ipv4.destination_port_be = destination_be;
	} else {
		p->ipv6.source_port_be = source_be;
		p->ipv6.destination_port_be = destination_be;
	}
}

static void set_protocol(struct packet *p, uint8_t protocol)
{
	p->payload_protocol = protocol;
	if (p->family == ADDR_IPV4)
		p->ipv4.protocol = protocol;
	else
		p->ipv6.protocol = protocol;
}

static int parse_tcp(const struct cursor *c, struct packet *p, enum drop_reason *reason)
{
	const struct tcp_header *tcp = here(c);
	size_t size;

	// A first fragment may end inside the options, but not inside the header itself: RFC 791
	// 3.2 lets every module forward 68 bytes whole, and RFC 3128 tells what tiny fragments are
	// for.
	if (!has(c, sizeof(*tcp)))
		return fail(reason, p->fragmented ? DROP_FRAGMENT_SHORT : DROP_TCP_SHORT);
	size = (size_t)(tcp->offset >> 4) * 4;
	if (size < sizeof(*tcp) || (!p->fragmented && !has(c, size)))
		return fail(reason, DROP_TCP_HEADER);
	p->kind = PACKET_TCP;
	p->tcp_flags = tcp->flags;
	set_ports(p, tcp->source_be, tcp->destination_be);
	return 0;
}

static int parse_udp(const struct cursor *c, struct packet *p, enum drop_reason *reason)
{
	const struct udp_header *udp = here(c);
	size_t size;

	if (!has(c, sizeof(*udp)))
		return fail(reason, p->fragmented ? DROP_FRAGMENT_SHORT : DROP_UDP_SHORT);
	size = be16(udp->length_be);
	// RFC 768: length includes the header; a jumbogram's zero (RFC 2675) fits no packet of
	// ours.
	if (size < sizeof(*udp) || (!p->fragmented && !has(c, size)))
		return fail(reason, DROP_UDP_LENGTH);
	p->kind = PACKET_UDP;
	set_ports(p, udp->source_be, udp->destination_be);
	return 0;
}

static int parse_transport(
	const struct cursor *c, struct packet *p, uint8_t protocol, enum drop_reason *reason)
{
	p->l4_offset = (uint16_t)c->at;
	set_protocol(p, protocol);
	switch (protocol) {
	case IP_TCP:
		return parse_tcp(c, p, reason);
	case IP_UDP:
		return parse_udp(c, p, reason);
	case IP_ICMP:
	case IP_ICMPV6:
		// Each only over its own family.
		if ((protocol == IP_ICMP) == (p->family == ADDR_IPV4))
			return parse_icmp(c->frame, c->at, c->end, p, reason);
		break;
	}
	p->kind = PACKET_OTHER;
	return 0;
}

// A fragment of either family: 'offset' in bytes, 'rest' the bytes behind it in this packet,
// 'before' what its headers add to the datagram's length.
static int check_fragment(
	size_t before, size_t offset, size_t rest, bool more, enum drop_reason *reason)
{
	// RFC 8200 4.5 says it in words; RFC 791 2.3 and 3.1 by the width of the fields.
	if (before + offset + rest > UINT16_MAX || (more && rest % 8 != 0))
		return fail(reason, DROP_FRAGMENT_LENGTH);
	return 0;
}

// A packet to a hop: what is behind the route is for somebody else.
static int source_routed(const struct cursor *c, struct packet *p, uint8_t protocol)
{
	p->l4_offset = (uint16_t)c->at;
	p->kind = PACKET_SOURCE_ROUTED;
	set_protocol(p, protocol);
	return 0;
}

static void later_fragment(const struct cursor *c, struct packet *p, uint8_t protocol)
{
	p->l4_offset = (uint16_t)c->at;
	p->kind = PACKET_LATER_FRAGMENT;
	set_protocol(p, protocol);
}

static int parse_ipv4_fragment(const struct cursor *c, struct packet *p,
	const struct ipv4_header *ip, enum drop_reason *reason)
{
	uint16_t fragment = be16(ip->fragment_be);
	size_t offset = (size_t)(fragment & IPV4_OFFSET_MASK) * 8;

	p->fragmented = 1;
	p->fragment_id = ip->id_be;
	if (check_fragment((size_t)(ip->version_ihl & 0xf) * 4, offset, c->end - c->at,
		    (fragment & IPV4_MF) != 0, reason) != 0)
		return -1;
	// RFC 3128: would rewrite ports or flags of the first fragment, which has the whole header
	if (offset != 0 && offset < sizeof(struct tcp_header) && ip->protocol == IP_TCP)
		return fail(reason, DROP_FRAGMENT_OVERLAP);
	if (offset == 0)
		return parse_transport(c, p, ip->protocol, reason);
	later_fragment(c, p, ip->protocol);
	return 0;
}

static bool ipv4_checksum_is_good(const struct ipv4_header *ip, size_t size)
{
	if (size == sizeof(*ip))
		return checksum_ipv4_is_good(ip);
	return checksum_sum(ip, size, 0) == 0xffff;
}

static int parse_ipv4(
	struct cursor *c, bool checksum_known_good, struct packet *p, enum drop_reason *reason)
{
	const struct ipv4_header *ip = here(c);
	size_t header;
	size_t total;
	bool routed;

	if (!has(c, sizeof(*ip)))
		return fail(reason, DROP_IPV4_SHORT);
	if (ip->version_ihl >> 4 != 4)
		return fail(reason, DROP_IPV4_VERSION);
	header = (size_t)(ip->version_ihl & 0xf) * 4;
	total = be16(ip->length_be);
	if (header < sizeof(*ip)) // RFC 791 3.1: IHL is at least 5
		return fail(reason, DROP_IPV4_HEADER);
	if (!has(c, header))
		return fail(reason, DROP_IPV4_SHORT);
	if (total < header || !has(c, total))
		return fail(reason, DROP_IPV4_LENGTH);
	if (!checksum_known_good && !ipv4_checksum_is_good(ip, header))
		return fail(reason, DROP_IPV4_CHECKSUM);
	p->family = ADDR_IPV4;
	p->l3_size = (uint16_t)total;
	p->ipv4.source_be = ip->source_be;
	p->ipv4.destination_be = ip->destination_be;
	if (!ipv4_walk_options((const uint8_t *)(ip + 1), header - sizeof(*ip), &routed))
		return fail(reason, DROP_IPV4_OPTIONS);
	c->end = c->at + total;
	c->at += header;
	if (routed)
		return source_routed(c, p, ip->protocol);
	if ((ip->fragment_be & be16(IPV4_MF | IPV4_OFFSET_MASK)) != 0)
		return parse_ipv4_fragment(c, p, ip, reason);
	return parse_transport(c, p, ip->protocol, reason);
}

static int parse_ipv6(struct cursor *c, struct packet *p, enum drop_reason *reason)
{
	const struct ipv6_header *ip = here(c);
	struct ipv6_walk walk;
	size_t total, start;

	if (!has(c, sizeof(*ip)))
		return fail(reason, DROP_IPV6_SHORT);
	if (*(const uint8_t *)here(c) >> 4 != 6)
		return fail(reason, DROP_IPV6_VERSION);
	total = sizeof(*ip) + be16(ip->length_be);
	if (!has(c, total) ||
		total > UINT16_MAX) // the longest cannot be wrapped into another IP packet
		return fail(reason, DROP_IPV6_LENGTH);
	p->family = ADDR_IPV6;
	p->l3_size = (uint16_t)total;
	memcpy(p->ipv6.source, ip->source, 16);
	memcpy(p->ipv6.destination, ip->destination, 16);
	c->end = c->at + total;
	c->at += sizeof(*ip);
	start = c->at;
	if (ipv6_walk_extensions(c->frame, c->at, c->end, ip->next, &walk, reason) != 0)
		return -1;
	c->at = walk.at;
	p->fragmented = walk.fragmented;
	p->fragment_id = walk.fragment_id;
	// The headers before the fragment's own count, IPv6's does not: RFC 8200 4.5. What a later
	// fragment calls its next header says nothing; fragment_place() is for who knows the first
	// one.
	if (walk.fragmented &&
		check_fragment(walk.fragment_at - sizeof(struct ipv6_fragment_header) - start,
			walk.offset, c->end - walk.fragment_at, walk.more, reason) != 0)
		return -1;
	if (walk.routed)
		return source_routed(c, p, walk.next);
	if (walk.later) {
		later_fragment(c, p, walk.next);
		return 0;
	}
	return parse_transport(c, p, walk.next, reason);
}

int parse_slowly(const uint8_t *frame, size_t size, bool checksum_known_good, struct packet *out,
	enum drop_reason *reason)
{
	struct cursor c = {.frame = frame, .at = sizeof(struct eth_header), .end = size};
	uint16_t type;

	memset(out, 0, sizeof(*out));
	if (size < sizeof(struct eth_header))
		return fail(reason, DROP_ETH_SHORT);
	type = be16(((const struct eth_header *)frame)->type_be);
	for (int tags = 0; type == ETH_TYPE_VLAN || type == ETH_TYPE_QINQ; tags++) {
		const struct vlan_header *vlan = here(&c);

		if (!has(&c, sizeof(*vlan)))
			return fail(reason, DROP_VLAN_SHORT);
		if (tags == 0)
			out->vlan_tci = be16(vlan->tci_be);
		if (tags == 2)
			return 0; // more tags than any service has: the kernel's to judge
		type = be16(vlan->type_be);
		c.at += sizeof(*vlan);
	}
	out->l3_offset = (uint8_t)c.at;
	if (type == ETH_TYPE_IPV4)
		return parse_ipv4(&c, checksum_known_good, out, reason);
	if (type == ETH_TYPE_IPV6)
		return parse_ipv6(&c, out, reason);
	return 0;
}

int packet_parse(const uint8_t *frame, size_t size, bool checksum_known_good, struct packet *out,
	enum drop_reason *reason)
{
	if (parse_common(frame, size, checksum_known_good, out))
		return 0;
	return parse_slowly(frame, size, checksum_known_good, out, reason);
}
