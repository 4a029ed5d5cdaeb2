// SPDX-License-Identifier: BSD-3-Clause
#include <base/addr.h>
#include <base/endpoint.h>
#include <base/error.h>
#include <base/map.h>
#include <base/parse.h>
#include <base/printable.h>
#include <base/siphash.h>

#include <errno.h>
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

static void text_that_is_no_address_is_refused(void **state)
{
	static const char *const bad[] = {"", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1 ",
		"::1%eth0", "localhost", "1:2:3"};
	struct addr addr;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(addr_parse(bad[i], &addr), -EINVAL);
}

static void an_address_survives_the_way_through_text(void **state)
{
	static const char *const good[] = {"203.0.113.10", "2001:db8::1", "::", "255.255.255.255"};
	char text[ADDR_TEXT_SIZE];
	struct addr addr;

	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(addr_parse(good[i], &addr), 0);
		assert_true(addr_is_sound(&addr));
		assert_string_equal(addr_format(&addr, text, sizeof(text)), good[i]);
	}
	addr.bytes[4] = 1; // behind an IPv4 address
	assert_false(addr_is_sound(&addr));
	assert_false(addr_is_sound(&(struct addr){.family = ADDR_IPV6, .zero = {1}}));
	assert_false(addr_is_sound(&(struct addr){.family = 5}));
	assert_false(addr_is_sound(&(struct addr){0}));
}

static void a_prefix_has_zeros_behind_it(void **state)
{
	static const char *const bad[] = {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/24",
		"/24", "2001:db8::/129", "2001:db8::1/64", "10.0.0.0/8/8", "10.0.0.0/-1"};
	static const char *const good[] = {
		"10.200.0.0/16", "0.0.0.0/0", "10.0.0.1/32", "2001:db8::/32", "::/0"};
	char text[ADDR_TEXT_SIZE + 4];
	struct prefix prefix;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(prefix_parse(bad[i], &prefix), -EINVAL);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(prefix_parse(good[i], &prefix), 0);
		assert_true(prefix_is_sound(&prefix));
		assert_string_equal(prefix_format(&prefix, text, sizeof(text)), good[i]);
	}
	prefix.zero[1] = 1;
	assert_false(prefix_is_sound(&prefix));
	assert_false(prefix_is_sound(&(struct prefix){.bits = 1}));
}

static void addresses_that_no_host_has_are_unusable(void **state)
{
	static const struct {
		const char *text;
		bool unusable;
	} rows[] = {{"0.0.0.0", true}, {"127.0.0.1", true}, {"224.0.0.1", true},
		{"255.255.255.255", true}, {"::", true}, {"::1", true}, {"ff02::1", true},
		{"::ffff:10.0.0.1", true}, {"10.0.0.1", false}, {"2001:db8::1", false}};
	struct addr addr;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(addr_parse(rows[i].text, &addr), 0);
		assert_int_equal(addr_is_unusable(&addr), rows[i].unusable);
	}
}

static void addresses_of_one_link_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool link_local;
	} rows[] = {{"169.253.255.255", false}, {"169.254.0.0", true}, {"169.254.255.255", true},
		{"169.255.0.0", false}, {"fe7f::1", false}, {"fe80::", true}, {"febf::1", true},
		{"fec0::1", false}, {"2001:db8::1", false}};
	struct addr addr;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(addr_parse(rows[i].text, &addr), 0);
		assert_int_equal(addr_is_link_local(&addr), rows[i].link_local);
	}
	assert_false(addr_is_link_local(&(struct addr){0}));
}

static void a_mac_is_six_hexadecimal_bytes(void **state)
{
	static const char *const bad[] = {
		"", "02:00:00:00:00", "02:00:00:00:00:1", "02:00:00:00:00:0g", "02-00-00-00-00-01"};
	char text[MAC_TEXT_SIZE];
	struct mac mac;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(mac_parse(bad[i], &mac), -EINVAL);
	assert_int_equal(mac_parse("02:00:5e:10:AB:ff", &mac), 0);
	assert_string_equal(mac_format(&mac, text, sizeof(text)), "02:00:5e:10:ab:ff");
}

static void durations_carry_a_unit(void **state)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t ms;
	} rows[] = {{"3", -EINVAL, 0}, {"", -EINVAL, 0}, {"s", -EINVAL, 0}, {"-1s", -EINVAL, 0},
		{"1.5s", -EINVAL, 0}, {"1 s", -EINVAL, 0}, {"1week", -EINVAL, 0},
		{"99999999999999999999s", -ERANGE, 0}, {"18446744073709551615d", -ERANGE, 0},
		{"250ms", 0, 250}, {"3s", 0, 3000}, {"10m", 0, 600000}, {"1h", 0, 3600000},
		{"2d", 0, 172800000}, {"0s", 0, 0}};
	uint64_t ms;

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(parse_duration_ms(rows[i].text, &ms), rows[i].rc);
		if (rows[i].rc == 0)
			assert_int_equal(ms, rows[i].ms);
	}
}

static void a_duration_is_written_in_its_largest_unit(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} rows[] = {{0, "0s"}, {250, "250ms"}, {1500, "1500ms"}, {3000, "3s"}, {90000, "90s"},
		{3600000, "1h"}, {86400000, "1d"}};
	char text[32];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(
			format_duration_ms(rows[i].ms, text, sizeof(text)), rows[i].text);
}

static void sizes_are_binary(void **state)
{
	char text[32];
	uint64_t bytes;

	assert_int_equal(parse_size("512MB", &bytes), -EINVAL);
	assert_int_equal(parse_size("17179869184GiB", &bytes), -ERANGE);
	assert_int_equal(parse_size("512MiB", &bytes), 0);
	assert_int_equal(bytes, 512ull << 20);
	assert_string_equal(format_size(bytes, text, sizeof(text)), "512MiB");
	assert_string_equal(format_size(4097, text, sizeof(text)), "4097");
}

static void a_number_has_digits_only(void **state)
{
	static const char *const bad[] = {"", "-1", "+1", "0x10", "1 ", "007", "1.0"};
	uint8_t bytes[2];
	uint64_t value;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(parse_u64(bad[i], &value), -EINVAL);
	assert_int_equal(parse_u64("18446744073709551616", &value), -ERANGE);
	assert_int_equal(parse_u64("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(parse_hex("a0F", bytes, 2), -EINVAL);
	assert_int_equal(parse_hex("a0 1", bytes, 2), -EINVAL);
	assert_int_equal(parse_hex("a0F1", bytes, 2), 0);
	assert_memory_equal(bytes, "\xa0\xf1", 2);
}

static void bytes_are_text_or_hexadecimal(void **state)
{
	static const struct {
		const char *text;
		int rc;
		size_t size;
		const char *bytes;
	} cases[] = {{"0x1", -EINVAL}, {"0xgg", -EINVAL}, {"five!", -ERANGE},
		{"0x0102030405", -ERANGE}, {"", 0, 0, ""}, {"0x", 0, 0, ""}, {"PING", 0, 4, "PING"},
		{"0X1", 0, 3, "0X1"}, {"0x00ff0d0a", 0, 4, "\x00\xff\r\n"}};
	uint8_t bytes[4];
	size_t size;

	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			parse_bytes(cases[i].text, bytes, sizeof(bytes), &size), cases[i].rc);
		if (cases[i].rc != 0)
			continue;
		assert_int_equal(size, cases[i].size);
		assert_memory_equal(bytes, cases[i].bytes, size);
	}
}

static void a_prefix_stands_before_the_sentence(void **state)
{
	struct error err;

	assert_int_equal(error_set(&err, EINVAL, "port %d is too large", 70000), -EINVAL);
	assert_int_equal(error_prefix(&err, EINVAL, "service '%s'", "web"), -EINVAL);
	assert_string_equal(err.text, "service 'web': port 70000 is too large");
	assert_int_equal(error_set(NULL, EIO, "nobody listens"), -EIO);
}

struct numbered {
	uint32_t number;
	struct map_node node;
};

static struct numbered *numbered_find(const struct map *map, uint32_t number)
{
	struct map_node *node = map_find(map, number % 1000);

	while (node != NULL && MAP_ENTRY(node, struct numbered, node)->number != number)
		node = map_find_next(node);
	return MAP_ENTRY(node, struct numbered, node);
}

static void an_endpoint_is_an_address_and_a_port(void **state)
{
	static const char *const bad[] = {"", ":", "1", "10.0.0.1", "10.0.0.1:", ":80",
		"10.0.0.1:x", "10.0.0.1:65536", "[10.0.0.1]:80", "::1:80", "[::1]", "[::1:80",
		"::1]:80", "[]:80", "10.0.0.1:80 ", "a.example:80",
		"[2001:0db8:0000:0000:0000:0000:0000:0001:0000:0000:0000]:80"};
	static const char *const good[] = {
		"10.0.0.1:80", "0.0.0.0:0", "[::1]:65535", "[2001:db8::7]:443"};
	char text[ENDPOINT_TEXT_SIZE];
	struct endpoint endpoint;

	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(endpoint_parse(bad[i], &endpoint), -EINVAL);
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(endpoint_parse(good[i], &endpoint), 0);
		assert_string_equal(endpoint_format(&endpoint, text, sizeof(text)), good[i]);
	}
}

static void a_map_keeps_nodes_that_share_a_hash_apart(void **state)
{
	static struct numbered all[5000];
	struct map map;
	uint32_t seen = 0;

	assert_int_equal(map_init(&map, 1), 0);
	for (uint32_t i = 0; i < COUNT(all); i++) {
		all[i].number = i;
		map_insert(&map, &all[i].node, i % 1000);
	}
	for (uint32_t i = 0; i < COUNT(all); i += 2)
		map_remove(&map, &all[i].node);
	for (uint32_t i = 0; i < COUNT(all); i++)
		assert_ptr_equal(numbered_find(&map, i), i % 2 == 0 ? NULL : &all[i]);
	for (struct map_node *node = map_first(&map); node != NULL; node = map_next(&map, node))
		seen++;
	assert_int_equal(seen, COUNT(all) / 2);
	assert_int_equal(map.count, COUNT(all) / 2);
	map_free(&map);
}

static void text_from_outside_is_made_printable(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{"", ""},
		{"plain text, 100%", "plain text, 100%"},
		{"\033[31mred\033[0m", "?[31mred?[0m"},
		{"a\r\nb\tc\177", "a??b?c?"},
		{"\xc2\x9b"
		 "31m",
			"?31m"}, // CSI as one character
		{"\x9b"
		 "31m",
			"?31m"}, // and as one byte
		{"\xe2\x80\xae"
		 "gpj.exe",
			"?gpj.exe"}, // right-to-left override
		{"\xe2\x81\xa6x\xe2\x81\xa9", "?x?"}, // isolates
		{"\xd8\x9c\xe2\x80\x8f\xe2\x80\x8b", "???"},
		{"\xe2\x80\xa8", "?"}, // a line's end
		{"\xf3\xa0\x81\x81", "?"}, // a tag
		{"caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80",
			"caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80"},
		{"\xff\xfe", "??"},
		{"\xc0\xaf", "??"}, // longer than it need be
		{"\xed\xa0\x80", "???"}, // half of a pair
		{"\xf4\x90\x80\x80", "????"}, // beyond the last one
		{"cut \xe6\x97", "cut ??"},
	};
	char text[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), "%s", rows[i].from);
		assert_string_equal(printable_make(text), rows[i].to);
	}
}

static void lines_of_text_from_outside_are_printed_without_escapes(void **state)
{
	static const char text[] = "a\033[2Jb\r\nc\td\xc2\x9b\n\xe2\x80\xae";
	char *out;
	size_t size;
	FILE *file = open_memstream(&out, &size);

	printable_line(file, "%s: %s, %u", "web\033]0;x\a", "1\r\n2\xc2\x85\xe2\x80\xae", 7);
	printable_lines(file, text, sizeof(text) - 1);
	printable_lines(file, "cut \xe6\x97\xa5", 6);
	fclose(file);
	assert_string_equal(out, "web?]0;x?: 1??2??, 7\na?[2Jb?\nc\td?\n?cut ??");
	free(out);
}

static void a_character_that_is_cut_by_the_end_of_its_bytes_is_none(void **state)
{
	static const char text[] = "\xf0\x9f\x98\x80";
	uint32_t code;

	for (size_t left = 1; left < 4; left++)
		assert_int_equal(utf8_measure(text, left, &code), 0);
	assert_int_equal(utf8_measure(text, 4, &code), 4);
	assert_int_equal(code, 0x1f600);
}

// The vectors of the paper's appendix A and of its reference implementation.
static void siphash_gives_its_authors_results(void **state)
{
	static const struct {
		size_t size;
		uint64_t result;
	} vectors[] = {{0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {7, 0xab0200f58b01d137},
		{8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}};
	uint8_t bytes[16];

	for (uint8_t i = 0; i < 16; i++)
		bytes[i] = i;
	for (size_t i = 0; i < COUNT(vectors); i++)
		assert_int_equal(siphash(bytes, bytes, vectors[i].size), vectors[i].result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_from_outside_is_made_printable),
		cmocka_unit_test(lines_of_text_from_outside_are_printed_without_escapes),
		cmocka_unit_test(a_character_that_is_cut_by_the_end_of_its_bytes_is_none),
		cmocka_unit_test(text_that_is_no_address_is_refused),
		cmocka_unit_test(an_address_survives_the_way_through_text),
		cmocka_unit_test(a_prefix_has_zeros_behind_it),
		cmocka_unit_test(addresses_that_no_host_has_are_unusable),
		cmocka_unit_test(addresses_of_one_link_are_told_apart),
		cmocka_unit_test(a_mac_is_six_hexadecimal_bytes),
		cmocka_unit_test(durations_carry_a_unit),
		cmocka_unit_test(a_duration_is_written_in_its_largest_unit),
		cmocka_unit_test(sizes_are_binary),
		cmocka_unit_test(a_number_has_digits_only),
		cmocka_unit_test(an_endpoint_is_an_address_and_a_port),
		cmocka_unit_test(bytes_are_text_or_hexadecimal),
		cmocka_unit_test(a_map_keeps_nodes_that_share_a_hash_apart),
		cmocka_unit_test(a_prefix_stands_before_the_sentence),
		cmocka_unit_test(siphash_gives_its_authors_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
