// SPDX-License-Identifier: BSD-3-Clause
#ifndef PIPELINE_RATE_H
#define PIPELINE_RATE_H

#include <stdbool.h>
#include <stdint.h>

// A token bucket that holds a tenth of a second's worth. Refilled by the worker's loop, so that
// taking a token is a decrement. One thread.
struct rate {
	uint64_t per_second; // 0: no limit
	uint64_t filled_tsc;
	uint64_t tokens;
};

static inline void rate_init(struct rate *rate, uint64_t per_second, uint64_t tsc)
{
	rate->per_second = per_second;
	rate->filled_tsc = tsc;
	rate->tokens = per_second / 10 + 1;
}

// For whoever looks at the clock now and then: a division, so not once a packet.
static inline void rate_refill(struct rate *rate, uint64_t tsc, uint64_t tsc_per_ms)
{
	// A worker's counter may be a little behind that of the core which made the bucket.
	uint64_t ms = tsc > rate->filled_tsc ? (tsc - rate->filled_tsc) / tsc_per_ms : 0;
	uint64_t full = rate->per_second / 10 + 1;
	uint64_t fresh = rate->per_second * ms / 1000;

	if (fresh == 0)
		return;
	rate->filled_tsc = tsc;
	rate->tokens = rate->tokens + fresh > full ? full : rate->tokens + fresh;
}

static inline bool rate_take(struct rate *rate)
{
	if (rate->per_second == 0)
		return true;
	if (rate->tokens == 0)
		return false;
	rate->tokens--;
	return true;
}

#endif
