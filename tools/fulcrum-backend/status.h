// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_STATUS_H
#define FULCRUM_BACKEND_STATUS_H

#include <base/error.h>

#include <stdbool.h>

// Prints attachment and counters of the agent, running or persisted, that pinned its maps under 'pin'.
// 0 with '*whole' false when filters are missing; -ENOENT when there is none.
int status_print(const char *pin, bool *whole, struct error *err);

#endif
