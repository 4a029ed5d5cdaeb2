// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_PARSE_PRIVATE_H
#define PACKET_PARSE_PRIVATE_H

#include <packet/parse.h>

// Where the walk over IPv6 extension headers (RFC 8200 4) ended.
struct ipv6_walk {
	size_t at; // of the payload
	uint8_t next; // its protocol
	bool fragmented;
	bool routed; // a routing header has segments left: the destination is a hop
	bool later; // not the datagram's first fragment
	bool more; // nor its last
	uint16_t offset; // in bytes
	uint32_t fragment_id;
	size_t fragment_at; // where the fragment's own bytes begin
};

int ipv6_walk_extensions(const uint8_t *frame, size_t at, size_t end, uint8_t next,
	struct ipv6_walk *out, enum drop_reason *reason);

// False where an option is cut short or malformed. '*routed': a source route goes on, the
// destination is a hop.
bool ipv4_walk_options(const uint8_t *options, size_t size, bool *routed);

// ICMP and ICMPv6 from its header at 'at': errors are parsed through the packet that they quote.
int parse_icmp(
	const uint8_t *frame, size_t at, size_t end, struct packet *p, enum drop_reason *reason);

#endif
