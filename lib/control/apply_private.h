// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_APPLY_PRIVATE_H
#define CONTROL_APPLY_PRIVATE_H

#include <base/error.h>
#include <channel/message.h>
#include <config/config.h>
#include <control/commit.h>
#include <stdbool.h>
#include <stdint.h>
#include <store/history.h>

// How a configuration comes in force: a client's transaction, its commit (commit.h has the steps), and a trial of it.

struct control;

// The records that a client has sent since it began a transaction.
struct transaction {
	struct config *config; // NULL: none is open
	struct message_apply header;
	int code; // why it cannot be committed, a positive errno; 0
	struct error error;
};

// A configuration that is taken back unless it is confirmed in time. It is not saved before: a restart takes it back, too.
struct trial {
	struct config *before; // that comes back; NULL: nothing waits
	uint64_t version_before;
	uint64_t until_ns;
	struct history_entry author; // of the version on trial
};

// --- transaction.c: the records of a client ---

void transaction_begin(struct control *control);
void transaction_add(struct control *control, enum message_type type);
// Commits it, or tells what that would do.
void transaction_commit(struct control *control, bool is_plan);
void transaction_forget(struct transaction *transaction);

// --- apply.c: a configuration becomes the running one ---

// Takes 'config' over, whose records nobody has checked, and answers when it is in force and saved, or why not. With
// 'confirm_s' it is taken back after so long, see confirm.c.
struct commit_terms {
	uint64_t if_version; // 0: whatever runs
	uint32_t confirm_s; // 0: for good
	bool is_forced; // whatever it takes out of service
};
void control_commit(
	struct control *control, struct config *config, const struct commit_terms *terms);
// Changes the backends that the session selected, and the one that the request names.
void control_set_backend(struct control *control, const struct message_backend_set *set);
void control_rollback(struct control *control, uint64_t version, const struct commit_terms *terms);
// Takes 'config' over and answers what a commit of it would change, and cost.
void control_plan(struct control *control, struct config *config);
void control_forecast_start(struct control *control);
// NULL without memory.
struct commit *control_commit_new(struct control *control);
// Takes the commit over (NULL: there was no memory for it) and starts it, or answers why not.
void control_commit_start(struct control *control, struct commit *commit);
// The commits' start function (jobs.h).
bool control_commit_next(void *context);
void control_prepare_start(struct control *control);
void control_build_start(struct control *control);
void control_conclude_start(struct control *control);

// --- confirm.c: what is taken back unless it is confirmed ---

// What a commit with 'confirm_s' put in force begins to wait.
void control_trial_begin(struct control *control, struct commit *commit);
void control_trial_end(struct control *control);
// It could not be taken back: it is tried again soon.
void control_trial_retry(struct control *control);
// When the time is over.
void control_trial_over(int fd, short what, void *context);
// Seconds that are left, at least 1; 0: nothing waits.
uint32_t control_trial_left_s(const struct control *control);
// A client's word. Answers.
void control_confirm(struct control *control, bool takes_back);

// --- install.c: what a commit made comes in force ---

void control_install(struct control *control, struct commit *commit);

// --- reap.c: backends that left ---

// Once a second: begins to let those go that have no flow any more.
void control_reap(struct control *control);
// The commit is over.
void control_reap_end(struct control *control, const struct commit *commit);

// --- reload.c: the file that the daemon's own file names ---

// Begins to read it where that is due.
void control_reload_next(struct control *control);
// It is read: starts its commit, which it takes over, unless another change is on its way; then it is read again.
void control_reload_read(struct control *control, struct commit *commit);
void control_reload_refused(struct control *control, const struct commit *commit);
void control_reload_done(struct control *control, const struct commit *commit);

// --- start.c: what a daemon begins with ---

// 0, or a negative errno with the sentence.
int control_start(struct control *control, struct error *err);

// --- tell.c: what becomes of a change, as events ---

// Before it is installed: the version, by whom, and each backend whose state it changes.
void control_tell_commit(struct control *control, const struct commit *commit);
void control_tell_refusal(
	struct control *control, const struct history_entry *author, const char *reason);

#endif
