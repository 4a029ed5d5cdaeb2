// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_APPLY_PRIVATE_H
#define CONTROL_APPLY_PRIVATE_H

#include <base/error.h>
#include <channel/message.h>
#include <commit/commits.h>
#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>
#include <store/history.h>

// How a configuration comes in force: a client's transaction, and what its commit (commits.h has
// the steps) asks of the loop.

struct control;

// The records that a client has sent since it began a transaction.
struct transaction {
	struct config *config; // NULL: none is open
	struct message_apply header;
	int code; // why it cannot be committed, a positive errno; 0
	struct error error;
};

// --- transaction.c: the records of a client ---

void transaction_begin(struct control *control);
void transaction_add(struct control *control, enum message_type type);
// Commits it, or tells what that would do.
void transaction_commit(struct control *control, bool is_plan);
void transaction_forget(struct transaction *transaction);

// --- commit_host.c: the loop, as the commits need it ---

// 0 or -ENOMEM. After the jobs.
int control_commits_init(struct control *control);
// Changes the backends that the session selected, and the one that the request names.
void control_set_backend(struct control *control, const struct message_backend_set *set);

// --- install.c: what a commit made comes in force ---

void control_install(struct control *control, struct commit *commit);

// --- start.c: what a daemon begins with ---

// 0, or a negative errno with the sentence.
int control_start(struct control *control, struct error *err);

#endif
