// SPDX-License-Identifier: BSD-3-Clause
#ifndef FUZZ_FOLDER_H
#define FUZZ_FOLDER_H

#include <stddef.h>
#include <stdint.h>

// A state folder for a target whose parser reads files: in memory where the machine has such a
// place, and taken away when the process ends.

// Its path. The first call makes it.
const char *folder_path(void);
void folder_put(const char *name, const uint8_t *bytes, size_t size);

#endif
