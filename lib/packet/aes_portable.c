// SPDX-License-Identifier: BSD-3-Clause
#include <packet/aes_portable.h>

#include <string.h>

// FIPS 197 figure 7, computed rather than typed: the inverse in GF(2^8), then the affine map.
static uint8_t sbox[256];

static uint8_t times_two(uint8_t x)
{
	return (uint8_t)(x << 1 ^ ((x >> 7) * 0x1b));
}

static uint8_t rotate_left(uint8_t x, int by)
{
	return (uint8_t)(x << by | x >> (8 - by));
}

__attribute__((constructor)) static void make_sbox(void)
{
	uint8_t p = 1;
	uint8_t q = 1;

	// 3 generates the field, and 0xf6 is its inverse: p runs over all elements, q over their
	// inverses.
	do {
		p = (uint8_t)(p ^ times_two(p));
		q = (uint8_t)(q ^ q << 1);
		q = (uint8_t)(q ^ q << 2);
		q = (uint8_t)(q ^ q << 4);
		q = (uint8_t)(q ^ ((q >> 7) * 0x09));
		sbox[p] = (uint8_t)(q ^ rotate_left(q, 1) ^ rotate_left(q, 2) ^ rotate_left(q, 3) ^
				    rotate_left(q, 4) ^ 0x63);
	} while (p != 1);
	sbox[0] = 0x63;
}

void aes_round_portable(uint8_t state[16], const uint8_t key[16])
{
	uint8_t s[16];

	for (int i = 0; i < 16; i++)
		s[i] = sbox[state[(i + 4 * (i % 4)) % 16]]; // row i % 4 moves left by i % 4 columns
	for (int c = 0; c < 16; c += 4) {
		uint8_t all = (uint8_t)(s[c] ^ s[c + 1] ^ s[c + 2] ^ s[c + 3]);

		for (int r = 0; r < 4; r++)
			state[c + r] =
				(uint8_t)(s[c + r] ^ all ^
					  times_two((uint8_t)(s[c + r] ^ s[c + (r + 1) % 4])) ^
					  key[c + r]);
	}
}
