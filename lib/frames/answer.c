// SPDX-License-Identifier: BSD-3-Clause
#include <encap/encap.h>
#include <frames/answer.h>
#include <frames/ip.h>

#define QUOTE_IPV4 576
#define QUOTE_IPV6 1280

#define ICMP_UNREACHABLE     3
#define ICMP_FRAGMENT_NEEDED 4
#define ICMP_NO_PORT         3
#define ICMPV6_UNREACHABLE   1
#define ICMPV6_NO_PORT       4
#define ICMPV6_TOO_BIG       2

// From the address that the packet was sent to, back to its sender.
static size_t answer_write_ip(uint8_t *at, const struct packet *packet, uint8_t protocol,
	size_t payload, uint8_t tos, uint16_t fragment)
{
	const struct ip_fields fields = {
		.source = packet_destination(packet),
		.destination = packet_source(packet),
		.protocol = protocol,
		.tos = tos,
		.ttl = ENCAP_TTL,
		.fragment = fragment,
		// RFC 6864 4.1: nothing but a fragment needs one
		.id_be = (fragment & ~IPV4_DF) != 0 ? (uint16_t)packet->fragment_id : 0,
	};

	return ip_write_header(at, &fields, payload);
}

// The checksum over a payload that the VIP sends to the client; ICMP over IPv4 has no
// pseudo-header.
static uint16_t answer_sum_payload(
	const struct packet *packet, uint8_t protocol, const void *payload, size_t size)
{
	struct addr vip = packet_destination(packet);
	struct addr client = packet_source(packet);
	uint32_t start = protocol == IP_ICMP
				 ? 0
				 : checksum_pseudo_header(&vip, &client, protocol, (uint32_t)size);

	return (uint16_t)~checksum_sum(payload, size, start);
}

bool answer_icmp_is_sound(const uint8_t *l3, const struct packet *packet)
{
	size_t offset = packet->l4_offset - packet->l3_offset;
	struct addr to = packet_destination(packet);
	struct addr from = to;
	uint32_t start = 0;

	// An error's tuple has the quoted packet's addresses, so the sender's is read from the
	// header.
	if (packet->family == ADDR_IPV6) {
		from = addr_from_ipv6(l3 + offsetof(struct ipv6_header, source));
		start = checksum_pseudo_header(
			&from, &to, IP_ICMPV6, (uint32_t)(packet->l3_size - offset));
	}
	return checksum_sum(l3 + offset, packet->l3_size - offset, start) == 0xffff;
}

uint8_t *answer_echo(uint8_t *l3, const struct packet *packet, uint16_t *size)
{
	bool ipv4 = packet->family == ADDR_IPV4;
	size_t offset = packet->l4_offset - packet->l3_offset;
	struct icmp_header *icmp = (struct icmp_header *)(l3 + offset);
	uint16_t payload = (uint16_t)(*size - offset);
	uint8_t tos = encap_inner_tos(l3, packet->family);
	uint8_t *start;

	if (!answer_icmp_is_sound(l3, packet))
		return NULL;
	icmp->type = ipv4 ? 0 : 129;
	icmp->checksum = 0;
	icmp->checksum = answer_sum_payload(packet, ipv4 ? IP_ICMP : IP_ICMPV6, icmp, payload);
	// RFC 1349 5.1: with the request's type of service. Options and extension headers are not
	// sent back.
	start = l3 + offset - ip_header_size(packet->family);
	*size = (uint16_t)(ip_header_size(packet->family) + payload);
	answer_write_ip(start, packet, ipv4 ? IP_ICMP : IP_ICMPV6, payload, tos, IPV4_DF);
	return start;
}

// The change of a checksum by one word, RFC 1624 equation 3. A sum of nothing but zeros is the one
// that has two forms, and all ones is right in both.
static uint16_t answer_change_checksum(uint16_t checksum, uint16_t from, uint16_t to)
{
	uint16_t changed = (uint16_t)~checksum_fold_small(
		(uint32_t)(uint16_t)~checksum + (uint16_t)~from + to);

	return changed == 0 ? 0xffff : changed;
}

static void answer_turn_icmp(struct icmp_header *icmp, bool ipv4)
{
	uint8_t type = ipv4 ? 0 : 129;

	icmp->checksum = answer_change_checksum(icmp->checksum,
		be16((uint16_t)(icmp->type << 8 | icmp->code)),
		be16((uint16_t)(type << 8 | icmp->code)));
	icmp->type = type;
}

uint8_t *answer_echo_fragment(uint8_t *l3, const struct packet *packet, uint16_t *size)
{
	bool ipv4 = packet->family == ADDR_IPV4;
	uint8_t protocol = ipv4 ? IP_ICMP : IP_ICMPV6;
	uint8_t *payload = l3 + (packet->l4_offset - packet->l3_offset);
	uint16_t payload_size = (uint16_t)(l3 + *size - payload);
	uint16_t where = be16(((const struct ipv4_header *)l3)->fragment_be);
	struct ipv6_fragment_header *fragment = (void *)(payload - sizeof(*fragment));
	uint8_t tos = encap_inner_tos(l3, packet->family);
	uint8_t *start;

	if (packet->kind == PACKET_ICMP_ECHO)
		answer_turn_icmp((struct icmp_header *)payload, ipv4);
	if (ipv4) {
		// A router may cut it once more: nobody here hears of a path that is too small for
		// it.
		start = payload - sizeof(struct ipv4_header);
		answer_write_ip(
			start, packet, protocol, payload_size, tos, (uint16_t)(where & ~IPV4_DF));
	} else {
		start = (uint8_t *)fragment - sizeof(struct ipv6_header);
		fragment->next = protocol;
		fragment->reserved = 0;
		answer_write_ip(
			start, packet, IP_FRAGMENT, payload_size + sizeof(*fragment), tos, 0);
	}
	*size = (uint16_t)(payload + payload_size - start);
	return start;
}

// An error in front of what it quotes of the packet.
static uint8_t *answer_write_error(
	uint8_t *l3, const struct packet *packet, struct icmp_header icmp, uint16_t *size)
{
	bool ipv4 = packet->family == ADDR_IPV4;
	size_t most = ipv4 ? QUOTE_IPV4 : QUOTE_IPV6;
	size_t header = ip_header_size(packet->family) + sizeof(struct icmp_header);
	size_t quote = *size < most - header ? *size : most - header;
	uint8_t *start = l3 - header;

	// Without DF: what tells of a small MTU must itself pass a smaller one.
	answer_write_ip(start, packet, ipv4 ? IP_ICMP : IP_ICMPV6, sizeof(icmp) + quote, 0, 0);
	memcpy(l3 - sizeof(icmp), &icmp, sizeof(icmp));
	icmp.checksum = answer_sum_payload(
		packet, ipv4 ? IP_ICMP : IP_ICMPV6, l3 - sizeof(icmp), sizeof(icmp) + quote);
	memcpy(l3 - sizeof(icmp), &icmp, sizeof(icmp));
	*size = (uint16_t)(header + quote);
	return start;
}

uint8_t *answer_too_big(uint8_t *l3, const struct packet *packet, uint16_t mtu, uint16_t *size)
{
	bool ipv4 = packet->family == ADDR_IPV4;
	const struct icmp_header icmp = {
		.type = ipv4 ? ICMP_UNREACHABLE : ICMPV6_TOO_BIG,
		.code = ipv4 ? ICMP_FRAGMENT_NEEDED : 0,
		.rest_be = be32(mtu), // ICMP: the upper half is unused and zero
	};

	return answer_write_error(l3, packet, icmp, size);
}

uint8_t *answer_no_port(uint8_t *l3, const struct packet *packet, uint16_t *size)
{
	bool ipv4 = packet->family == ADDR_IPV4;
	const struct icmp_header icmp = {
		.type = ipv4 ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE,
		.code = ipv4 ? ICMP_NO_PORT : ICMPV6_NO_PORT,
	};

	return answer_write_error(l3, packet, icmp, size);
}

uint8_t *answer_reset(uint8_t *l3, const struct packet *packet, uint16_t *size)
{
	size_t offset = packet->l4_offset - packet->l3_offset;
	struct tcp_header segment;
	struct tcp_header reset;
	uint32_t length;

	memcpy(&segment, l3 + offset, sizeof(segment));
	reset = (struct tcp_header){
		.source_be = segment.destination_be,
		.destination_be = segment.source_be,
		.offset = sizeof(reset) / 4 << 4,
		.flags = TCP_RST,
	};
	if ((segment.flags & TCP_ACK) != 0) {
		reset.sequence_be = segment.acknowledgment_be;
	} else {
		length = (uint32_t)(*size - offset) - (segment.offset >> 4) * 4u +
			 ((segment.flags & TCP_SYN) != 0) + ((segment.flags & TCP_FIN) != 0);
		reset.flags |= TCP_ACK;
		reset.acknowledgment_be = be32(be32(segment.sequence_be) + length);
	}
	reset.checksum = answer_sum_payload(packet, IP_TCP, &reset, sizeof(reset));
	*size = (uint16_t)(answer_write_ip(l3, packet, IP_TCP, sizeof(reset), 0, IPV4_DF) +
			   sizeof(reset));
	memcpy(l3 + ip_header_size(packet->family), &reset, sizeof(reset));
	return l3;
}
