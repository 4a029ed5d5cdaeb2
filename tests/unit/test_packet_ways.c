// SPDX-License-Identifier: BSD-3-Clause
#include <packet/checksum.h>
#include <packet/headers.h>
#include <packet/parse.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define FRAMES 2000000
#define L3     14

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

// The headers of a common packet, with up to three bytes spoilt near them.
static void make_headers(uint8_t frame[160], size_t size, size_t l4, uint8_t next, uint64_t *seed)
{
	uint16_t udp_size_be = be16((uint16_t)(size - l4 - next_random(seed) % 6));

	if (next == IP_UDP)
		memcpy(frame + l4 + 4, &udp_size_be, 2);
	else
		frame[l4 + 12] = (uint8_t)(5 + next_random(seed) % 3) << 4;
	for (uint64_t n = next_random(seed) % 4; n > 0; n--)
		frame[12 + next_random(seed) % (l4 + 10)] = (uint8_t)next_random(seed);
}

// Most checksums are put right again.
static void make_ipv4(uint8_t frame[160], size_t size, uint8_t next, uint64_t *seed)
{
	uint16_t total_be = be16((uint16_t)(size - L3 - next_random(seed) % 4));
	uint16_t sum;

	memcpy(frame + 12, "\x08\x00\x45", 3);
	memcpy(frame + L3 + 2, &total_be, 2);
	memcpy(frame + L3 + 6, "\x40\x00", 2);
	frame[L3 + 9] = next;
	make_headers(frame, size, L3 + 20, next, seed);
	memset(frame + L3 + 10, 0, 2);
	sum = (uint16_t)~checksum_ipv4_sum(frame + L3);
	if (next_random(seed) % 16 != 0)
		memcpy(frame + L3 + 10, &sum, 2);
}

static void make_ipv6(uint8_t frame[160], size_t size, uint8_t next, uint64_t *seed)
{
	uint16_t payload_be = be16((uint16_t)(size - L3 - 40 - next_random(seed) % 4));

	memcpy(frame + 12, "\x86\xdd\x60", 3);
	memcpy(frame + L3 + 4, &payload_be, 2);
	frame[L3 + 6] = next;
	make_headers(frame, size, L3 + 40, next, seed);
}

static size_t make_frame(uint8_t frame[160], uint64_t *seed)
{
	static const uint8_t tcp_or_udp[] = {IP_TCP, IP_UDP};
	uint8_t next = tcp_or_udp[next_random(seed) % 2];
	bool ipv6 = next_random(seed) % 2 != 0;
	size_t size = (ipv6 ? 74 : 54) + next_random(seed) % 40;

	memset(frame, 0, 160);
	for (size_t i = 0; i < size; i++)
		frame[i] = (uint8_t)next_random(seed);
	if (ipv6)
		make_ipv6(frame, size, next, seed);
	else
		make_ipv4(frame, size, next, seed);
	return next_random(seed) % 16 != 0 ? size : next_random(seed) % size;
}

static void the_short_way_and_the_long_one_agree_on_any_bytes(void **state)
{
	uint64_t seed = 88172645463325252ull;
	uint32_t parsed = 0;

	for (uint32_t i = 0; i < FRAMES; i++) {
		uint8_t frame[160];
		size_t size = make_frame(frame, &seed);
		enum drop_reason a = DROP_REASON_COUNT, b = DROP_REASON_COUNT;
		struct packet quick, slow;
		int rc = packet_parse(frame, size, i % 2 == 0, &quick, &a);

		assert_int_equal(parse_slowly(frame, size, i % 2 == 0, &slow, &b), rc);
		assert_int_equal(a, b);
		if (rc == 0)
			assert_memory_equal(&quick, &slow, sizeof(quick));
		parsed += rc == 0;
	}
	assert_in_range(parsed, FRAMES / 4, FRAMES * 3 / 4); // there is much of both
}

static void a_header_checksum_is_good_where_its_sum_is_all_ones(void **state)
{
	static const uint8_t ones[20] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint64_t seed = 88172645463325252ull;

	assert_true(checksum_ipv4_is_good(ones));
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t words[3] = {next_random(&seed), next_random(&seed), next_random(&seed)};
		uint16_t sum;

		if (i % 4 == 0) // many carries
			words[0] |= words[1] | 0xffffffff00000000;
		memset((uint8_t *)words + 10, 0, 2);
		sum = (uint16_t)~checksum_ipv4_sum(words);
		sum ^= (uint16_t)(i % 8 == 7 ? next_random(&seed) % 3 : 0);
		memcpy((uint8_t *)words + 10, &sum, 2);
		assert_int_equal(checksum_ipv4_is_good(words), checksum_ipv4_sum(words) == 0xffff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_short_way_and_the_long_one_agree_on_any_bytes),
		cmocka_unit_test(a_header_checksum_is_good_where_its_sum_is_all_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
