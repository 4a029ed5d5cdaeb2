// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <packet/parse_private.h>

#include <string.h>

// RFC 792 and RFC 4443 2.1: which types quote a packet. ICMPv6 has a bit for it: errors of unknown
// types are passed on to whom they are about (2.4 a).
static bool is_error(uint8_t family, uint8_t type)
{
	if (family == ADDR_IPV4)
		return type == 3 || type == 11 || type == 12;
	return type < 128;
}

static bool is_echo(uint8_t family, uint8_t type)
{
	return family == ADDR_IPV4 ? type == 8 : type == 128;
}

// The quote is what the VIP sent: its source is the VIP, its destination the client. Turned round
// it is the flow's own tuple.
static void set_quoted_ports(struct packet *p, const uint8_t *ports)
{
	uint16_t source_be;
	uint16_t destination_be;

	memcpy(&source_be, ports, 2);
	memcpy(&destination_be, ports + 2, 2);
	if (p->family == ADDR_IPV4) {
		p->ipv4.source_port_be = destination_be;
		p->ipv4.destination_port_be = source_be;
	} else {
		p->ipv6.source_port_be = destination_be;
		p->ipv6.destination_port_be = source_be;
	}
}

static enum packet_kind quoted_ipv4(const uint8_t *quote, size_t size, struct packet *p)
{
	const struct ipv4_header *ip = (const void *)quote;
	size_t header;
	bool routed;

	if (size < sizeof(*ip) || ip->version_ihl >> 4 != 4)
		return PACKET_ICMP_BAD_QUOTE;
	header = (size_t)(ip->version_ihl & 0xf) * 4;
	// RFC 792: the header and at least 64 bits of the datagram, which holds both ports
	if (header < sizeof(*ip) || size < header + 8 ||
		(be16(ip->fragment_be) & IPV4_OFFSET_MASK) != 0 ||
		(ip->protocol != IP_TCP && ip->protocol != IP_UDP) ||
		!ipv4_walk_options(quote + sizeof(*ip), header - sizeof(*ip), &routed) ||
		routed) // to a hop: nobody can tell the client
		return PACKET_ICMP_BAD_QUOTE;
	if (ip->source_be != p->ipv4.destination_be) // the error comes to whom the packet came from
		return PACKET_ICMP_FOREIGN;
	p->ipv4.source_be = ip->destination_be;
	p->ipv4.protocol = ip->protocol;
	set_quoted_ports(p, quote + header);
	return PACKET_ICMP_ERROR;
}

static enum packet_kind quoted_ipv6(const uint8_t *quote, size_t size, struct packet *p)
{
	const struct ipv6_header *ip = (const void *)quote;
	enum drop_reason unused;
	struct ipv6_walk walk;

	if (size < sizeof(*ip) || quote[0] >> 4 != 6)
		return PACKET_ICMP_BAD_QUOTE;
	if (ipv6_walk_extensions(quote, sizeof(*ip), size, ip->next, &walk, &unused) != 0 ||
		walk.later || walk.routed || size - walk.at < 8 ||
		(walk.next != IP_TCP && walk.next != IP_UDP))
		return PACKET_ICMP_BAD_QUOTE;
	if (memcmp(ip->source, p->ipv6.destination, 16) != 0)
		return PACKET_ICMP_FOREIGN;
	memcpy(p->ipv6.source, ip->destination, 16);
	p->ipv6.protocol = walk.next;
	set_quoted_ports(p, quote + walk.at);
	return PACKET_ICMP_ERROR;
}

int parse_icmp(
	const uint8_t *frame, size_t at, size_t end, struct packet *p, enum drop_reason *reason)
{
	const struct icmp_header *icmp = (const void *)(frame + at);

	p->kind = PACKET_OTHER;
	if (end - at < sizeof(*icmp)) {
		*reason = DROP_ICMP_SHORT;
		return p->fragmented ? 0 : -1;
	}
	if (is_echo(p->family, icmp->type) && icmp->code == 0)
		p->kind = PACKET_ICMP_ECHO;
	// A part of a quote is not to be trusted.
	if (p->fragmented || !is_error(p->family, icmp->type))
		return 0;
	at += sizeof(*icmp);
	p->kind = p->family == ADDR_IPV4 ? quoted_ipv4(frame + at, end - at, p)
					 : quoted_ipv6(frame + at, end - at, p);
	return 0;
}
