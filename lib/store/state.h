// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_STATE_H
#define STORE_STATE_H

#include <base/clock.h>
#include <base/error.h>
#include <config/config.h>
#include <stdint.h>

// The last committed configuration on disk, as YAML that fulcrumctl apply itself would take:
// 'pools.yaml' in the folder, and in 'pools.yaml.before' the one before. A process that is killed
// at any instruction leaves either the old one or the new one, whole; and nothing takes a place
// before it was read back and compared. Symbolic links are not followed (base/kept_file.h). A
// folder "" is none. Any thread, one at a time.

struct state_mark {
	uint64_t version;
	struct clock_stamp applied;
};

// 0, or a negative errno with the sentence: then what was there is still there.
int state_save(const char *folder, const struct config *config, uint64_t version,
	const struct clock_stamp *applied, struct error *err);
// The last one that can be read, or NULL: where 'pools.yaml' cannot be, the one before, and then
// all of the history, newest first. The log has each that cannot be read with the reason, which it
// is in the end, and whether the folder cannot be written. 'pools.yaml' that cannot be read is put
// aside, as 'pools.yaml.broken'.
struct config *state_load(const char *folder, struct state_mark *mark);
// The one before the version that was loaded, or NULL where it is not known.
struct config *state_load_before(
	const char *folder, const struct state_mark *loaded, struct state_mark *mark);

// A configuration whose backends were taken out of the pools before the last change, and still have
// connections, beside that: 'pools.yaml.left'. It goes from one daemon to the next with their
// flows, and stays as long as those.
int state_save_left(const char *folder, const struct config *config, struct error *err);
void state_forget_left(const char *folder);
// NULL: there is none. One that cannot be read is removed.
struct config *state_take_left(const char *folder);

#endif
