// SPDX-License-Identifier: BSD-3-Clause
#ifndef ENCAP_ENCAP_H
#define ENCAP_ENCAP_H

#include <base/addr.h>
#include <packet/checksum.h>
#include <packet/headers.h>
#include <stdint.h>
#include <string.h>

// The outer headers. One ready-made 'struct encap' a backend, built by the job thread; a worker
// copies it as a whole in front of the inner packet and patches what the packet decides: length,
// DSCP and ECN, protocol, checksum. IPIP in all four combinations (RFC 2003, RFC 2473, RFC 4213),
// and L2 DSR, which is the Ethernet header alone. Plain bytes: any thread.
//
// Set on purpose: DSCP and ECN are the inner packet's (RFC 6040, normal mode); DF is set, so the
// identification may be 0 (RFC 6864) and nobody on the way fragments a tunnel packet (but for
// encap_least()); TTL is 64.

#define ENCAP_SIZE_MAX  58 // Ethernet, a tag, and an IPv6 header
#define ENCAP_IPV6_AT   (ENCAP_SIZE_MAX - 40) // where an outer IP header begins in struct encap
#define ENCAP_IPV4_AT   (ENCAP_SIZE_MAX - 20)
#define ENCAP_TTL       64
#define ENCAP_VLAN_NONE 0xffff

// What encap_ipip() may write in front of the inner packet: the whole struct, whatever its headers
// take of it.
#define ENCAP_ROOM 60

struct encap {
	uint8_t eth_size; // 14, or 18 with a tag
	uint8_t size; // of all
	// Ethernet, then the outer IP header, at the end of the field: so that one copy of the
	// whole struct puts them right in front of the inner packet. In IPv4's checksum field
	// stands the sum of the rest, not inverted.
	uint8_t bytes[ENCAP_SIZE_MAX];
};
_Static_assert(sizeof(struct encap) == ENCAP_ROOM, "leaves 4 bytes of a backend's cache line");

// 'outer_source' and 'outer_destination' are of one family. 'vlan_tci' is ENCAP_VLAN_NONE for no
// tag.
void encap_init(struct encap *encap, const struct mac *source, const struct mac *destination,
	uint16_t vlan_tci, const struct addr *outer_source, const struct addr *outer_destination);

// Bytes that the outer IP header adds.
static inline uint32_t encap_overhead(const struct encap *encap)
{
	return encap->size - encap->eth_size;
}

// What every link takes of an inner packet (RFC 8200 5, RFC 791 3.2): nobody is told of less, so a
// tunnel whose path takes less is sent in pieces (RFC 2473 7.1 b, RFC 4213 3.2.2).
#define ENCAP_LEAST_IPV4 68u
#define ENCAP_LEAST_IPV6 1280u

static inline uint32_t encap_least(uint8_t family)
{
	return family == ADDR_IPV4 ? ENCAP_LEAST_IPV4 : ENCAP_LEAST_IPV6;
}

// The largest inner packet that a path of 'mtu' takes, or that is sent over it in pieces.
static inline uint32_t encap_inner_mtu(const struct encap *encap, uint8_t family, uint32_t mtu)
{
	uint32_t room = mtu > encap_overhead(encap) ? mtu - encap_overhead(encap) : 0;

	return room > encap_least(family) ? room : encap_least(family);
}

static inline uint8_t encap_inner_tos(const uint8_t *inner, uint8_t family)
{
	if (family == ADDR_IPV4)
		return inner[1];
	return (uint8_t)(inner[0] << 4 | inner[1] >> 4);
}

// The first of the headers' bytes, where the frame begins.
static inline const uint8_t *encap_headers(const struct encap *encap)
{
	return encap->bytes + ENCAP_SIZE_MAX - encap->size;
}

// The words that hold tos and protocol, as a little-endian machine reads the wire: they are upper
// bytes there.
static inline void encap_patch_ipv4(struct ipv4_header *outer, const struct encap *encap,
	uint8_t tos, uint8_t protocol, uint16_t inner_size, uint32_t flow_source_be)
{
	const struct ipv4_header *made = (const void *)(encap->bytes + ENCAP_IPV4_AT);
	uint16_t length_be = be16((uint16_t)(inner_size + sizeof(*outer)));
	uint32_t sum = made->checksum + length_be + (uint32_t)(tos + protocol) * 256u;

	outer->tos = tos;
	outer->length_be = length_be;
	outer->protocol = protocol;
	if (__builtin_expect(flow_source_be != 0, 0)) {
		outer->source_be = made->source_be | flow_source_be;
		sum += (flow_source_be & 0xffff) + (flow_source_be >> 16);
	}
	outer->checksum = (uint16_t)~checksum_fold_small(sum);
}

static inline void encap_patch_ipv6(struct ipv6_header *outer, const struct encap *encap,
	uint8_t tos, uint8_t protocol, uint16_t inner_size, uint32_t flow_source_be)
{
	outer->version_class_label_be = be32(6u << 28 | (uint32_t)tos << 20);
	outer->length_be = be16(inner_size);
	outer->next = protocol;
	if (__builtin_expect(flow_source_be != 0, 0)) {
		const struct ipv6_header *made = (const void *)(encap->bytes + ENCAP_IPV6_AT);

		for (int i = 0; i < 4; i++)
			outer->source[12 + i] =
				(uint8_t)(made->source[12 + i] | flow_source_be >> 8 * i);
	}
}

// Writes the outer headers right in front of 'inner', the IP header of a packet of 'inner_size'
// bytes, where there must be ENCAP_ROOM bytes. 'flow_source_be' is added to the source's last 32
// bits, which are zero there where a pool draws its sources. Returns the frame's new first byte.
//
// What is patched is read from 'encap': a load from bytes that were stored in other widths a moment
// ago waits for those stores to leave the core.
static inline uint8_t *encap_ipip(const struct encap *encap, uint8_t *inner, uint8_t family,
	uint16_t inner_size, uint32_t flow_source_be)
{
	uint8_t tos = encap_inner_tos(inner, family);
	uint8_t protocol = family == ADDR_IPV4 ? IP_IPIP : IP_IPV6;

	memcpy(inner - ENCAP_ROOM, encap, ENCAP_ROOM);
	if (encap_overhead(encap) == sizeof(struct ipv4_header))
		encap_patch_ipv4((void *)(inner - sizeof(struct ipv4_header)), encap, tos, protocol,
			inner_size, flow_source_be);
	else
		encap_patch_ipv6((void *)(inner - sizeof(struct ipv6_header)), encap, tos, protocol,
			inner_size, flow_source_be);
	return inner - encap->size;
}

// L2 DSR: the Ethernet header in front of 'inner', whose type is the packet's own; 18 bytes of
// room, of which only a tagged one takes all. Returns the frame's new first byte.
static inline uint8_t *encap_dsr(const struct encap *encap, uint8_t *inner, uint8_t family)
{
	const size_t most = sizeof(struct eth_header) + sizeof(struct vlan_header);
	uint16_t type_be = be16(family == ADDR_IPV4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);

	memcpy(inner - most, encap_headers(encap) + encap->eth_size - most, most);
	memcpy(inner - sizeof(type_be), &type_be, sizeof(type_be));
	return inner - encap->eth_size;
}

#endif
