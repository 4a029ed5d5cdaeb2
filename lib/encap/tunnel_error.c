// SPDX-License-Identifier: BSD-3-Clause
#include <encap/tunnel_error.h>

#include <encap/encap.h>
#include <packet/checksum.h>
#include <packet/headers.h>

#define ICMP_UNREACHABLE     3
#define ICMP_FRAGMENTATION   4 // a code of it
#define ICMP_TIME_EXCEEDED   11
#define ICMPV6_UNREACHABLE   1
#define ICMPV6_TOO_BIG       2
#define ICMPV6_TIME_EXCEEDED 3
#define ICMPV6_PARAMETER     4
#define MTU_MIN_IPV4         68 // RFC 791 3.2: no link takes less
#define LEAST_IPV4           (576 + sizeof(struct ipv4_header)) // what every host takes, in its tunnel
#define LEAST_IPV6           1280
#define ICMP_SIZE            8

struct outer {
	const uint8_t *icmp;
	size_t size; // of it, as far as it is there
	bool is_ipv6;
};

static bool read_carrier(
	const uint8_t *bytes, size_t size, struct outer *icmp, struct tunnel_error *out)
{
	struct ipv4_header ipv4;
	struct ipv6_header ipv6;
	size_t length;

	if (size >= sizeof(ipv6) && bytes[0] >> 4 == 6) {
		memcpy(&ipv6, bytes, sizeof(ipv6));
		out->from = addr_from_ipv6(ipv6.source);
		*icmp = (struct outer){bytes + sizeof(ipv6), size - sizeof(ipv6), true};
		return ipv6.next == IP_ICMPV6;
	}
	if (size < sizeof(ipv4) || bytes[0] >> 4 != 4)
		return false;
	memcpy(&ipv4, bytes, sizeof(ipv4));
	length = (ipv4.version_ihl & 0xf) * 4u;
	if (length < sizeof(ipv4) || length > size || ipv4.protocol != IP_ICMP ||
		(be16(ipv4.fragment_be) & (IPV4_OFFSET_MASK | IPV4_MF)) != 0)
		return false;
	out->from = addr_from_ipv4_be(ipv4.source_be);
	*icmp = (struct outer){bytes + length, size - length, false};
	return true;
}

static bool read_kind(const struct outer *icmp, struct tunnel_error *out)
{
	out->type = icmp->icmp[0];
	out->code = icmp->icmp[1];
	out->kind = TUNNEL_UNREACHABLE;
	if (icmp->is_ipv6 && out->type == ICMPV6_TOO_BIG) {
		uint32_t mtu_be;

		memcpy(&mtu_be, icmp->icmp + 4, sizeof(mtu_be));
		out->kind = TUNNEL_TOO_BIG;
		out->mtu = be32(mtu_be) > UINT16_MAX ? UINT16_MAX : (uint16_t)be32(mtu_be);
		return true;
	}
	if (icmp->is_ipv6)
		return out->type == ICMPV6_UNREACHABLE || out->type == ICMPV6_TIME_EXCEEDED ||
		       out->type == ICMPV6_PARAMETER;
	if (out->type == ICMP_UNREACHABLE && out->code == ICMP_FRAGMENTATION) {
		out->kind = TUNNEL_TOO_BIG;
		out->mtu = (uint16_t)(icmp->icmp[6] << 8 | icmp->icmp[7]);
	}
	return out->type == ICMP_UNREACHABLE || out->type == ICMP_TIME_EXCEEDED;
}

static bool read_protocol(uint8_t protocol, struct tunnel_error *out)
{
	out->inner_family = protocol == IP_IPIP ? ADDR_IPV4 : ADDR_IPV6;
	return protocol == IP_IPIP || protocol == IP_IPV6;
}

static bool read_quote(const uint8_t *bytes, size_t size, bool is_ipv6, struct tunnel_error *out)
{
	struct ipv4_header ipv4;
	struct ipv6_header ipv6;

	if (is_ipv6) {
		if (size < sizeof(ipv6) || bytes[0] >> 4 != 6)
			return false;
		memcpy(&ipv6, bytes, sizeof(ipv6));
		out->source = addr_from_ipv6(ipv6.source);
		out->destination = addr_from_ipv6(ipv6.destination);
		if (ipv6.next == IP_FRAGMENT && size > sizeof(ipv6)) // worker_send_in_pieces()
			ipv6.next = bytes[sizeof(ipv6)];
		return ipv6.hop_limit <= ENCAP_TTL && read_protocol(ipv6.next, out);
	}
	if (size < sizeof(ipv4) || bytes[0] != 0x45)
		return false;
	memcpy(&ipv4, bytes, sizeof(ipv4));
	out->source = addr_from_ipv4_be(ipv4.source_be);
	out->destination = addr_from_ipv4_be(ipv4.destination_be);
	return ipv4.id_be == 0 && be16(ipv4.fragment_be) == IPV4_DF && ipv4.ttl <= ENCAP_TTL &&
	       read_protocol(ipv4.protocol, out);
}

bool tunnel_error_is_whole(const uint8_t *bytes, size_t size)
{
	struct tunnel_error ends;
	struct ipv6_header ipv6;
	struct ipv4_header ipv4;
	struct outer icmp;
	uint32_t start = 0;
	size_t length;

	if (!read_carrier(bytes, size, &icmp, &ends))
		return false;
	if (icmp.is_ipv6) {
		struct addr to;

		memcpy(&ipv6, bytes, sizeof(ipv6));
		to = addr_from_ipv6(ipv6.destination);
		length = be16(ipv6.length_be);
		start = checksum_pseudo_header(&ends.from, &to, IP_ICMPV6, (uint32_t)length);
	} else {
		memcpy(&ipv4, bytes, sizeof(ipv4));
		length = be16(ipv4.length_be) - (size_t)(icmp.icmp - bytes);
	}
	return length >= ICMP_SIZE && length <= icmp.size &&
	       checksum_sum(icmp.icmp, length, start) == 0xffff;
}

bool tunnel_error_read(const uint8_t *bytes, size_t size, struct tunnel_error *out)
{
	struct outer icmp;

	*out = (struct tunnel_error){.kind = TUNNEL_UNREACHABLE};
	return read_carrier(bytes, size, &icmp, out) && icmp.size >= ICMP_SIZE &&
	       read_kind(&icmp, out) &&
	       read_quote(icmp.icmp + ICMP_SIZE, icmp.size - ICMP_SIZE, icmp.is_ipv6, out);
}

uint16_t tunnel_error_mtu(const struct tunnel_error *error, uint16_t before)
{
	bool is_ipv6 = error->destination.family == ADDR_IPV6;
	uint16_t mtu = error->mtu;

	if (error->kind != TUNNEL_TOO_BIG)
		return 0;
	if (is_ipv6 && mtu < LEAST_IPV6)
		return 0; // RFC 8201 4: no link takes less
	if (!is_ipv6 && mtu == 0)
		mtu = LEAST_IPV4; // a router from before RFC 1191 does not say
	if (!is_ipv6 && mtu < MTU_MIN_IPV4)
		return 0;
	if (!is_ipv6 && mtu < LEAST_IPV4)
		mtu = LEAST_IPV4;
	return mtu < before ? mtu : 0;
}
