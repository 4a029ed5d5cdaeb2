// SPDX-License-Identifier: BSD-3-Clause
#ifndef JOBS_JOB_H
#define JOBS_JOB_H

#include <stdbool.h>
#include <stdint.h>

// Long work (checking a large configuration, building tables, writing a file) on a thread beside
// the event loop and on the same cores, one piece at a time, so that probes and timers go on
// meanwhile. What a piece reads nobody changes until it is done; what it makes is its own until
// then. Called on the loop's thread.

struct event_base;
struct job;
typedef void job_fn(void *context);

// 0 or -ENOMEM.
int job_new(struct event_base *base, struct job **out);
// Waits for the piece at hand, whose 'done' is not called. NULL is fine.
void job_free(struct job *job);
// The same until that time (clock_monotonic_ns()). False: the piece is not over. Then the thread
// stays behind with what the piece owns, and the process is to end by _exit().
bool job_end(struct job *job, uint64_t until_ns);

bool job_is_busy(const struct job *job);
// Runs 'work' on the thread and then 'done' on the loop. Not while it is busy.
void job_start(struct job *job, job_fn *work, job_fn *done, void *context);

#endif
