// SPDX-License-Identifier: BSD-3-Clause
#include <encap/encap.h>
#include <encap/tunnel_error.h>
#include <packet/checksum.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// "Fragmentation needed, 1400" of 10.0.1.1 about an outer packet of 10.0.0.2 to 10.0.1.11, and its
// IPv6 sister; as scapy writes them: bytes(IP(src="10.0.1.1", dst="10.0.0.2", id=1) / ICMP(type=3,
// code=4, nexthopmtu=1400) / IP(src="10.0.0.2", dst="10.0.1.11", flags="DF", id=0, proto=4,
// len=1500)), checksums apart.
static const uint8_t ipv4[] = {0x45, 0, 0, 48, 0, 1, 0, 0, 64, 1, 0, 0, 10, 0, 1, 1, 10, 0, 0, 2, //
	3, 4, 0, 0, 0, 0, 5, 0x78, //
	0x45, 0, 5, 0xdc, 0, 0, 0x40, 0, 63, 4, 0, 0, 10, 0, 0, 2, 10, 0, 1, 11};
static const uint8_t ipv6[] = {0x60, 0, 0, 0, 0, 48, 58, 64, //
	0xfd, 0, 0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, //
	0xfd, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, //
	2, 0, 0, 0, 0, 0, 5, 0x78, //
	0x60, 0, 0, 0, 5, 0xb4, 41, 63, //
	0xfd, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, //
	0xfd, 0, 0, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11};

static void what_no_packet_of_ours_caused_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t byte;
	} cases[] = {{0, 0x55}, {0, 0x44}, {6, 0x20}, {7, 1}, {9, 17}, {20, 8}, {20, 4}, {28, 0x46},
		{28, 0x65}, {33, 1}, {34, 0}, {35, 1}, {36, 65}, {37, 6}, {37, 17}};
	struct tunnel_error error;
	uint8_t bytes[sizeof(ipv4)];

	for (size_t i = 0; i < COUNT(cases); i++) {
		memcpy(bytes, ipv4, sizeof(ipv4));
		bytes[cases[i].at] = cases[i].byte;
		if (tunnel_error_read(bytes, sizeof(bytes), &error))
			fail_msg("case %zu was taken", i);
	}
	for (size_t size = 0; size < sizeof(ipv4); size++)
		assert_false(tunnel_error_read(ipv4, size, &error));
	for (size_t size = 0; size < sizeof(ipv6); size++)
		assert_false(tunnel_error_read(ipv6, size, &error));
}

static void an_error_tells_whose_packet_it_is_about(void **state)
{
	struct addr from = addr_from_ipv4_be(be32(0x0a000101));
	struct addr source = addr_from_ipv4_be(be32(0x0a000002));
	struct addr backend = addr_from_ipv4_be(be32(0x0a00010b)), address;
	struct tunnel_error error;
	uint8_t other[sizeof(ipv4)];

	assert_true(tunnel_error_read(ipv4, sizeof(ipv4), &error));
	assert_int_equal(error.kind, TUNNEL_TOO_BIG);
	assert_int_equal(error.mtu, 1400);
	assert_int_equal(error.inner_family, ADDR_IPV4);
	assert_true(addr_equal(&error.from, &from));
	assert_true(addr_equal(&error.source, &source));
	assert_true(addr_equal(&error.destination, &backend));
	assert_true(tunnel_error_read(ipv6, sizeof(ipv6), &error));
	assert_int_equal(error.kind, TUNNEL_TOO_BIG);
	assert_int_equal(error.mtu, 1400);
	assert_int_equal(error.inner_family, ADDR_IPV6);
	addr_parse("fd00:11::11", &address);
	assert_true(addr_equal(&error.destination, &address));
	memcpy(other, ipv4, sizeof(other));
	other[21] = 1; // host unreachable
	assert_true(tunnel_error_read(other, sizeof(other), &error));
	assert_int_equal(error.kind, TUNNEL_UNREACHABLE);
}

static void a_path_gets_no_narrower_than_its_packets_may_be(void **state)
{
	static const struct {
		uint8_t outer, inner;
		uint16_t says, before, takes;
	} cases[] = {{ADDR_IPV4, ADDR_IPV4, 1400, 1500, 1400},
		{ADDR_IPV4, ADDR_IPV4, 1500, 1500, 0}, {ADDR_IPV4, ADDR_IPV4, 1600, 1500, 0},
		{ADDR_IPV4, ADDR_IPV4, 1400, 1400, 0}, {ADDR_IPV4, ADDR_IPV4, 100, 1500, 596},
		{ADDR_IPV4, ADDR_IPV4, 67, 1500, 0}, {ADDR_IPV4, ADDR_IPV4, 0, 1500, 596},
		{ADDR_IPV4, ADDR_IPV4, 100, 596, 0}, {ADDR_IPV4, ADDR_IPV6, 600, 1500, 600},
		{ADDR_IPV4, ADDR_IPV6, 100, 1500, 596}, {ADDR_IPV4, ADDR_IPV6, 1280, 1300, 1280},
		{ADDR_IPV6, ADDR_IPV6, 1400, 1500, 1400}, {ADDR_IPV6, ADDR_IPV6, 1280, 1500, 1280},
		{ADDR_IPV6, ADDR_IPV6, 1280, 1280, 0}, {ADDR_IPV6, ADDR_IPV6, 1279, 1500, 0},
		{ADDR_IPV6, ADDR_IPV6, 0, 1500, 0}, {ADDR_IPV6, ADDR_IPV4, 1280, 1500, 1280}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct tunnel_error error = {.kind = TUNNEL_TOO_BIG,
			.destination.family = cases[i].outer,
			.inner_family = cases[i].inner,
			.mtu = cases[i].says};

		assert_int_equal(tunnel_error_mtu(&error, cases[i].before), cases[i].takes);
		error.kind = TUNNEL_UNREACHABLE;
		assert_int_equal(tunnel_error_mtu(&error, cases[i].before), 0);
	}
}

// The sum of a message and of its pseudo-header, put in the place of the checksum.
static void set_checksum(uint8_t *at, size_t size, uint32_t start)
{
	uint16_t sum;

	at[2] = at[3] = 0;
	sum = (uint16_t)~checksum_sum(at, size, start);
	memcpy(at + 2, &sum, sizeof(sum));
}

static void a_message_that_is_damaged_is_not_whole(void **state)
{
	uint8_t four[sizeof(ipv4) + 1] = {0}, six[sizeof(ipv6) + 1] = {0};
	struct addr from, to;

	memcpy(four, ipv4, sizeof(ipv4));
	memcpy(six, ipv6, sizeof(ipv6));
	from = addr_from_ipv6(six + 8);
	to = addr_from_ipv6(six + 24);
	assert_false(tunnel_error_is_whole(four, sizeof(ipv4)));
	set_checksum(four + 20, sizeof(ipv4) - 20, 0);
	set_checksum(six + 40, sizeof(ipv6) - 40,
		checksum_pseudo_header(&from, &to, 58, sizeof(ipv6) - 40));
	assert_true(tunnel_error_is_whole(four, sizeof(ipv4)));
	assert_true(tunnel_error_is_whole(six, sizeof(ipv6)));
	assert_true(tunnel_error_is_whole(four, sizeof(four))); // with what stands behind it
	for (size_t at = 20; at < sizeof(ipv4); at++) {
		four[at] ^= 0x10;
		assert_false(tunnel_error_is_whole(four, sizeof(ipv4)));
		four[at] ^= 0x10;
	}
	for (size_t at = 40; at < sizeof(ipv6); at++) {
		six[at] ^= 0x10;
		assert_false(tunnel_error_is_whole(six, sizeof(ipv6)));
		six[at] ^= 0x10;
	}
	for (size_t size = 0; size < sizeof(ipv4); size++)
		assert_false(tunnel_error_is_whole(four, size));
}

// RFC 2473 7.1 b: outer packets that a path made go in pieces are quoted as they went.
static void an_error_about_a_piece_is_about_its_packet(void **state)
{
	uint8_t piece[sizeof(ipv6) + 8];
	struct tunnel_error error;
	struct addr backend;

	memset(piece, 0, sizeof(piece));
	memcpy(piece, ipv6, sizeof(ipv6));
	piece[54] = 44;
	piece[88] = 41;
	assert_true(tunnel_error_read(piece, sizeof(piece), &error));
	addr_parse("fd00:11::11", &backend);
	assert_true(addr_equal(&error.destination, &backend));
	assert_int_equal(error.inner_family, ADDR_IPV6);
	assert_false(tunnel_error_read(piece, sizeof(ipv6), &error)); // it does not say of what
	piece[88] = 17;
	assert_false(tunnel_error_read(piece, sizeof(piece), &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_packet_of_ours_caused_is_refused),
		cmocka_unit_test(an_error_tells_whose_packet_it_is_about),
		cmocka_unit_test(a_path_gets_no_narrower_than_its_packets_may_be),
		cmocka_unit_test(a_message_that_is_damaged_is_not_whole),
		cmocka_unit_test(an_error_about_a_piece_is_about_its_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
