// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TRANSFER_H
#define FULCRUMCTL_TRANSFER_H

#include "load.h"
#include "session.h"

#include <config/config.h>

// On what terms: as in struct message_apply, all 0 by default.
struct transfer_terms {
	uint64_t if_version;
	uint32_t confirm_s;
	bool is_forced;
};

// Sends a whole configuration as a transaction that is yet to be committed, or planned. Returns the
// exit status.
int transfer_config(
	struct session *session, const struct config *config, const struct transfer_terms *terms);

// What a command does with the files' configuration, in a session. Returns the exit status.
typedef int transfer_fn(struct session *session, const struct config *config, void *context);

// Opens a session and runs 'run', and closes it.
int transfer_run_config(
	const struct ctl *ctl, const struct config *config, transfer_fn *run, void *context);
// The same after loading the files.
int transfer_run(
	const struct ctl *ctl, const struct load_files *files, transfer_fn *run, void *context);

#endif
