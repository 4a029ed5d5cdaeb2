// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_HISTORY_H
#define CONTROL_HISTORY_H

#include <base/error.h>
#include <config/config.h>
#include <stdint.h>

// The last applied configurations, in 'history' in the state folder: a second name of each 'pools.yaml' (state.h) that
// tells which version it is, when it was applied and by whom. Any thread; one at a time but for history_list().

#define HISTORY_MAX         10 // older ones go
#define HISTORY_UID_UNKNOWN UINT32_MAX

struct history_entry {
	uint64_t version;
	uint64_t applied_s; // wall clock
	uint32_t uid; // of the client's process; HISTORY_UID_UNKNOWN
	uint32_t pid; // 0: unknown
};

// Who runs process 'pid' (0 is nobody's), into the entry.
void history_identify(struct history_entry *entry, uint32_t pid);

// What was just saved becomes the entry, in the place of an earlier one of the same version. 0, or a negative errno
// with the sentence. A folder "" is none: 0.
int history_keep(const char *folder, const struct history_entry *entry, struct error *err);
// Newest first; returns how many.
uint32_t history_list(const char *folder, struct history_entry out[HISTORY_MAX]);
// 0, or a negative errno with the sentence: -ENOENT where that version is not kept.
int history_load(const char *folder, uint64_t version, struct config **out, struct error *err);

#endif
