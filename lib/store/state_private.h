// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_STATE_PRIVATE_H
#define STORE_STATE_PRIVATE_H

#include <config/daemon.h>
#include <stdbool.h>
#include <store/state.h>

// What stands around the YAML of a state file, and how each kind is written and read.

#define STATE_MARK_FORMAT "# version %lu, applied at %lu\n"
#define STATE_BOOT_FORMAT \
	"# boot %lx, applied at %lu\n" // a line that earlier daemons did not write
#define STATE_END_MARK "# end\n" // a file with the first mark and without this one was cut short

#define STATE_NOW    "pools.yaml"
#define STATE_BEFORE "pools.yaml.before"
#define STATE_LINK   "pools.yaml.link" // becomes STATE_BEFORE
#define STATE_BROKEN "pools.yaml.broken"
#define STATE_LEFT   "pools.yaml.left"

#define STATE_PATH_SIZE (DAEMON_PATH_SIZE + 160u)

// Numbers that are larger are no daemon's: a version is counted up by one, and a time is a date
// that can be written.
#define STATE_VERSION_MAX (1ull << 53)
#define STATE_TIME_MAX_S  253402300799ull // 9999-12-31T23:59:59Z

static inline bool state_mark_is_sound(uint64_t version, uint64_t applied_s)
{
	return version > 0 && version <= STATE_VERSION_MAX && applied_s <= STATE_TIME_MAX_S;
}

struct state_contents {
	int (*write)(const struct config *config, FILE *out);
	int (*load)(const char *path, struct config **out, struct error *err);
	// What of 'config' another that was read must be equal to.
	bool (*equals)(const struct config *config, const struct config *again);
};

extern const struct state_contents state_whole;
extern const struct state_contents state_leaving;

// 0, or a negative errno with the sentence.
int state_read(const char *path, const struct state_contents *contents, struct state_mark *mark,
	struct config **out, struct error *err);

#endif
