// SPDX-License-Identifier: BSD-3-Clause
#include <packet/aes_portable.h>
#include <packet/hash.h>

#include <string.h>

#if defined(__x86_64__)
#include <wmmintrin.h>
#endif

const uint8_t hash_key_builtin[16] = {
	'F', 'u', 'l', 'c', 'r', 'u', 'm', ' ', 'k', 'e', 'y', ' ', 'z', 'e', 'r', 'o'};

// The round keys: the secret, whitened by a counter, through four rounds under itself.
void hash_key_init(struct hash_key *key, const uint8_t secret[16])
{
	for (uint8_t i = 0; i < HASH_ROUND_KEYS; i++) {
		memcpy(key->round[i], secret, 16);
		key->round[i][0] ^= (uint8_t)(i + 1);
		for (int r = 0; r < 4; r++)
			aes_round_portable(key->round[i], secret);
	}
}

static void mix_portable(
	const struct hash_key *key, const uint8_t *blocks, int count, uint8_t state[16])
{
	memcpy(state, key->round[0], 16);
	for (int b = 0; b < count; b++) {
		for (int i = 0; i < 16; i++)
			state[i] ^= blocks[16 * b + i];
		aes_round_portable(state, key->round[1]);
		aes_round_portable(state, key->round[2]);
	}
	aes_round_portable(state, key->round[3]);
}

// The tuple of IPv6 is two blocks and a half: the half is filled with zeros.
static int tuple_blocks(const struct packet *packet, uint8_t blocks[48])
{
	if (packet->family != ADDR_IPV6) {
		memcpy(blocks, &packet->ipv4, 16);
		return 1;
	}
	memcpy(blocks, packet->ipv6.destination, 16);
	memcpy(blocks + 16, packet->ipv6.source, 16);
	memcpy(blocks + 32, (const uint8_t *)&packet->ipv6 + 32, 8); // ports and protocol
	memset(blocks + 40, 0, 8);
	return 3;
}

void hash_packets_portable(const struct hash_key *key, const struct packet *packets, uint32_t count,
	struct hash128 *out)
{
	uint8_t blocks[48];

	for (uint32_t i = 0; i < count; i++)
		mix_portable(key, blocks, tuple_blocks(&packets[i], blocks), (uint8_t *)&out[i]);
}

static void source_blocks(const struct packet *packet, uint64_t salt, uint8_t blocks[32])
{
	memset(blocks, 0, 32);
	if (packet->family == ADDR_IPV6)
		memcpy(blocks, packet->ipv6.source, 16);
	else
		memcpy(blocks, &packet->ipv4.source_be, 4);
	memcpy(blocks + 16, &salt, 8);
}

uint64_t hash_source_portable(
	const struct hash_key *key, const struct packet *packet, uint64_t salt)
{
	uint8_t blocks[32];
	struct hash128 out;

	source_blocks(packet, salt, blocks);
	mix_portable(key, blocks, 2, (uint8_t *)&out);
	return out.slot;
}

#if defined(__x86_64__)
#define AES __attribute__((target("aes,sse4.1")))

AES static inline __m128i mix_block(const __m128i *key, __m128i state, __m128i block)
{
	state = _mm_aesenc_si128(_mm_xor_si128(state, block), key[1]);
	return _mm_aesenc_si128(state, key[2]);
}

AES static inline __m128i hash_ipv6(const __m128i *key, const struct packet *packet)
{
	__m128i destination = _mm_loadu_si128((const void *)packet->ipv6.destination);
	__m128i source = _mm_loadu_si128((const void *)packet->ipv6.source);
	__m128i rest = _mm_loadl_epi64((const void *)((const uint8_t *)&packet->ipv6 + 32));
	__m128i state = mix_block(key, key[0], destination);

	state = mix_block(key, state, source);
	return mix_block(key, state, rest);
}

AES static inline void load_key(const struct hash_key *hash_key, __m128i key[4])
{
	for (int i = 0; i < 4; i++)
		key[i] = _mm_loadu_si128((const void *)hash_key->round[i]);
}

AES static void hash_packets_aes(const struct hash_key *hash_key, const struct packet *packets,
	uint32_t count, struct hash128 *out)
{
	__m128i key[4];

	load_key(hash_key, key);
	for (uint32_t i = 0; i < count; i++) {
		__m128i state;

		if (__builtin_expect(packets[i].family == ADDR_IPV6, 0))
			state = hash_ipv6(key, &packets[i]);
		else
			state = mix_block(
				key, key[0], _mm_loadu_si128((const void *)&packets[i].ipv4));
		_mm_storeu_si128((void *)&out[i], _mm_aesenc_si128(state, key[3]));
	}
}

AES static uint64_t hash_source_aes(
	const struct hash_key *hash_key, const struct packet *packet, uint64_t salt)
{
	uint8_t blocks[32];
	__m128i key[4];
	__m128i state;

	source_blocks(packet, salt, blocks);
	load_key(hash_key, key);
	state = mix_block(key, key[0], _mm_loadu_si128((const void *)blocks));
	state = mix_block(key, state, _mm_loadu_si128((const void *)(blocks + 16)));
	return (uint64_t)_mm_cvtsi128_si64(_mm_aesenc_si128(state, key[3]));
}

static bool aes_supported;

__attribute__((constructor)) static void look_for_aes(void)
{
	__builtin_cpu_init();
	aes_supported = __builtin_cpu_supports("aes") != 0;
}
#endif

void hash_packets(const struct hash_key *key, const struct packet *packets, uint32_t count,
	struct hash128 *out)
{
#if defined(__x86_64__)
	if (__builtin_expect(aes_supported, 1)) {
		hash_packets_aes(key, packets, count, out);
		return;
	}
#endif
	hash_packets_portable(key, packets, count, out);
}

uint64_t hash_source(const struct hash_key *key, const struct packet *packet, uint64_t salt)
{
#if defined(__x86_64__)
	if (__builtin_expect(aes_supported, 1))
		return hash_source_aes(key, packet, salt);
#endif
	return hash_source_portable(key, packet, salt);
}
