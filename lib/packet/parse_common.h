// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_PARSE_COMMON_H
#define PACKET_PARSE_COMMON_H

#include <packet/checksum.h>
#include <packet/headers.h>
#include <packet/parse.h>
#include <string.h>

// packet_parse() for the worker's loop, inline: what nearly every packet is (Ethernet without tags,
// IPv4 without options or IPv6 without extension headers, not a fragment, TCP or UDP) by few
// branches. The same rules as the long way; where anything is out of the ordinary, that one finds
// out what.

#define PARSE_L3 sizeof(struct eth_header)

// Whether the TCP or UDP header at 'l4' fits into its 'payload' bytes; 20 may be read there.
static inline bool parse_transport_fits(const uint8_t *l4, uint8_t protocol, size_t payload)
{
	const struct tcp_header *tcp = (const void *)l4;
	const struct udp_header *udp = (const void *)l4;
	bool is_tcp = __builtin_expect(protocol == IP_TCP, 1);
	size_t size = is_tcp ? (size_t)(tcp->offset >> 4) * 4 : be16(udp->length_be);
	size_t least = is_tcp ? sizeof(*tcp) : sizeof(*udp);

	return (is_tcp || protocol == IP_UDP) && size >= least && size <= payload;
}

// All but the tuple.
static inline void parse_set_common(struct packet *out, uint8_t family, const uint8_t *l4,
	size_t l4_offset, size_t l3_size, uint8_t protocol)
{
	bool is_tcp = protocol == IP_TCP;

	out->family = family;
	out->kind = is_tcp ? PACKET_TCP : PACKET_UDP;
	out->tcp_flags = is_tcp ? ((const struct tcp_header *)l4)->flags : 0;
	out->l3_offset = PARSE_L3;
	out->l4_offset = (uint16_t)l4_offset;
	out->l3_size = (uint16_t)l3_size;
	out->fragment_id = 0;
	out->vlan_tci = 0;
	out->fragmented = 0;
	out->payload_protocol = protocol;
}

static inline bool parse_common_ipv4(
	const uint8_t *frame, size_t size, bool checksum_known_good, struct packet *out)
{
	const size_t l4_offset = PARSE_L3 + sizeof(struct ipv4_header);
	const struct ipv4_header *ip = (const void *)(frame + PARSE_L3);
	const uint8_t *l4 = frame + l4_offset;
	size_t total = be16(ip->length_be);

	if (ip->version_ihl != 0x45 || (ip->fragment_be & be16(IPV4_MF | IPV4_OFFSET_MASK)) != 0 ||
		total < sizeof(*ip) || total > size - PARSE_L3 ||
		!parse_transport_fits(l4, ip->protocol, total - sizeof(*ip)) ||
		(!checksum_known_good && !checksum_ipv4_is_good(ip)))
		return false;
	parse_set_common(out, ADDR_IPV4, l4, l4_offset, total, ip->protocol);
	memcpy(&out->ipv4, &ip->source_be, 12); // addresses and ports, as they stand there
	out->ipv4.protocol = ip->protocol;
	memset((uint8_t *)&out->ipv4 + sizeof(out->ipv4), 0,
		sizeof(*out) - offsetof(struct packet, ipv4) - sizeof(out->ipv4));
	return true;
}

static inline bool parse_common_ipv6(const uint8_t *frame, size_t size, struct packet *out)
{
	const size_t l4_offset = PARSE_L3 + sizeof(struct ipv6_header);
	const struct ipv6_header *ip = (const void *)(frame + PARSE_L3);
	const uint8_t *l4 = frame + l4_offset;
	size_t payload = be16(ip->length_be);

	if (size < l4_offset + sizeof(struct tcp_header) || *(const uint8_t *)ip >> 4 != 6 ||
		payload > size - l4_offset || payload > UINT16_MAX - sizeof(*ip) ||
		!parse_transport_fits(l4, ip->next, payload))
		return false;
	parse_set_common(out, ADDR_IPV6, l4, l4_offset, payload + sizeof(*ip), ip->next);
	memcpy(&out->ipv6, ip->source, 36); // addresses and ports, as they stand there
	out->ipv6.protocol = ip->next;
	out->zero = 0;
	return true;
}

static inline bool parse_common(
	const uint8_t *frame, size_t size, bool checksum_known_good, struct packet *out)
{
	uint16_t type_be = ((const struct eth_header *)frame)->type_be;

	if (__builtin_expect(
		    size < PARSE_L3 + sizeof(struct ipv4_header) + sizeof(struct tcp_header), 0))
		return false;
	if (type_be == be16(ETH_TYPE_IPV4))
		return parse_common_ipv4(frame, size, checksum_known_good, out);
	return type_be == be16(ETH_TYPE_IPV6) && parse_common_ipv6(frame, size, out);
}

#endif
