// SPDX-License-Identifier: BSD-3-Clause
#include <encap/encap.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ROOM 128

static const struct mac source_mac = {{0x02, 0, 0, 0, 0, 0x01}};
static const struct mac next_hop_mac = {{0x02, 0, 0, 0, 0, 0x02}};

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(text, &addr), 0);
	return addr;
}

static struct encap make(const char *source, const char *destination, uint16_t vlan_tci)
{
	struct addr from = address(source);
	struct addr to = address(destination);
	struct encap encap;

	encap_init(&encap, &source_mac, &next_hop_mac, vlan_tci, &from, &to);
	return encap;
}

// The bytes are spelled out from RFC 791 and RFC 2003, the checksums summed by hand.
static void ipv4_in_ipv4_is_what_the_rfc_says(void **state)
{
	static const uint8_t expected[] = {0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01, 0x08,
		0x00, // Ethernet
		0x45, 0xb9, 0x00, 0x30, 0x00, 0x00, 0x40, 0x00, 0x40, 0x04, 0x25,
		0x05, // tos b9, 48 bytes, DF, TTL 64, IPIP
		10, 0, 0, 2, 10, 0, 1, 11};
	struct encap encap = make("10.0.0.2", "10.0.1.11", ENCAP_VLAN_NONE);
	uint8_t buffer[ROOM + 28] = {0};
	uint8_t *inner = buffer + ROOM;
	uint8_t *frame;

	inner[0] = 0x45;
	inner[1] = 0xb9; // DSCP EF, ECT(1)
	frame = encap_ipip(&encap, inner, ADDR_IPV4, 28, 0);
	assert_ptr_equal(frame, inner - 34);
	assert_memory_equal(frame, expected, sizeof(expected));
	assert_int_equal(checksum_ipv4_sum(frame + 14), 0xffff);
	assert_int_equal(inner[0], 0x45); // nothing was written into the packet itself
}

static void the_checksum_holds_for_every_length_and_tos(void **state)
{
	struct encap encap = make("255.255.255.254", "255.255.255.253", ENCAP_VLAN_NONE);
	uint8_t buffer[ROOM + 40];

	for (uint32_t size = 20; size < 65516; size += 7) {
		uint8_t *frame;

		memset(buffer, 0, sizeof(buffer));
		buffer[ROOM] = 0x45;
		buffer[ROOM + 1] = (uint8_t)size;
		frame = encap_ipip(&encap, buffer + ROOM, ADDR_IPV4, (uint16_t)size, 0);
		assert_int_equal(checksum_ipv4_sum(frame + 14), 0xffff);
		assert_int_equal(checksum_sum(frame + 14, 20, 0), 0xffff);
	}
}

static void a_drawn_source_stays_in_its_prefix_with_a_right_checksum(void **state)
{
	struct encap four = make("10.200.0.0", "10.0.1.11", ENCAP_VLAN_NONE);
	struct encap six = make("2001:db8::", "2001:db8::11", ENCAP_VLAN_NONE);
	uint32_t mask_be = be32(0xffff);

	for (uint32_t entropy = 1; entropy != 0; entropy = entropy * 1664525 + 1013904223) {
		uint8_t buffer[ROOM + 28] = {[ROOM] = 0x45};
		uint8_t *frame = encap_ipip(&four, buffer + ROOM, ADDR_IPV4, 28, entropy & mask_be);

		assert_int_equal(checksum_sum(frame + 14, 20, 0), 0xffff);
		assert_memory_equal(frame + 26, "\x0a\xc8", 2);
		assert_memory_equal(frame + 28, (uint8_t *)&entropy + 2, 2);
		frame = encap_ipip(&six, buffer + ROOM, ADDR_IPV4, 28, entropy & mask_be);
		assert_memory_equal(frame + 14 + 8, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0", 14);
		assert_memory_equal(frame + 14 + 22, (uint8_t *)&entropy + 2, 2);
		if ((entropy & 0xff) == 0)
			break;
	}
}

static void every_combination_of_families_says_its_protocol(void **state)
{
	static const struct {
		const char *source, *destination;
		uint8_t inner;
		size_t protocol_at;
		uint8_t protocol;
		size_t overhead;
	} rows[] = {{"10.0.0.2", "10.0.1.11", ADDR_IPV4, 14 + 9, 4, 20},
		{"10.0.0.2", "10.0.1.11", ADDR_IPV6, 14 + 9, 41, 20},
		{"2001:db8::2", "2001:db8::11", ADDR_IPV4, 14 + 6, 4, 40},
		{"2001:db8::2", "2001:db8::11", ADDR_IPV6, 14 + 6, 41, 40}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct encap encap = make(rows[i].source, rows[i].destination, ENCAP_VLAN_NONE);
		uint8_t buffer[ROOM + 60] = {0};
		uint8_t *frame;

		buffer[ROOM] =
			rows[i].inner == ADDR_IPV4 ? 0x45 : 0x6b; // class or tos 0xb8 follows
		buffer[ROOM + 1] = rows[i].inner == ADDR_IPV4 ? 0xb8 : 0x80;
		frame = encap_ipip(&encap, buffer + ROOM, rows[i].inner, 60, 0);
		assert_int_equal(encap_overhead(&encap), rows[i].overhead);
		assert_int_equal(buffer + ROOM - frame, 14 + rows[i].overhead);
		assert_int_equal(frame[rows[i].protocol_at], rows[i].protocol);
		assert_int_equal(
			encap_inner_tos(frame + 14, rows[i].overhead == 20 ? ADDR_IPV4 : ADDR_IPV6),
			0xb8);
	}
}

static void an_ipv6_header_counts_its_payload_alone(void **state)
{
	struct encap encap = make("2001:db8::2", "2001:db8::11", ENCAP_VLAN_NONE);
	uint8_t buffer[ROOM + 60] = {[ROOM] = 0x60};
	uint8_t *frame = encap_ipip(&encap, buffer + ROOM, ADDR_IPV6, 1460, 0);

	assert_memory_equal(frame + 12, "\x86\xdd\x60\x00\x00\x00\x05\xb4\x29\x40", 10);
}

static void a_tag_stands_before_the_type(void **state)
{
	struct encap encap = make("10.0.0.2", "10.0.1.11", 0x2064);
	uint8_t buffer[ROOM + 60] = {[ROOM] = 0x45};
	uint8_t *frame = encap_ipip(&encap, buffer + ROOM, ADDR_IPV4, 60, 0);

	assert_ptr_equal(frame, buffer + ROOM - 38);
	assert_memory_equal(frame + 12, "\x81\x00\x20\x64\x08\x00\x45", 7);
}

static void dsr_changes_the_ethernet_header_alone(void **state)
{
	static const uint8_t families[] = {ADDR_IPV4, ADDR_IPV6};

	for (size_t i = 0; i < COUNT(families); i++) {
		struct encap encap = make("10.0.0.2", "10.0.1.11", ENCAP_VLAN_NONE);
		uint8_t buffer[ROOM + 60];
		uint8_t *frame;

		memset(buffer, 0xee, sizeof(buffer));
		frame = encap_dsr(&encap, buffer + ROOM, families[i]);
		assert_ptr_equal(frame, buffer + ROOM - 14);
		assert_memory_equal(frame, next_hop_mac.bytes, 6);
		assert_memory_equal(frame + 6, source_mac.bytes, 6);
		assert_memory_equal(frame + 12, i == 0 ? "\x08\x00" : "\x86\xdd", 2);
		for (size_t at = ROOM; at < sizeof(buffer); at++)
			assert_int_equal(buffer[at], 0xee);
		assert_int_equal(buffer[ROOM - 19], 0xee);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_in_ipv4_is_what_the_rfc_says),
		cmocka_unit_test(the_checksum_holds_for_every_length_and_tos),
		cmocka_unit_test(a_drawn_source_stays_in_its_prefix_with_a_right_checksum),
		cmocka_unit_test(every_combination_of_families_says_its_protocol),
		cmocka_unit_test(an_ipv6_header_counts_its_payload_alone),
		cmocka_unit_test(a_tag_stands_before_the_type),
		cmocka_unit_test(dsr_changes_the_ethernet_header_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
