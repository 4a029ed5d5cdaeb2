// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <base/error.h>
#include <config/config.h>
#include <stdint.h>

// The last configurations that were in force, in 'history' in the state folder: a second name of
// each 'pools.yaml' (state.h) that tells which version it is, how and when it came in force, and by
// whom. Any thread; one at a time but for history_list() and history_load().

// So many whole configurations that somebody put in force are kept, and as many of what else became
// a version: changes of single backends, and what came back because nobody confirmed another.
// Neither kind pushes the other out.
#define HISTORY_APPLIES 50u
#define HISTORY_OTHERS  50u
#define HISTORY_MAX     (HISTORY_APPLIES + HISTORY_OTHERS)
// Of large ones fewer, so that all have no more than this many bytes; but the newest HISTORY_SURE
// applies in any case.
#define HISTORY_BYTES (256ull << 20)
#define HISTORY_SURE  10u

#define HISTORY_UID_UNKNOWN UINT32_MAX

// How a version came in force. A file has the number in its name: they stay as they are.
enum history_kind {
	HISTORY_APPLY, // also of a client's own making
	HISTORY_BACKEND, // a change of one backend
	HISTORY_ROLLBACK, // of version 'of'
	HISTORY_TAKEN_BACK, // somebody took version 'of' back, which 'other' had applied
	HISTORY_EXPIRED, // nobody confirmed version 'of', which 'other' had applied
	HISTORY_FILE, // the daemon read it from the file that its own file names
	HISTORY_KINDS,
};

struct history_entry {
	uint64_t version;
	uint64_t applied_s; // wall clock
	uint64_t of; // see the kinds; 0
	uint32_t uid; // of the process that put it in force; HISTORY_UID_UNKNOWN
	uint32_t pid; // 0: unknown
	uint32_t
		other_uid; // of HISTORY_APPLY: who confirmed it; see the kinds; HISTORY_UID_UNKNOWN
	uint32_t other_pid; // 0
	enum history_kind kind;
};

// Nobody's.
#define HISTORY_NOBODY                                                       \
	(struct history_entry)                                               \
	{                                                                    \
		.uid = HISTORY_UID_UNKNOWN, .other_uid = HISTORY_UID_UNKNOWN \
	}

// Who runs process 'pid' (0 is nobody's).
void history_identify(uint32_t pid, uint32_t *uid_out, uint32_t *pid_out);

// What was just saved becomes the entry, in the place of an earlier one of the same version. 0, or
// a negative errno with the sentence. A folder "" is none: 0.
int history_keep(const char *folder, const struct history_entry *entry, struct error *err);
// Newest first; returns how many.
uint32_t history_list(const char *folder, struct history_entry out[HISTORY_MAX]);
// The file of a version: 0, or -ENOENT.
int history_path(const char *folder, uint64_t version, char *path, size_t size);
// 0, or a negative errno with the sentence: -ENOENT where that version is not kept.
int history_load(const char *folder, uint64_t version, struct config **out, struct error *err);

#endif
