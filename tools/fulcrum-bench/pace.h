// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_PACE_H
#define BENCH_PACE_H

#include <stdbool.h>
#include <stdint.h>

// When packets are due, whether anybody takes them then or not: a load that does not wait for the
// one that it loads. One thread.

#define PACE_GAPS     65536
#define PACE_FRACTION 8 // bits: gaps are short

struct pace {
	uint64_t start_tsc;
	uint64_t next; // since then, in fractions of a tick
	uint64_t number; // packets so far
	uint32_t gaps
		[PACE_GAPS]; // from one packet to the next, again and again; their mean is what was asked for
};

// Gaps of 'ticks' of the time stamp counter each, below 2^18; or drawn around that mean, as those
// of a Poisson process.
void pace_open(struct pace *pace, double ticks, bool is_poisson);
static inline void pace_start(struct pace *pace, uint64_t tsc)
{
	pace->start_tsc = tsc;
	pace->next = 0;
}

// When the next one is due.
static inline uint64_t pace_next(const struct pace *pace)
{
	return pace->start_tsc + (pace->next >> PACE_FRACTION);
}

// How many are due by 'now_tsc', 'most' of them at most; writes when each was.
static inline uint32_t pace_take(struct pace *pace, uint64_t now_tsc, uint32_t most, uint64_t *due)
{
	uint64_t now = (now_tsc - pace->start_tsc) << PACE_FRACTION;
	uint32_t count = 0;

	while (count < most && pace->next <= now) {
		due[count++] = pace->start_tsc + (pace->next >> PACE_FRACTION);
		pace->next += pace->gaps[pace->number++ % PACE_GAPS];
	}
	return count;
}

#endif
