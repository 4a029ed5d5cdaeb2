// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_ALLOWANCE_H
#define HANDOVER_ALLOWANCE_H

#include <stdint.h>

// Time that some work may take of a thread: a share in the long run, of which a bounded part may be
// taken at once. What it took is known when it is done, so it may be overdrawn by the last piece of
// work, and is paid back by waiting. One thread.

struct allowance {
	uint64_t share; // one part of so many
	int64_t most_ns; // that is saved up
	int64_t left_ns;
	uint64_t at_ns; // of the last look
};

// All that can be saved up is there.
void allowance_init(struct allowance *allowance, uint64_t share, uint64_t most_ns, uint64_t now_ns);
void allowance_take(struct allowance *allowance, uint64_t ns, uint64_t now_ns);
// How long until there is as much.
uint64_t allowance_wait_ns(struct allowance *allowance, uint64_t least_ns, uint64_t now_ns);

#endif
