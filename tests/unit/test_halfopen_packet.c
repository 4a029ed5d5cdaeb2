// SPDX-License-Identifier: BSD-3-Clause
// Every packet here is scapy's (2.5.0), from an IP header on, in hexadecimal.
#include <halfopen/packet.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct halfopen_connection connection(const char *own, const char *vip)
{
	struct halfopen_connection out = {
		.own_port = 64600, .vip_port = 443, .sequence = 0x12345678};

	assert_int_equal(addr_parse(own, &out.own), 0);
	assert_int_equal(addr_parse(vip, &out.vip), 0);
	return out;
}

static struct halfopen_connection ipv4(void)
{
	return connection("10.0.0.2", "203.0.113.10");
}

static struct halfopen_connection ipv6(void)
{
	return connection("fd00:10::2", "2001:db8:1::10");
}

static void assert_bytes(const uint8_t *bytes, uint16_t size, const char *hex)
{
	char text[2 * HALFOPEN_SIZE_MAX + 1] = "";

	assert_true(size <= HALFOPEN_SIZE_MAX);
	for (uint16_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	assert_string_equal(text, hex);
}

static void a_probe_is_a_syn_and_a_rst_behind_it(void **state)
{
	struct halfopen_connection four = ipv4(), six = ipv6();
	uint8_t bytes[HALFOPEN_SIZE_MAX];

	assert_bytes(bytes, halfopen_write_syn(&four, bytes),
		"4500002c00004000010633c00a000002cb00710afc5801bb12345678000000006002ffffeb590000020405b4");
	assert_bytes(bytes, halfopen_write_reset(&four, bytes),
		"4500002800004000010633c40a000002cb00710afc5801bb12345679000000005004000003130000");
	assert_bytes(bytes, halfopen_write_syn(&six, bytes),
		"6000000000180601fd00001000000000000000000000000220010db8000100000000000000000010fc5801bb"
		"12345678000000006002ffff069e0000020405a0");
	assert_bytes(bytes, halfopen_write_reset(&six, bytes),
		"6000000000140601fd00001000000000000000000000000220010db8000100000000000000000010fc5801bb"
		"1234567900000000500400001e430000");
}

static size_t read_hex(const char *hex, uint8_t *out)
{
	size_t size = strlen(hex) / 2;

	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return size;
}

// What a table's hexadecimal begins with: IP headers from the VIP to the balancer's own address.
#define FROM_VIP6 "20010db8000100000000000000000010fd000010000000000000000000000002"
#define SYN4                                                                       \
	"4500002c00004000010633c00a000002cb00710afc5801bb12345678000000006002ffff" \
	"eb590000020405b4"
#define SYN6                                                                                       \
	"6000000000180601fd00001000000000000000000000000220010db8000100000000000000000010fc5801bb" \
	"12345678000000006002ffff069e0000020405a0"

static void what_comes_back_is_read(void **state)
{
	static const struct {
		const char *what;
		const char *hex;
		enum halfopen_kind kind;
		uint16_t mss;
		uint8_t type, code;
		bool in_tunnel;
		const char *from;
	} rows[] = {
		{"a SYN-ACK with Linux's options",
			"4500003c00010000400634afcb00710a0a00000201bbfc580000000712345679a01220007b2c0000"
			"020405a00402080a000000010000000201030307",
			HALFOPEN_ACCEPTED, 1440, 0, 0, false, NULL},
		{"without options",
			"4500002800010000400634c3cb00710a0a00000201bbfc58000000071234567950122000e2fd0000",
			HALFOPEN_ACCEPTED, 536, 0, 0, false, NULL},
		{"with the MSS behind others",
			"4500003000010000400634bbcb00710a0a00000201bbfc58000000071234567970122000badc0000"
			"0101020405140000",
			HALFOPEN_ACCEPTED, 1300, 0, 0, false, NULL},
		{"in IPv6",
			"6000000000180640" FROM_VIP6
			"01bbfc58000000071234567960122000e69900000204058c",
			HALFOPEN_ACCEPTED, 1420, 0, 0, false, NULL},
		{"in IPv6 without options",
			"6000000000140640" FROM_VIP6 "01bbfc58000000071234567950122000fe2d0000",
			HALFOPEN_ACCEPTED, 1220, 0, 0, false, NULL},
		{"a RST",
			"4500002800010000400634c3cb00710a0a00000201bbfc58000000001234567950142000e3020000",
			HALFOPEN_REFUSED, 536, 0, 0, false, NULL},
		{"a RST in IPv6",
			"6000000000140640" FROM_VIP6 "01bbfc58000000001234567950142000fe320000",
			HALFOPEN_REFUSED, 1220, 0, 0, false, NULL},
		{"no tunnel: IPv4 in IPv4",
			"4500005c00010000400165940a00010b0a0000020302432900000000"
			"4500004000010000400465ad0a0000020a00010b" SYN4,
			HALFOPEN_ERROR, 0, 3, 2, true, "10.0.1.11"},
		{"no tunnel: IPv6 in IPv4",
			"4500007000010000400165800a00010b0a0000020302970200000000"
			"4500005400010000402965740a0000020a00010b" SYN6,
			HALFOPEN_ERROR, 0, 3, 2, true, "10.0.1.11"},
		{"no tunnel: IPv4 in IPv6",
			"60000000005c3a40fd000011000000000000000000000011fd0000100000000000000000000000020401e8b500000006"
			"60000000002c0440fd000010000000000000000000000002fd000011000000000000000000000011" SYN4,
			HALFOPEN_ERROR, 0, 4, 1, true, "fd00:11::11"},
		{"time exceeded, with 8 bytes of the segment",
			"4500003800010000400165b80a00010b0a0000020b008e3f00000000"
			"4500002c00004000010633c00a000002cb00710afc5801bb12345678",
			HALFOPEN_ERROR, 0, 11, 0, false, "10.0.1.11"},
		{"time exceeded in IPv6",
			"6000000000483a40fd000011000000000000000000000011fd00001000000000000000000000000203009c4c00000000" SYN6,
			HALFOPEN_ERROR, 0, 3, 0, false, "fd00:11::11"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct halfopen_answer answer;
		struct halfopen_connection expected;
		char from[ADDR_TEXT_SIZE];
		uint8_t bytes[256];

		print_message("%s\n", rows[i].what);
		assert_true(halfopen_read(bytes, read_hex(rows[i].hex, bytes), &answer));
		assert_int_equal(answer.kind, rows[i].kind);
		assert_int_equal(answer.mss, rows[i].mss);
		expected = answer.connection.vip.family == ADDR_IPV4 ? ipv4() : ipv6();
		assert_memory_equal(&answer.connection, &expected, sizeof(expected));
		assert_int_equal(answer.icmp_type, rows[i].type);
		assert_int_equal(answer.icmp_code, rows[i].code);
		assert_int_equal(answer.in_tunnel, rows[i].in_tunnel);
		if (rows[i].from != NULL)
			assert_string_equal(
				addr_format(&answer.from, from, sizeof(from)), rows[i].from);
	}
}

static void what_is_no_answer_is_not_read(void **state)
{
	static const struct {
		const char *what;
		const char *hex;
	} rows[] = {
		{"nothing", ""},
		{"another version", "5500002800010000400634c3cb00710a0a000002"},
		{"an ACK",
			"4500002800010000400634c3cb00710a0a00000201bbfc58000000071234567950102000e2ff0000"},
		{"a RST without ACK",
			"4500002800010000400634c3cb00710a0a00000201bbfc580000000700000000500420004bb90000"},
		{"a SYN",
			"4500002800010000400634c3cb00710a0a00000201bbfc580000000700000000500220004bbb0000"},
		{"a header length of 4 words",
			"4400002800010000400634c3cb00710a0a00000201bbfc58000000071234567950122000e2fd0000"},
		{"a TCP header of 4 words",
			"4500002800010000400634c3cb00710a0a00000201bbfc58000000071234567940122000e2fd0000"},
		{"a TCP header that is longer than the packet",
			"4500002800010000400634c3cb00710a0a00000201bbfc580000000712345679f0122000e2fd0000"},
		{"UDP", "4500001c00010000401134c4cb00710a0a00000201bbfc580008bbbd"},
		{"an echo request", "4500001c00010000400134d4cb00710a0a0000020800f7ff00000000"},
		{"a fragment",
			"4500002800012000400614c3cb00710a0a00000201bbfc58000000071234567950122000e2fd0000"},
		{"a quote of 7 bytes", "4500003700010000400165b90a00010b0a0000020b008eb700000000"
				       "4500002c00004000010633c00a000002cb00710afc5801bb123456"},
		{"ICMPv6 in IPv4", "4500005c00010000403a655b0a00010b0a0000020300000000000000" SYN6},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct halfopen_answer answer;
		uint8_t bytes[256];

		print_message("%s\n", rows[i].what);
		assert_false(halfopen_read(bytes, read_hex(rows[i].hex, bytes), &answer));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_is_a_syn_and_a_rst_behind_it),
		cmocka_unit_test(what_comes_back_is_read),
		cmocka_unit_test(what_is_no_answer_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
