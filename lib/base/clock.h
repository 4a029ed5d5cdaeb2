// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NS_PER_MS 1000000ull
#define CLOCK_NS_PER_S  1000000000ull

// CLOCK_MONOTONIC in nanoseconds: for intervals. Any thread.
uint64_t clock_monotonic_ns(void);

// How long this thread has run on a core, in nanoseconds: what a piece of work costs, however busy
// the machine is. Any thread.
uint64_t clock_cpu_ns(void);

// CLOCK_REALTIME in seconds since 1970, UTC: for what an operator reads, and never for a duration
// in memory. Any thread.
uint64_t clock_wall_s(void);

// A moment that outlives the process, for a file. Within one boot of the machine the time since
// then is that of a clock which nobody sets; after a reboot there is the wall clock alone.
struct clock_stamp {
	uint64_t wall_s;
	uint64_t boot; // a number of this boot's own; 0: not known
	uint64_t boot_s; // since the machine booted, sleep included
};

// Any thread.
void clock_stamp(struct clock_stamp *out);
// 0 where it seems to lie ahead. Any thread.
uint64_t clock_since_s(const struct clock_stamp *then);

// The same clock in nanoseconds.
uint64_t clock_wall_ns(void);

// Writes "2026-11-22T06:03:00Z"; 'size' at least 21. "never" for a time that no calendar reaches.
// Returns 'text'.
const char *clock_format_utc(uint64_t wall_s, char *text, size_t size);

#endif
