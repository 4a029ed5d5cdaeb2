// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_AGENT_H
#define FULCRUM_BACKEND_AGENT_H

#include <base/error.h>

#include <stdbool.h>

#include "config.h"

// Attaches, tells the service manager, and watches until SIGTERM or SIGINT; then takes everything
// back, or with 'persist' leaves it as it is. Takes over from an agent that left or died before. 0,
// or a negative errno with what failed; then nothing of this start is left.
int agent_run(const struct config *config, bool persist, struct error *err);

// Takes back what an agent left under 'pin'. -ENOENT when there is nothing; -EBUSY while one runs.
int agent_detach(const char *pin, struct error *err);

#endif
