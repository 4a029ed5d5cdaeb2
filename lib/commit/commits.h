// SPDX-License-Identifier: BSD-3-Clause
#ifndef COMMIT_COMMITS_H
#define COMMIT_COMMITS_H

#include <commit/commit.h>
#include <jobs/jobs.h>
#include <running/running.h>

// The changes of the running configuration, one after the other. Each goes this way; what is left
// of a line runs on the loop, where it takes no longer than a step may, what is right of it as a
// job on a thread beside:
//
//     WANTED --------------------------+
//        |                             v
//        |                          PREPARE   check it, compare, give its records their indexes
//        |       it is equal           |
//        |  +--------------------------+----> RESOLVE (loop, in steps: next hops of new backends)
//        |  |                                    |
//        |  |            what it would be <------+-----> BUILD    the snapshot: it fails here at last, or not at all
//        |  |            FORECAST                          |
//        |  |               |                              |
//        |  +---------------|--> INSTALL (loop: exchange the pointers, publish) <--+
//        |                  |        |
//     (a confirmation)------|--> CONCLUDE     say what changed, prepare what is saved, free what was before
//                           v        v
//                           DONE, or REFUSED from wherever it failed
//
// While one asks the kernel in RESOLVE no other job builds. A client's change that comes while the
// daemon's own is on its way waits for it; there is never more than one client's. All functions are
// the loop's.

struct event;
struct event_base;

// What the way of a commit needs of the loop around it. 'context' comes first in each.
struct commits_host {
	void *context;
	// What the last one changed is carried out: another one may begin.
	bool (*is_ready)(void *context);
	// For a build by a job that is about to start.
	void (*begin_build)(void *context, struct build *out);
	// What no file can say of a configuration that was read from the disk. 0, or a negative
	// errno with the sentence.
	int (*check)(void *context, const struct config *config, struct error *err);
	// Begins RESOLVE; commits_resolved() when all are known.
	void (*resolve)(void *context, struct commit *commit);
	// INSTALL: puts it in force, unless it is equal to what is.
	void (*install)(void *context, struct commit *commit);
	// Its state is COMMIT_DONE or COMMIT_REFUSED: keeps what is to be kept, and answers a
	// client where one waits.
	void (*end)(void *context, struct commit *commit);
	// The client is refused before his change has begun.
	void (*refuse)(void *context, int code, const char *sentence);
	// A client's change begins: his process, and he waits from now on.
	uint32_t (*admit)(void *context);
	// Takes the commit over and has commit_read() called beside the loop, then
	// commits_take_file() or commits_start().
	void (*read)(void *context, struct commit *commit);
	bool (*is_reading)(void *context);
};

// The version in force comes back to the one before unless it is confirmed in time
// (commit-confirm). It is not saved before: a restart takes it back, too.
struct commits_confirm {
	struct config *before; // that comes back; NULL: nothing waits
	uint64_t version_before;
	uint64_t until_ns;
	struct history_entry author; // of the version that waits
	struct event *timer;
};

struct commits {
	struct commits_host host;
	struct running *running; // what they change
	struct jobs *jobs;
	struct flow_table *const *flows; // one a worker
	uint32_t worker_count;
	uint32_t descriptors_own; // that the daemon has open without probes
	const char *state_folder; // "": there is none
	const char *pools_path; // what the daemon's own file names; "": nothing

	struct commit *current; // not over yet; NULL
	struct commit *next; // a client's that waits for it; NULL
	struct commits_confirm confirm;
	uint64_t reap_next_ns;
	bool reload_due;
	char pools_refusal[256]; // why the file was refused last; "": it was not
	uint64_t applied; // changes of the configuration by clients
	uint64_t failed;
	uint64_t
		grace_from_ns; // start of the one whose snapshot a worker may not have yet; 0. Whoever sees the end sets it to 0
};

// The timer of commit-confirm. 0 or -ENOMEM. What is borrowed outlives it.
int commits_init(struct commits *commits, struct event_base *base);
void commits_free(struct commits *commits); // a zeroed one is fine
// The jobs' start function (jobs.h); the context is the commits.
bool commits_job(void *context);

// --- What a client wants ---

// A new change of that kind; NULL without memory.
struct commit *commits_new(struct commits *commits, enum commit_kind kind);
// Takes a client's change over and answers when it is in force, or why not. NULL: there was no
// memory for it.
void commits_start(struct commits *commits, struct commit *commit);
// Has COMMIT_ROLLBACK's version read first.
void commits_roll_back(
	struct commits *commits, uint64_t version, uint32_t confirm_s, bool is_forced);
// What waits is confirmed, or taken back.
void commits_confirm(struct commits *commits, bool takes_back);

// --- What the loop says ---

// RESOLVE is over.
void commits_resolved(struct commits *commits);
// The file is read: puts it in force, unless another change is on its way; then it is read again.
// Takes the commit over.
void commits_take_file(struct commits *commits, struct commit *commit);
// Begins to read the file that the daemon's own names: now, or where it waited for its turn.
void commits_reload(struct commits *commits);
void commits_reload_next(struct commits *commits);
// Once a second: begins to let backends go that left and have no flow any more.
void commits_reap(struct commits *commits);
// A change of a client's was refused before it became a commit.
void commits_count_refusal(
	struct commits *commits, const struct history_entry *author, const char *reason);

// --- What is asked of them ---

bool commits_waits_for_confirmation(const struct commits *commits);
// Seconds that are left, at least 1; 0: nothing waits.
uint32_t commits_confirm_left_s(const struct commits *commits);

#endif
