// SPDX-License-Identifier: BSD-3-Clause
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

// What each target is: called with any bytes, it must return, and say by FUZZ_ASSERT what must
// hold.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// In force in every build, unlike assert().
#define FUZZ_ASSERT(condition)                                                          \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif
