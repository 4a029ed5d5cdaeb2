// SPDX-License-Identifier: BSD-3-Clause
#ifndef ENCAP_ENCAP_H
#define ENCAP_ENCAP_H

#include <base/addr.h>
#include <packet/checksum.h>
#include <packet/headers.h>
#include <stdint.h>
#include <string.h>

// The outer headers. One ready-made 'struct encap' a backend, built by the control lcore; a worker copies
// it in front of the inner packet and patches what the packet decides: length, DSCP and ECN, protocol,
// checksum. IPIP in all four combinations (RFC 2003, RFC 2473, RFC 4213), and L2 DSR, which is the
// Ethernet header alone. Plain bytes: any thread.
//
// Set on purpose: DSCP and ECN are the inner packet's (RFC 6040, normal mode); DF is always set, so the
// identification may be 0 (RFC 6864) and nobody on the way fragments a tunnel packet; TTL is 64.

#define ENCAP_SIZE_MAX  58 // Ethernet, a tag, and an IPv6 header
#define ENCAP_TTL       64
#define ENCAP_VLAN_NONE 0xffff

struct encap {
	// Ethernet, then the outer IP header. In IPv4's checksum field stands the sum of the rest, not inverted.
	uint8_t bytes[ENCAP_SIZE_MAX];
	uint8_t eth_size; // 14, or 18 with a tag
	uint8_t size; // of all
};
_Static_assert(sizeof(struct encap) == 60, "leaves 4 bytes of a backend's cache line");

// 'outer_source' and 'outer_destination' are of one family. 'vlan_tci' is ENCAP_VLAN_NONE for no tag.
void encap_init(struct encap *encap, const struct mac *source, const struct mac *destination,
	uint16_t vlan_tci, const struct addr *outer_source, const struct addr *outer_destination);

// Bytes that the outer IP header adds.
static inline uint32_t encap_overhead(const struct encap *encap)
{
	return encap->size - encap->eth_size;
}

static inline uint8_t encap_inner_tos(const uint8_t *inner, uint8_t family)
{
	if (family == ADDR_IPV4)
		return inner[1];
	return (uint8_t)(inner[0] << 4 | inner[1] >> 4);
}

// The Ethernet header, by copies of a fixed size: those are two moves, and not a call.
static inline void encap_copy_eth(const struct encap *encap, uint8_t *frame)
{
	if (__builtin_expect(encap->eth_size == sizeof(struct eth_header), 1))
		memcpy(frame, encap->bytes, sizeof(struct eth_header));
	else
		memcpy(frame, encap->bytes, sizeof(struct eth_header) + sizeof(struct vlan_header));
}

// Writes the outer headers right in front of 'inner', the IP header of a packet of 'inner_size' bytes, where
// there must be room for encap->size bytes. 'drawn_be' is added to the source's last 32 bits, which are zero there
// where a pool draws its sources. Returns the frame's new first byte.
static inline uint8_t *encap_ipip(const struct encap *encap, uint8_t *inner, uint8_t family,
	uint16_t inner_size, uint32_t drawn_be)
{
	uint8_t tos = encap_inner_tos(inner, family);
	uint8_t protocol = family == ADDR_IPV4 ? IP_IPIP : IP_IPV6;
	uint8_t *frame = inner - encap->size;
	uint8_t *ip = frame + encap->eth_size;

	if (encap_overhead(encap) == sizeof(struct ipv4_header)) {
		struct ipv4_header outer;

		encap_copy_eth(encap, frame);
		memcpy(&outer, encap->bytes + encap->eth_size, sizeof(outer));
		outer.tos = tos;
		outer.length_be = be16((uint16_t)(inner_size + sizeof(outer)));
		outer.protocol = protocol;
		outer.source_be |= drawn_be;
		// The words that hold them, as a little-endian machine reads the wire: tos and protocol are upper bytes.
		outer.checksum =
			(uint16_t)~checksum_fold((uint64_t)outer.checksum + outer.length_be +
						 be16(tos) + be16(protocol) + drawn_be);
		memcpy(ip, &outer, sizeof(outer));
	} else {
		struct ipv6_header outer;

		encap_copy_eth(encap, frame);
		memcpy(&outer, encap->bytes + encap->eth_size, sizeof(outer));
		outer.version_class_label_be = be32(6u << 28 | (uint32_t)tos << 20);
		outer.length_be = be16(inner_size);
		outer.next = protocol;
		if (__builtin_expect(drawn_be != 0, 0)) {
			for (int i = 0; i < 4; i++)
				outer.source[12 + i] |= (uint8_t)(drawn_be >> 8 * i);
		}
		memcpy(ip, &outer, sizeof(outer));
	}
	return frame;
}

// L2 DSR: the Ethernet header in front of 'inner', whose type is the packet's own. Returns the frame's new first byte.
static inline uint8_t *encap_dsr(const struct encap *encap, uint8_t *inner, uint8_t family)
{
	uint8_t *frame = inner - encap->eth_size;
	uint16_t type_be = be16(family == ADDR_IPV4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);

	encap_copy_eth(encap, frame);
	memcpy(inner - sizeof(type_be), &type_be, sizeof(type_be));
	return frame;
}

#endif
