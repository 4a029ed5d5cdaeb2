// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_STATE_PRIVATE_H
#define STORE_STATE_PRIVATE_H

#include <config/daemon.h>
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
