// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_HISTORY_PRIVATE_H
#define STORE_HISTORY_PRIVATE_H

#include <stdbool.h>
#include <store/history.h>

// What is told of a version stands in its file's name.

#define HISTORY_NAME_SIZE 128

// False for a name that no daemon wrote: also one whose numbers are written otherwise, or cannot be
// (STATE_VERSION_MAX).
bool history_name_read(const char *name, struct history_entry *out);
void history_name_write(const struct history_entry *entry, char name[HISTORY_NAME_SIZE]);

#endif
