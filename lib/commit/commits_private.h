// SPDX-License-Identifier: BSD-3-Clause
#ifndef COMMIT_COMMITS_PRIVATE_H
#define COMMIT_COMMITS_PRIVATE_H

#include <commit/commits.h>

// --- confirm.c ---

// What a commit with 'confirm_s' put in force begins to wait.
void confirm_begin(struct commits *commits, struct commit *commit);
void confirm_end(struct commits *commits);
// It could not be taken back: it is tried again soon.
void confirm_retry(struct commits *commits);

// --- reap.c, reload.c: such a commit is over ---

void reap_end(struct commits *commits, const struct commit *commit);
void reload_end(struct commits *commits, const struct commit *commit);

// --- commit_events.c: what becomes of a change, as events ---

// Before it is installed: the version, by whom, and each backend whose state it changes.
void commit_tell(struct commits *commits, const struct commit *commit);
void commit_tell_refusal(
	struct commits *commits, const struct history_entry *author, const char *reason);

// --- commits.c ---

// A commit of the daemon's own begins.
void commits_begin(struct commits *commits, struct commit *commit);

#endif
