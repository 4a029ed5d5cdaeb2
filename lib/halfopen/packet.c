// SPDX-License-Identifier: BSD-3-Clause
#include <frames/ip.h>
#include <halfopen/packet.h>

#include <string.h>

#define PROBE_TTL      1
#define PROBE_WINDOW   65535
#define PROBE_MSS_IPV4 1460
#define PROBE_MSS_IPV6 1440

#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_MSS 2

// RFC 9293 3.7.1: what a SYN without the option stands for.
#define DEFAULT_MSS_IPV4 536
#define DEFAULT_MSS_IPV6 1220

struct syn {
	struct tcp_header tcp;
	uint8_t option[4];
} __attribute__((packed));

// Puts the segment, whose checksum is still zero, behind its IP header.
static uint16_t halfopen_finish(const struct halfopen_connection *connection,
	struct tcp_header *tcp, size_t size, uint8_t *out)
{
	const struct ip_fields fields = {
		.source = connection->own,
		.destination = connection->vip,
		.protocol = IP_TCP,
		.ttl = PROBE_TTL,
		.fragment = IPV4_DF,
	};
	size_t ip = ip_write_header(out, &fields, size);

	tcp->source_be = be16(connection->own_port);
	tcp->destination_be = be16(connection->vip_port);
	tcp->offset = (uint8_t)(size / 4 << 4);
	tcp->checksum = (uint16_t)~checksum_sum(tcp, size,
		checksum_pseudo_header(&connection->own, &connection->vip, IP_TCP, (uint32_t)size));
	memcpy(out + ip, tcp, size);
	return (uint16_t)(ip + size);
}

uint16_t halfopen_write_syn(const struct halfopen_connection *connection, uint8_t *out)
{
	uint16_t mss = connection->vip.family == ADDR_IPV4 ? PROBE_MSS_IPV4 : PROBE_MSS_IPV6;
	struct syn syn = {
		.tcp = {.sequence_be = be32(connection->sequence),
			.flags = TCP_SYN,
			.window_be = be16(PROBE_WINDOW)},
		.option = {OPTION_MSS, 4, (uint8_t)(mss >> 8), (uint8_t)mss},
	};

	return halfopen_finish(connection, &syn.tcp, sizeof(syn), out);
}

uint16_t halfopen_write_reset(const struct halfopen_connection *connection, uint8_t *out)
{
	struct tcp_header reset = {.sequence_be = be32(connection->sequence + 1), .flags = TCP_RST};

	return halfopen_finish(connection, &reset, sizeof(reset), out);
}

// --- What comes back ---

struct ip {
	uint8_t family;
	uint8_t protocol;
	struct addr source;
	struct addr destination;
	const uint8_t *payload;
	size_t size; // of the payload that is there
};

static bool halfopen_read_ipv4(const uint8_t *bytes, size_t size, struct ip *out)
{
	struct ipv4_header header;
	size_t length;

	if (size < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	length = (header.version_ihl & 0xf) * 4u;
	if (length < sizeof(header) || length > size ||
		(be16(header.fragment_be) & (IPV4_OFFSET_MASK | IPV4_MF)) != 0)
		return false;
	*out = (struct ip){ADDR_IPV4, header.protocol, addr_from_ipv4_be(header.source_be),
		addr_from_ipv4_be(header.destination_be), bytes + length, size - length};
	return true;
}

static bool halfopen_read_ipv6(const uint8_t *bytes, size_t size, struct ip *out)
{
	struct ipv6_header header;

	if (size < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	*out = (struct ip){ADDR_IPV6, header.next, addr_from_ipv6(header.source),
		addr_from_ipv6(header.destination), bytes + sizeof(header), size - sizeof(header)};
	return true;
}

static bool halfopen_read_ip(const uint8_t *bytes, size_t size, struct ip *out)
{
	if (size == 0)
		return false;
	switch (bytes[0] >> 4) {
	case 4:
		return halfopen_read_ipv4(bytes, size, out);
	case 6:
		return halfopen_read_ipv6(bytes, size, out);
	default:
		return false;
	}
}

// RFC 9293 3.1: kind, length with both, value; two kinds are a byte alone.
static uint16_t halfopen_read_mss(const uint8_t *options, size_t size, uint16_t fallback)
{
	for (size_t at = 0; at + 1 < size && options[at] != OPTION_END;) {
		uint8_t length = options[at] == OPTION_NOP ? 1 : options[at + 1];

		if (length == 0 || (length == 1 && options[at] != OPTION_NOP) || length > size - at)
			break;
		if (options[at] == OPTION_MSS && length == 4)
			return (uint16_t)(options[at + 2] << 8 | options[at + 3]);
		at += length;
	}
	return fallback;
}

static bool halfopen_read_segment(const struct ip *ip, struct halfopen_answer *out)
{
	struct tcp_header tcp;
	size_t length;

	if (ip->size < sizeof(tcp))
		return false;
	memcpy(&tcp, ip->payload, sizeof(tcp));
	length = (tcp.offset >> 4) * 4u;
	if (length < sizeof(tcp) || length > ip->size || (tcp.flags & TCP_ACK) == 0 ||
		(tcp.flags & (TCP_SYN | TCP_RST)) == 0)
		return false;
	out->connection = (struct halfopen_connection){ip->destination, ip->source,
		be16(tcp.destination_be), be16(tcp.source_be), be32(tcp.acknowledgment_be) - 1};
	out->kind = (tcp.flags & TCP_RST) != 0 ? HALFOPEN_REFUSED : HALFOPEN_ACCEPTED;
	out->mss = halfopen_read_mss(ip->payload + sizeof(tcp), length - sizeof(tcp),
		ip->family == ADDR_IPV4 ? DEFAULT_MSS_IPV4 : DEFAULT_MSS_IPV6);
	return true;
}

// The SYN's ports and sequence number are in the 8 bytes that RFC 792 has quoted at least.
static bool halfopen_read_quote(const uint8_t *bytes, size_t size, struct halfopen_answer *out)
{
	struct tcp_header tcp = {0};
	struct ip ip;

	if (!halfopen_read_ip(bytes, size, &ip))
		return false;
	out->in_tunnel = ip.protocol == IP_IPIP || ip.protocol == IP_IPV6;
	if (out->in_tunnel && !halfopen_read_ip(ip.payload, ip.size, &ip))
		return false;
	if (ip.protocol != IP_TCP || ip.size < 8)
		return false;
	memcpy(&tcp, ip.payload, 8);
	out->connection = (struct halfopen_connection){ip.source, ip.destination,
		be16(tcp.source_be), be16(tcp.destination_be), be32(tcp.sequence_be)};
	out->kind = HALFOPEN_ERROR;
	return true;
}

static bool halfopen_read_icmp(const struct ip *ip, struct halfopen_answer *out)
{
	struct icmp_header icmp;

	if (ip->size < sizeof(icmp))
		return false;
	memcpy(&icmp, ip->payload, sizeof(icmp));
	out->icmp_type = icmp.type;
	out->icmp_code = icmp.code;
	out->from = ip->source;
	return halfopen_read_quote(ip->payload + sizeof(icmp), ip->size - sizeof(icmp), out);
}

bool halfopen_read(const uint8_t *bytes, size_t size, struct halfopen_answer *out)
{
	struct ip ip;

	memset(out, 0, sizeof(*out));
	if (!halfopen_read_ip(bytes, size, &ip))
		return false;
	if (ip.protocol == IP_TCP)
		return halfopen_read_segment(&ip, out);
	if (ip.protocol == (ip.family == ADDR_IPV4 ? IP_ICMP : IP_ICMPV6))
		return halfopen_read_icmp(&ip, out);
	return false;
}
