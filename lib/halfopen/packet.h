// SPDX-License-Identifier: BSD-3-Clause
#ifndef HALFOPEN_PACKET_H
#define HALFOPEN_PACKET_H

#include <base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The packets of a half-open TCP probe: a SYN to a VIP in the balancer's own name, the RST after
// it, and what may come back. IP packets without what carries them; plain bytes: any thread.

#define HALFOPEN_SIZE_MAX 64 // IPv6, TCP, and the MSS option

struct halfopen_connection {
	struct addr own;
	struct addr vip; // of the same family
	uint16_t own_port;
	uint16_t vip_port;
	uint32_t sequence; // of the SYN
};

// Both write at most HALFOPEN_SIZE_MAX bytes, and return how many. The TTL is 1: a host that does
// not have the VIP cannot send the packet on, perhaps to us again and then to a healthy backend.
uint16_t halfopen_write_syn(const struct halfopen_connection *connection, uint8_t *out);
// Ends the connection at a host that took the SYN, whether its answer came or not.
uint16_t halfopen_write_reset(const struct halfopen_connection *connection, uint8_t *out);

enum halfopen_kind {
	HALFOPEN_ACCEPTED, // a SYN-ACK
	HALFOPEN_REFUSED, // a RST
	HALFOPEN_ERROR, // an ICMP error that quotes the SYN
};

struct halfopen_answer {
	struct halfopen_connection connection; // with the sequence number that is answered
	enum halfopen_kind kind;
	uint16_t mss; // of a SYN-ACK; the family's default where it says none
	uint8_t icmp_type; // the rest is of an ICMP error
	uint8_t icmp_code;
	bool in_tunnel; // it is about the outer packet, and quotes the SYN inside
	struct addr from;
};

// Reads the bytes from an IP header on; what is cut off behind is not missed. False: nothing that a
// probe has to do with.
bool halfopen_read(const uint8_t *bytes, size_t size, struct halfopen_answer *out);

#endif
