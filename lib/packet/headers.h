// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_HEADERS_H
#define PACKET_HEADERS_H

#include <stdint.h>

// Headers as they stand on the wire, network byte order, unaligned. Plain layouts of our own, so
// that rooms without DPDK and the BPF-free tools share them.

#define ETH_TYPE_IPV4 0x0800
#define ETH_TYPE_IPV6 0x86dd
#define ETH_TYPE_VLAN 0x8100
#define ETH_TYPE_QINQ 0x88a8

#define IP_ICMP     1
#define IP_IPIP     4
#define IP_TCP      6
#define IP_UDP      17
#define IP_IPV6     41
#define IP_ROUTING  43
#define IP_FRAGMENT 44
#define IP_ICMPV6   58

struct eth_header {
	uint8_t destination[6];
	uint8_t source[6];
	uint16_t type_be;
} __attribute__((packed));

#define VLAN_ID_MASK 0x0fff

struct vlan_header {
	uint16_t tci_be;
	uint16_t type_be;
} __attribute__((packed));

#define IPV4_DF          0x4000
#define IPV4_MF          0x2000
#define IPV4_OFFSET_MASK 0x1fff

struct ipv4_header {
	uint8_t version_ihl;
	uint8_t tos;
	uint16_t length_be;
	uint16_t id_be;
	uint16_t fragment_be;
	uint8_t ttl;
	uint8_t protocol;
	uint16_t checksum;
	uint32_t source_be;
	uint32_t destination_be;
} __attribute__((packed));

struct ipv6_header {
	uint32_t version_class_label_be;
	uint16_t length_be;
	uint8_t next;
	uint8_t hop_limit;
	uint8_t source[16];
	uint8_t destination[16];
} __attribute__((packed));

#define IPV6_FRAGMENT_MORE        0x0001
#define IPV6_FRAGMENT_OFFSET_MASK 0xfff8

struct ipv6_fragment_header {
	uint8_t next;
	uint8_t reserved;
	uint16_t fragment_be;
	uint32_t id_be;
} __attribute__((packed));

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

struct tcp_header {
	uint16_t source_be;
	uint16_t destination_be;
	uint32_t sequence_be;
	uint32_t acknowledgment_be;
	uint8_t offset; // upper 4 bits: length in words
	uint8_t flags;
	uint16_t window_be;
	uint16_t checksum;
	uint16_t urgent_be;
} __attribute__((packed));

struct udp_header {
	uint16_t source_be;
	uint16_t destination_be;
	uint16_t length_be;
	uint16_t checksum;
} __attribute__((packed));

struct icmp_header {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint32_t rest_be;
} __attribute__((packed));

_Static_assert(sizeof(struct eth_header) == 14, "Ethernet II");
_Static_assert(sizeof(struct ipv4_header) == 20, "RFC 791 3.1");
_Static_assert(sizeof(struct ipv6_header) == 40, "RFC 8200 3");
_Static_assert(sizeof(struct ipv6_fragment_header) == 8, "RFC 8200 4.5");
_Static_assert(sizeof(struct tcp_header) == 20, "RFC 9293 3.1");
_Static_assert(sizeof(struct udp_header) == 8, "RFC 768");
_Static_assert(sizeof(struct icmp_header) == 8, "RFC 792");

static inline uint16_t be16(uint16_t value)
{
	return __builtin_bswap16(value);
}

static inline uint32_t be32(uint32_t value)
{
	return __builtin_bswap32(value);
}

#endif
