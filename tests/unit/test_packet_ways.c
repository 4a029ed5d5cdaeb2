// SPDX-License-Identifier: BSD-3-Clause
#include <packet/checksum.h>
#include <packet/headers.h>
#include <packet/parse_private.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define FRAMES 2000000
#define L3     14
#define L4     34

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

// A common packet, with up to three bytes spoilt near its headers; most checksums are put right again.
static size_t make_frame(uint8_t frame[128], uint64_t *seed)
{
	static const uint8_t tcp_or_udp[] = {IP_TCP, IP_UDP};
	size_t size = 54 + next_random(seed) % 40;
	uint16_t total_be = be16((uint16_t)(size - L3 - next_random(seed) % 4));
	uint16_t udp_size_be = be16((uint16_t)(size - L4 - next_random(seed) % 6));
	uint16_t sum;

	memset(frame, 0, 128);
	for (size_t i = 0; i < size; i++)
		frame[i] = (uint8_t)next_random(seed);
	memcpy(frame + 12, "\x08\x00\x45", 3);
	memcpy(frame + L3 + 2, &total_be, 2);
	memcpy(frame + L3 + 6, "\x40\x00", 2);
	frame[L3 + 9] = tcp_or_udp[next_random(seed) % 2];
	if (frame[L3 + 9] == IP_UDP)
		memcpy(frame + L4 + 4, &udp_size_be, 2);
	else
		frame[L4 + 12] = (uint8_t)(5 + next_random(seed) % 3) << 4;
	for (uint64_t n = next_random(seed) % 4; n > 0; n--)
		frame[12 + next_random(seed) % 44] = (uint8_t)next_random(seed);
	memset(frame + L3 + 10, 0, 2);
	sum = (uint16_t)~checksum_ipv4_sum(frame + L3);
	if (next_random(seed) % 16 != 0)
		memcpy(frame + L3 + 10, &sum, 2);
	return next_random(seed) % 16 != 0 ? size : next_random(seed) % size;
}

static void the_short_way_and_the_long_one_agree_on_any_bytes(void **state)
{
	uint64_t seed = 88172645463325252ull;
	uint32_t parsed = 0;

	for (uint32_t i = 0; i < FRAMES; i++) {
		uint8_t frame[128];
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_short_way_and_the_long_one_agree_on_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
