// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

#include <base/addr.h>
#include <stddef.h>
#include <stdint.h>

// The Internet checksum (RFC 1071), and its change by increment (RFC 1624, equation 3). Any thread.

// The folded sum over 'size' bytes, not inverted: 0xffff over data that holds its own right checksum.
uint16_t checksum_sum(const void *data, size_t size, uint32_t start);

static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// Of the 20 bytes of an IPv4 header without options: 0xffff where its checksum is right.
static inline uint16_t checksum_ipv4_sum(const void *header)
{
	uint32_t word[5];
	uint64_t sum;

	__builtin_memcpy(word, header, sizeof(word));
	sum = (uint64_t)word[0] + word[1] + word[2] + word[3] + word[4];
	return checksum_fold(sum);
}

// The checksum field after the 16-bit field 'old' became 'new' (both as on the wire).
static inline uint16_t checksum_update(uint16_t checksum, uint16_t old, uint16_t new)
{
	return (uint16_t)~checksum_fold(
		(uint64_t)(uint16_t)~checksum + (uint16_t)~old + (uint64_t) new);
}

// The sum of the pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1), to start checksum_sum() with.
uint32_t checksum_pseudo_header(const struct addr *source, const struct addr *destination,
	uint8_t protocol, uint32_t payload_size);

#endif
