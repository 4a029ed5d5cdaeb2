// SPDX-License-Identifier: BSD-3-Clause
#ifndef ENCAP_TUNNEL_ERROR_H
#define ENCAP_TUNNEL_ERROR_H

#include <base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ICMP and ICMPv6 errors about our own tunnel packets (IP protocols 4 and 41): a router or host on
// the way to a backend could not hand one on. The kernel has no tunnel and ignores them. Plain
// bytes: any thread.

enum tunnel_error_kind {
	TUNNEL_TOO_BIG, // fragmentation needed, packet too big
	TUNNEL_UNREACHABLE, // no route, no host, no protocol, refused by a filter, time exceeded
};

struct tunnel_error {
	enum tunnel_error_kind kind;
	struct addr from; // who says so
	struct addr source; // of the outer packet that it quotes: the balancer's
	struct addr destination; // a backend's
	uint16_t
		mtu; // TOO_BIG: what the link takes, from the outer IP header on; 0: it does not say (before RFC 1191)
	uint8_t inner_family; // of the packet inside
	uint8_t type; // as they came
	uint8_t code;
};

// Reads the bytes of a packet from its IP header on; what is cut off behind the quoted outer header
// is not missed. False: it is no such error, or one that our own packets cannot have caused: in
// IPv4 they have DF set and no identification; in IPv6 they may be pieces (RFC 2473 7.1 b).
bool tunnel_error_read(const uint8_t *bytes, size_t size, struct tunnel_error *out);
// Whether all of the message is there and its checksum is right: the kernel, which looks after
// that, does not see it.
bool tunnel_error_is_whole(const uint8_t *bytes, size_t size);

// What a path that took 'before' bytes takes by such an error, from the outer IP header on. A
// packet inside has 576 bytes at least in IPv4 (RFC 791 3.1); one of 1280 in IPv6 goes in pieces
// where the path takes less of it (RFC 2473 7.1 b). 0: the error asks for nonsense, and changes
// nothing.
uint16_t tunnel_error_mtu(const struct tunnel_error *error, uint16_t before);

#endif
