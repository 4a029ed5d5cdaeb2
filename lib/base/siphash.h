// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

// SipHash-2-4 with a 64-bit result; the same on machines of either byte order. Any thread.
// Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012.
uint64_t siphash(const uint8_t key[16], const void *data, size_t size);

#endif
