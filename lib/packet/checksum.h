// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_CHECKSUM_H
#define PACKET_CHECKSUM_H

#include <base/addr.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The Internet checksum (RFC 1071), and its change by increment (RFC 1624, equation 3). Any thread.

// The folded sum over 'size' bytes, not inverted: 0xffff over data that holds its own right
// checksum.
uint16_t checksum_sum(const void *data, size_t size, uint32_t start);

static inline uint16_t checksum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// Of a sum of few fields: below 2^20.
static inline uint16_t checksum_fold_small(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
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

// Whether an IPv4 header of 20 bytes has its right checksum: its two halves are complements, or
// both all ones.
static inline bool checksum_ipv4_is_good(const void *header)
{
	uint64_t first, second, sum;
	uint32_t third, folded;

	__builtin_memcpy(&first, header, 8);
	__builtin_memcpy(&second, (const uint8_t *)header + 8, 8);
	__builtin_memcpy(&third, (const uint8_t *)header + 16, 4);
	sum = first + second;
	sum += sum < first; // the end-around carry, as of 64 bits
	sum += third;
	sum += sum < third;
	folded = (uint32_t)sum + (uint32_t)(sum >> 32);
	folded += folded < (uint32_t)sum;
	folded += folded << 16 | folded >> 16; // the upper half: both halves' sum
	return folded >= 0xfffffffe;
}

// The sum of the pseudo-header of TCP, UDP and ICMPv6 (RFC 9293 3.1, RFC 8200 8.1), to start
// checksum_sum() with.
uint32_t checksum_pseudo_header(const struct addr *source, const struct addr *destination,
	uint8_t protocol, uint32_t payload_size);

#endif
