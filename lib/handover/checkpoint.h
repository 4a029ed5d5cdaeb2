// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_CHECKPOINT_H
#define HANDOVER_CHECKPOINT_H

#include <handover/handover.h>

// For the case that the daemon dies: those flows of the workers' tables that no hash table sends to
// where they are, and these hash tables, in a file that the next daemon restores
// (handover_restore()). Written in steps while the workers run, on any thread, by one at a time.
// The configuration in force must stay until the end, and the current snapshot during a step.

struct checkpoint;

// Begins FLOWS_FILE_CHECKPOINT beside the last one, by 'spool' or at once where that is NULL. 0 and
// '*out', or a negative errno with the sentence.
int checkpoint_new(const struct handover *handover, struct spool *spool, struct checkpoint **out,
	struct error *err);
// Goes on for about so long, by the tables of the current snapshot. True: there is more to do.
bool checkpoint_step(struct checkpoint *checkpoint, uint64_t ns);
// What stands in the file; zeroed: nobody knows.
struct checkpoint_last {
	uint64_t tables; // mark of the hash tables, in a file without flows
	uint64_t at_ns; // when that was
};

// The file takes the place of the last one. One without flows that says what 'last' is stays as it
// is for minutes; without hash tables there is none. Frees. 0, or a negative errno with the
// sentence: then the last one is still there.
int checkpoint_close(
	struct checkpoint *checkpoint, struct checkpoint_last *last, struct error *err);
void checkpoint_abandon(struct checkpoint *checkpoint); // NULL is fine

#endif
