// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_PARSE_H
#define PACKET_PARSE_H

#include <base/addr.h>
#include <packet/drop.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes to what the path must know of a packet, or the reason to drop it. Reads only inside the
// given bytes, keeps no state, any thread.

#define PACKET_EXTENSIONS_MAX 8 // IPv6 extension headers that are looked through

// Both layouts are what the keyed hash runs over, so unused bytes are zero. Addresses and ports as
// on the wire.
struct tuple_ipv4 {
	uint32_t source_be;
	uint32_t destination_be;
	uint16_t source_port_be;
	uint16_t destination_port_be;
	uint32_t protocol;
};

struct tuple_ipv6 {
	uint8_t source[16];
	uint8_t destination[16];
	uint16_t source_port_be;
	uint16_t destination_port_be;
	uint32_t protocol;
};

enum packet_kind {
	PACKET_NOT_IP, // for the kernel, whatever it is
	PACKET_TCP,
	PACKET_UDP,
	PACKET_OTHER, // IP, no ports that we know
	PACKET_ICMP_ERROR, // the tuple is the quoted packet's, swapped: as the flow's own packets have it
	PACKET_ICMP_BAD_QUOTE, // an ICMP error that quotes no packet with ports; a VIP drops it
	PACKET_ICMP_FOREIGN, // an ICMP error about a packet from another address than it came to; likewise
	PACKET_ICMP_ECHO, // echo request, or its first fragment
	PACKET_SOURCE_ROUTED, // its destination is a hop of a source route, not the end; a VIP drops it
	PACKET_MAC_FOREIGN, // IP, in a frame to somebody else or to a group; a VIP drops it
	PACKET_MAC_SOURCE, // IP, in a frame from a group or from nobody; likewise
	PACKET_LATER_FRAGMENT, // no ports; 'fragment_id' tells which datagram
};

struct packet {
	uint8_t family; // enum addr_family
	uint8_t kind; // enum packet_kind
	uint8_t tcp_flags;
	uint8_t l3_offset; // from the frame's first byte
	uint16_t l4_offset; // likewise; the ICMP header's for ICMP
	uint16_t l3_size; // IP header and payload; what follows it is padding
	uint32_t fragment_id;
	uint16_t vlan_tci; // the outermost tag's; 0 without one
	uint8_t fragmented; // 1 for any fragment, the first one too
	// The protocol after all extension headers. Of a later IPv6 fragment only what its fragment
	// header names, which may be one more extension: RFC 8200 4.5 tells datagrams apart without
	// it.
	uint8_t payload_protocol;
	union {
		struct tuple_ipv4 ipv4;
		struct tuple_ipv6 ipv6;
	};
	uint64_t zero;
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct packet) == 64, "one per packet of a burst: a cache line");

// Parses one frame. 0, or -1 with '*reason'. 'checksum_known_good' leaves the IPv4 header checksum
// out, where the port has verified it.
int packet_parse(const uint8_t *frame, size_t size, bool checksum_known_good, struct packet *out,
	enum drop_reason *reason);

// packet_parse() without its short way for common packets (parse_common.h): the same answer to any
// bytes.
int parse_slowly(const uint8_t *frame, size_t size, bool checksum_known_good, struct packet *out,
	enum drop_reason *reason);

// The tuple's addresses as values, for the slow path. Those of the IP header, save for
// PACKET_ICMP_ERROR, whose source is the flow's.
static inline struct addr packet_source(const struct packet *packet)
{
	return packet->family == ADDR_IPV4 ? addr_from_ipv4_be(packet->ipv4.source_be)
					   : addr_from_ipv6(packet->ipv6.source);
}

static inline struct addr packet_destination(const struct packet *packet)
{
	return packet->family == ADDR_IPV4 ? addr_from_ipv4_be(packet->ipv4.destination_be)
					   : addr_from_ipv6(packet->ipv6.destination);
}

static inline uint16_t packet_source_port_be(const struct packet *packet)
{
	return packet->family == ADDR_IPV4 ? packet->ipv4.source_port_be
					   : packet->ipv6.source_port_be;
}

static inline uint16_t packet_destination_port_be(const struct packet *packet)
{
	return packet->family == ADDR_IPV4 ? packet->ipv4.destination_port_be
					   : packet->ipv6.destination_port_be;
}

#endif
