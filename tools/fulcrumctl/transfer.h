// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_TRANSFER_H
#define FULCRUMCTL_TRANSFER_H

#include "session.h"

#include <config/config.h>

// Sends a whole configuration as a transaction that is yet to be committed, or planned. Returns the exit status.
int transfer_config(struct session *session, const struct config *config, uint64_t if_version,
	uint32_t confirm_s);

#endif
