// SPDX-License-Identifier: BSD-3-Clause
#include <store/history_private.h>
#include <store/state_private.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_FORMAT                                                                           \
	"%" PRIu64 "-%" PRIu64 "-%" PRIu32 "-%" PRIu32 "-%u-%" PRIu64 "-%" PRIu32 "-%" PRIu32 \
	".yaml"
#define NAME_SCAN                                                                             \
	"%" SCNu64 "-%" SCNu64 "-%" SCNu32 "-%" SCNu32 "-%u-%" SCNu64 "-%" SCNu32 "-%" SCNu32 \
	".yaml"
// Of a release that told less.
#define NAME_FORMAT_SHORT "%" PRIu64 "-%" PRIu64 "-%" PRIu32 "-%" PRIu32 ".yaml"

void history_name_write(const struct history_entry *entry, char name[HISTORY_NAME_SIZE])
{
	snprintf(name, HISTORY_NAME_SIZE, NAME_FORMAT, entry->version, entry->applied_s, entry->uid,
		entry->pid, (unsigned int)entry->kind, entry->of, entry->other_uid,
		entry->other_pid);
}

static void name_write_short(const struct history_entry *entry, char name[HISTORY_NAME_SIZE])
{
	snprintf(name, HISTORY_NAME_SIZE, NAME_FORMAT_SHORT, entry->version, entry->applied_s,
		entry->uid, entry->pid);
}

// scanf() takes signs, blanks, and numbers that are too large: what was read has to be what is
// written of it.
bool history_name_read(const char *name, struct history_entry *out)
{
	char again[HISTORY_NAME_SIZE];
	unsigned int kind;
	int count;

	*out = HISTORY_NOBODY;
	count = sscanf(name, NAME_SCAN, &out->version, &out->applied_s, &out->uid, &out->pid, &kind,
		&out->of, &out->other_uid, &out->other_pid);
	if (count == 8 && kind < HISTORY_KINDS) {
		out->kind = (enum history_kind)kind;
		history_name_write(out, again);
	} else if (count == 4) {
		name_write_short(out, again);
	} else {
		return false;
	}
	return strcmp(name, again) == 0 && state_mark_is_sound(out->version, out->applied_s);
}
