// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_CHECKPOINTER_H
#define HANDOVER_CHECKPOINTER_H

#include <handover/handover.h>
#include <jobs/jobs.h>
#include <store/saver.h>

// Writes a checkpoint (checkpoint.h) again and again while the daemon runs: within a tenth of a
// second when something happens that makes flows which no hash table finds (a change, a backend
// that fails), and every few seconds for those that begin meanwhile. It takes a fiftieth of a core
// in the long run, however large the tables are; events have half of what is saved up for
// themselves.
//
// All functions run on the event loop's thread. A step is a job (JOBS_CHECKPOINT), and what it
// makes goes to the disk by the saver, in SAVER_CHECKPOINT and SAVER_LEFT. A NULL in the place of a
// checkpointer is fine but for checkpointer_new().

struct checkpointer;
struct event_base;

// All that it is given is borrowed until checkpointer_free(). The first one is due soon. 0 or
// -ENOMEM.
int checkpointer_new(struct event_base *base, struct jobs *jobs, struct saver *saver,
	const struct handover *handover, struct checkpointer **out);
// When no job runs, nor will. What is half written is dropped; the saver is not used any more.
void checkpointer_free(struct checkpointer *checkpointer);
// Flows may have become such as no hash table finds.
void checkpointer_hurry(struct checkpointer *checkpointer);
// The configuration in force is about to become another one, or the daemon to end: what is half
// written is dropped. While no step runs.
void checkpointer_drop(struct checkpointer *checkpointer);
// What the saver says of SAVER_CHECKPOINT and SAVER_LEFT.
void checkpointer_conclude(struct checkpointer *checkpointer, int rc, const struct error *err);

#endif
