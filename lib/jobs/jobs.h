// SPDX-License-Identifier: BSD-3-Clause
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include <jobs/job.h>

// Who may use the loop's one thread for long work, and who first. Each kind of job is asked, in the
// order of the list, whether it wants to start one; the first that does has the thread until its
// piece is done. Called on the loop's thread.

struct jobs;

// By priority.
enum jobs_kind {
	JOBS_COMMIT, // a change of the running configuration; while it asks the kernel, nobody else builds
	JOBS_SHOW, // what a client waits for
	JOBS_REBUILD, // a snapshot of what became known
	JOBS_HEALTH, // what is known of backends, for the disk
	JOBS_CHECKPOINT, // flows, should the daemon die
	JOBS_KINDS
};

// Starts a job by jobs_run() where one is wanted. True: nobody after it has his turn now.
typedef bool jobs_start_fn(void *context);

// 0 or -ENOMEM.
int jobs_new(struct event_base *base, struct jobs **out);
// Waits for the piece at hand, whose 'done' is not called. NULL is fine.
void jobs_free(struct jobs *jobs);
// How jobs of that kind are started. Once for each; until then the kind is passed over.
void jobs_set(struct jobs *jobs, enum jobs_kind kind, jobs_start_fn *start, void *context);
// Something is wanted, or a piece is done: starts the next one, unless one is at hand.
void jobs_next(struct jobs *jobs);
// In a start function: runs 'work' on the thread and then 'done' on the loop, which calls
// jobs_next() at its end.
void jobs_run(struct jobs *jobs, job_fn *work, job_fn *done, void *context);

#endif
