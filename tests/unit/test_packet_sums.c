// SPDX-License-Identifier: BSD-3-Clause
#include <packet/aes_portable.h>
#include <packet/checksum.h>
#include <packet/hash.h>
#include <packet/headers.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CLIENT4      192, 0, 2, 1
#define VIP4         203, 0, 113, 10
#define CLIENT6      0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define VIP6         0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

// One byte pair at a time, as RFC 1071 1 reads.
static uint16_t sum_by_the_book(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void the_checksum_is_that_of_the_rfc(void **state)
{
	static const uint8_t example[] = {0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7}; // RFC 1071 3
	uint64_t seed = 88172645463325252;
	uint8_t bytes[1600];

	assert_int_equal(be16(checksum_sum(example, sizeof(example), 0)), 0xddf2);
	assert_int_equal(checksum_sum(example, 0, 0), 0);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(checksum_sum(bytes, sizeof(bytes), 0), 0xffff);
	for (int i = 0; i < 2000; i++) {
		size_t at = next_random(&seed) % 8;
		size_t size = next_random(&seed) % (sizeof(bytes) - 8);

		bytes[next_random(&seed) % sizeof(bytes)] = (uint8_t)next_random(&seed);
		assert_int_equal(
			be16(checksum_sum(bytes + at, size, 0)), sum_by_the_book(bytes + at, size));
		assert_int_equal(checksum_ipv4_sum(bytes + at), checksum_sum(bytes + at, 20, 0));
	}
}

static void the_pseudo_header_is_summed_as_it_would_stand(void **state)
{
	static const uint8_t pseudo4[] = {CLIENT4, VIP4, 0, 17, 0, 12};
	static const uint8_t pseudo6[] = {CLIENT6, VIP6, 0, 0, 0, 12, 0, 0, 0, 58};
	static const uint8_t sides[2][16] = {{CLIENT6}, {VIP6}};
	struct addr source;
	struct addr destination;

	assert_int_equal(addr_parse("192.0.2.1", &source), 0);
	assert_int_equal(addr_parse("203.0.113.10", &destination), 0);
	assert_int_equal(be16((uint16_t)checksum_pseudo_header(&source, &destination, 17, 12)),
		sum_by_the_book(pseudo4, sizeof(pseudo4)));
	source = addr_from_ipv6(sides[0]);
	destination = addr_from_ipv6(sides[1]);
	assert_int_equal(be16((uint16_t)checksum_pseudo_header(&source, &destination, 58, 12)),
		sum_by_the_book(pseudo6, sizeof(pseudo6)));
}

static void the_portable_round_is_that_of_fips_197(void **state)
{
	// Appendix B: the start of round 1, its key, the start of round 2
	uint8_t block[16] = {0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b, 0x9a, 0xc6, 0x8d, 0x2a,
		0xe9, 0xf8, 0x48, 0x08};
	static const uint8_t key[16] = {0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1, 0x23, 0xa3,
		0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05};
	static const uint8_t after[16] = {0xa4, 0x9c, 0x7f, 0xf2, 0x68, 0x9f, 0x35, 0x2b, 0x6b,
		0x5b, 0xea, 0x43, 0x02, 0x6a, 0x50, 0x49};

	aes_round_portable(block, key);
	assert_memory_equal(block, after, sizeof(after));
}

static void fill_randomly(struct packet *p, uint64_t *seed)
{
	*p = (struct packet){.family = next_random(seed) % 2 == 0 ? ADDR_IPV4 : ADDR_IPV6};
	for (size_t i = 0; i < 40; i++)
		if (p->family == ADDR_IPV6 || i < 16)
			((uint8_t *)&p->ipv6)[i] = (uint8_t)next_random(seed);
}

static void the_hash_is_the_same_with_aes_instructions_and_without(void **state)
{
	uint64_t seed = 88172645463325252;
	struct hash128 fast[64];
	struct hash128 portable[64];
	struct packet packets[64];
	struct hash_key key;

	hash_key_init(&key, hash_key_builtin);
	for (int round = 0; round < 200; round++) {
		for (size_t i = 0; i < COUNT(packets); i++)
			fill_randomly(&packets[i], &seed);
		hash_packets(&key, packets, COUNT(packets), fast);
		hash_packets_portable(&key, packets, COUNT(packets), portable);
		assert_memory_equal(fast, portable, sizeof(fast));
		for (size_t i = 0; i < COUNT(packets); i++)
			assert_int_equal(hash_source(&key, &packets[i], i),
				hash_source_portable(&key, &packets[i], i));
	}
}

static int bits_that_differ(const struct hash128 *a, const struct hash128 *b)
{
	return __builtin_popcountll(a->slot ^ b->slot) + __builtin_popcountll(a->flow ^ b->flow);
}

// Each bit of the key and of the tuple turns half of the hash, give or take what chance does.
static void each_bit_of_key_and_tuple_matters(void **state)
{
	uint8_t secret[16];
	uint64_t seed = 88172645463325252;
	struct hash_key key;
	struct hash_key other;
	struct packet p;
	struct hash128 before;
	struct hash128 after;

	memcpy(secret, hash_key_builtin, sizeof(secret));
	hash_key_init(&key, secret);
	for (int sample = 0; sample < 100; sample++) {
		fill_randomly(&p, &seed);
		hash_packets(&key, &p, 1, &before);
		for (int bit = 0; bit < (p.family == ADDR_IPV4 ? 128 : 320); bit++) {
			((uint8_t *)&p.ipv6)[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hash_packets(&key, &p, 1, &after);
			assert_in_range(bits_that_differ(&before, &after), 34, 94);
			((uint8_t *)&p.ipv6)[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (int bit = 0; bit < 128; bit++) {
			secret[bit / 8] ^= (uint8_t)(1 << bit % 8);
			hash_key_init(&other, secret);
			hash_packets(&other, &p, 1, &after);
			assert_in_range(bits_that_differ(&before, &after), 34, 94);
			secret[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

// The flows of real clients count upwards in ports and addresses. Chi-square over 256 bins has 255
// degrees of freedom: above 370 once in 300,000 times by chance.
static void close_by_tuples_spread_evenly(void **state)
{
	static uint32_t bins[6][256];
	struct hash_key key;
	struct hash128 hash;

	hash_key_init(&key, hash_key_builtin);
	for (uint32_t i = 0; i < 1 << 16; i++) {
		struct packet p = {.family = ADDR_IPV4};

		p.ipv4 = (struct tuple_ipv4){be32(0xc0000200 + i % 64), be32(0xcb00710a),
			be16((uint16_t)(1024 + i / 64)), be16(443), 6};
		hash_packets(&key, &p, 1, &hash);
		bins[0][hash.slot & 0xff]++;
		bins[1][hash.slot >> 56]++;
		bins[2][hash.slot % 65537 % 256]++;
		bins[3][hash.flow & 0xff]++;
		bins[4][hash.flow >> 56]++;
		bins[5][(hash.flow >> 20 ^ hash.slot) & 0xff]++;
	}
	for (size_t b = 0; b < COUNT(bins); b++) {
		double chi = 0;

		for (size_t i = 0; i < 256; i++)
			chi += (bins[b][i] - 256.0) * (bins[b][i] - 256.0) / 256.0;
		if (chi > 370)
			fail_msg("bins %zu: chi-square %.0f", b, chi);
	}
}

static void source_affinity_looks_at_the_source_alone(void **state)
{
	struct packet a = {
		.family = ADDR_IPV4, .ipv4 = {.source_be = be32(0xc0000201), .source_port_be = 1}};
	struct packet b = a;
	struct hash_key key;

	hash_key_init(&key, hash_key_builtin);
	b.ipv4.source_port_be = 2;
	b.ipv4.destination_be = 3;
	b.ipv4.protocol = 17;
	assert_int_equal(hash_source(&key, &a, 5), hash_source(&key, &b, 5));
	assert_int_not_equal(hash_source(&key, &a, 5), hash_source(&key, &a, 6));
	b.ipv4.source_be ^= 1;
	assert_int_not_equal(hash_source(&key, &a, 5), hash_source(&key, &b, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_that_of_the_rfc),
		cmocka_unit_test(the_pseudo_header_is_summed_as_it_would_stand),
		cmocka_unit_test(the_portable_round_is_that_of_fips_197),
		cmocka_unit_test(the_hash_is_the_same_with_aes_instructions_and_without),
		cmocka_unit_test(each_bit_of_key_and_tuple_matters),
		cmocka_unit_test(close_by_tuples_spread_evenly),
		cmocka_unit_test(source_affinity_looks_at_the_source_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
