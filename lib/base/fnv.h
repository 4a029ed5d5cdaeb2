// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_FNV_H
#define BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

// FNV-1a of 64 bits: the same on every machine, and not keyed, so not for what a stranger chooses
// freely. Begins with FNV_START; what is added piece by piece is what is added at once. Any thread.
#define FNV_START 0xcbf29ce484222325ull

static inline uint64_t fnv_add(uint64_t hash, const void *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)bytes;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ull;
	return hash;
}

#endif
