// SPDX-License-Identifier: BSD-3-Clause
#ifndef PACKET_AES_PORTABLE_H
#define PACKET_AES_PORTABLE_H

#include <stdint.h>

// One AES encryption round (FIPS 197 5.1: SubBytes, ShiftRows, MixColumns, AddRoundKey) in place,
// in plain C: what the AESENC instruction does.
void aes_round_portable(uint8_t state[16], const uint8_t key[16]);

#endif
