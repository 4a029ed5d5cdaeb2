// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_RESTART_H
#define HANDOVER_RESTART_H

#include <handover/handover.h>
#include <store/saver.h>

// Both ends of a restart as the daemon goes through them, and what its log says of them. On the
// event loop's thread, while no worker and no job runs.

// Flows on their way to the next daemon. All members are for restart.c alone.
struct restart_save {
	const struct handover *handover;
	struct spool *spool; // NULL: there was no memory for it
	struct handover_count count;
	uint64_t begun_ns;
	int rc;
	struct error err;
};

// Reads the tables, and has the saver write what it finds: SAVER_FLOWS, and SAVER_LEFT with the
// backends that were removed.
void restart_save_begin(
	struct restart_save *save, const struct handover *handover, struct saver *saver);
// When the saver has ended. 'is_whole': it has written everything. Then the checkpoint is removed,
// which is of no use to anybody.
void restart_save_conclude(struct restart_save *save, bool is_whole);

// Restores the flows of the last daemon: from the file of a planned end, or else from the
// checkpoint of one that died. Without a state folder there is nothing to do. 'recall' is called
// with the hash tables that it had, which are gone when it returns.
typedef void restart_recall_fn(void *context, const struct past *past);
void restart_restore(const struct handover *handover, restart_recall_fn *recall, void *context);

#endif
