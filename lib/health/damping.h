// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_DAMPING_H
#define HEALTH_DAMPING_H

#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>

// Damping of one target that flaps. If it goes down more than 'flap_limit' times within
// 'flap_window', it is held down for 'flap_hold', whatever its probes say. If it goes down while it
// is held, the hold begins anew. If it goes down within a window after a hold, it is held twice as
// long as the last time, up to DAMPING_GROWTH_MAX holds; after a quiet window all is forgotten.
// Times are clock_monotonic_ns()'s. No clock, no memory.

#define DAMPING_LIMIT_MAX  15
#define DAMPING_GROWTH_MAX 16

struct damping {
	uint64_t downs_ns[DAMPING_LIMIT_MAX + 1]; // a ring
	uint32_t downs; // in all
	uint32_t flaps; // downs since it began to flap
	uint64_t flaps_from_ns; // the first of them
	uint64_t held_until_ns; // 0: it never was
	uint32_t growth; // of the last hold, in 'flap_hold's
};

// The target went down. True: from now on it is held, or anew.
bool damping_down(struct damping *damping, const struct config_health *policy, uint64_t now_ns);

static inline bool damping_holds(const struct damping *damping, uint64_t now_ns)
{
	return now_ns < damping->held_until_ns;
}

#endif
