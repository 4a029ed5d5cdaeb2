// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Addresses of both families as plain values, in network byte order. Any thread.
enum addr_family { ADDR_NONE = 0, ADDR_IPV4 = 4, ADDR_IPV6 = 6 };

#define ADDR_TEXT_SIZE 46 // INET6_ADDRSTRLEN
#define MAC_TEXT_SIZE  18

// An IPv4 address stands in the first 4 bytes, the other 12 are zero, so that two addresses are
// equal when all bytes are.
struct addr {
	uint8_t bytes[16];
	uint8_t family; // enum addr_family
	uint8_t zero[3];
};
_Static_assert(sizeof(struct addr) == 20, "struct addr goes over the channel as it is");

// The addresses that share their first 'bits' bits; the others are zero.
struct prefix {
	struct addr address; // ADDR_NONE: no prefix
	uint8_t bits;
	uint8_t zero[3];
};
_Static_assert(sizeof(struct prefix) == 24, "struct prefix goes over the channel as it is");

struct mac {
	uint8_t bytes[6];
};

// 0, or -EINVAL if 'text' is no address of either family. Only the canonical notations of RFC 4291
// and dotted quads are taken: no names, no octal, no zone.
int addr_parse(const char *text, struct addr *out);

// "203.0.113.10"; 'size' at least ADDR_TEXT_SIZE. ADDR_NONE is "-". Returns 'text'.
const char *addr_format(const struct addr *addr, char *text, size_t size);

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

// Orders by family, then by bytes: <0, 0, >0.
int addr_compare(const struct addr *a, const struct addr *b);

// Whether the bytes are what addr_parse() may give.
bool addr_is_sound(const struct addr *addr);
// True for what no host can be reached at: unspecified, multicast, limited broadcast, 127/8, ::1,
// and IPv4-mapped IPv6.
bool addr_is_unusable(const struct addr *addr);

// True for what is good on one link alone: 169.254/16 and fe80::/10. No packet to it is ever
// routed.
bool addr_is_link_local(const struct addr *addr);

// "10.200.0.0/16": 0, or -EINVAL; bits behind the prefix must be zero.
int prefix_parse(const char *text, struct prefix *out);
// 'size' at least ADDR_TEXT_SIZE + 4. Returns 'text'.
const char *prefix_format(const struct prefix *prefix, char *text, size_t size);
// The same, and an address alone is the prefix of all of its bits.
int prefix_parse_or_address(const char *text, struct prefix *out);
bool prefix_holds(const struct prefix *prefix, const struct addr *addr);
// Whether the bytes are what prefix_parse() may give.
bool prefix_is_sound(const struct prefix *prefix);

static inline struct addr addr_from_ipv4_be(uint32_t address_be)
{
	struct addr addr = {.family = ADDR_IPV4};

	memcpy(addr.bytes, &address_be, sizeof(address_be));
	return addr;
}

uint32_t addr_ipv4_be(const struct addr *addr);

static inline struct addr addr_from_ipv6(const uint8_t bytes[16])
{
	struct addr addr = {.family = ADDR_IPV6};

	memcpy(addr.bytes, bytes, sizeof(addr.bytes));
	return addr;
}

static inline bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

// 0, or -EINVAL unless 'text' is "aa:bb:cc:dd:ee:ff".
int mac_parse(const char *text, struct mac *out);
const char *mac_format(const struct mac *mac, char *text, size_t size);

#endif
