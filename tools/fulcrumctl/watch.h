// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_WATCH_H
#define FULCRUMCTL_WATCH_H

#include "ctl.h"

// Looks again and again, until Ctrl-C, which ends it with status 0.

#define WATCH_OPTION                                                                             \
	{                                                                                        \
		"watch", 'w', "TIME", 0, "Look again after so long, such as 1s, until Ctrl-C", 0 \
	}

// The value of --watch; what is wrong with it is a usage error.
uint32_t watch_parse(const char *value, const struct argp_state *state);

// From now on Ctrl-C is a wish that watch_wait() tells of; a second one ends the process.
void watch_begin(void);
// Waits so long. False: the end is asked for.
bool watch_wait(uint32_t period_ms);

// One look: prints on stdout and stderr, and returns the exit status.
typedef int watch_fn(void *context);

// On a terminal each look takes the place of the one before; elsewhere it follows. Where the first
// look fails, that is the end; a later one that fails is told, and the next one may find the daemon
// again.
int watch_run(uint32_t period_ms, watch_fn *look, void *context);

#endif
