// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TRANSFER_H
#define FULCRUMCTL_TRANSFER_H

#include "load.h"
#include "session.h"

#include <config/config.h>

// Sends a whole configuration as a transaction that is yet to be committed, or planned. Returns the exit status.
int transfer_config(struct session *session, const struct config *config, uint64_t if_version,
	uint32_t confirm_s);

// What a command does with the files' configuration, in a session. Returns the exit status.
typedef int transfer_fn(struct session *session, const struct config *config, void *context);

// Loads the files, opens a session and runs 'run'; what it opened it closes.
int transfer_run(
	const struct ctl *ctl, const struct load_files *files, transfer_fn *run, void *context);

#endif
