// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as a file's name in the history: one that is taken is, to the byte, what a daemon would
// have named that version.
#include <store/history_private.h>
#include <store/state_private.h>

#include "fuzz.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[256], again[HISTORY_NAME_SIZE];
	struct history_entry entry, back;

	if (size >= sizeof(name))
		return 0;
	memcpy(name, data, size);
	name[size] = '\0';
	if (!history_name_read(name, &entry))
		return 0;
	FUZZ_ASSERT(entry.version > 0 && entry.version <= STATE_VERSION_MAX);
	FUZZ_ASSERT(entry.applied_s <= STATE_TIME_MAX_S && entry.kind < HISTORY_KINDS);
	history_name_write(&entry, again);
	FUZZ_ASSERT(history_name_read(again, &back) && memcmp(&back, &entry, sizeof(entry)) == 0);
	// A name of a release that told less is shorter.
	FUZZ_ASSERT(strcmp(name, again) == 0 || strlen(name) < strlen(again));
	return 0;
}
