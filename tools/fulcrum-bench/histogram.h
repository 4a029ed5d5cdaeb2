// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>
#include <string.h>

// How often values came, in steps of 1/64 of the value, exact below 128. Adding one takes a few
// instructions, since it is done between packets. One thread.

#define HISTOGRAM_BITS  6
#define HISTOGRAM_STEPS (1u << HISTOGRAM_BITS)
#define HISTOGRAM_SIZE  ((64 - HISTOGRAM_BITS + 1) * HISTOGRAM_STEPS)

struct histogram {
	uint64_t count;
	uint64_t largest;
	uint64_t steps[HISTOGRAM_SIZE];
};

static inline void histogram_clear(struct histogram *histogram)
{
	memset(histogram, 0, sizeof(*histogram));
}

static inline uint32_t histogram_step(uint64_t value)
{
	uint32_t shift = 63 - HISTOGRAM_BITS - (uint32_t)__builtin_clzll(value | HISTOGRAM_STEPS);

	return shift * HISTOGRAM_STEPS + (uint32_t)(value >> shift);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->count++;
	histogram->steps[histogram_step(value)]++;
	if (value > histogram->largest)
		histogram->largest = value;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other);

// The least value that a 'share' of them does not exceed, to the step; 0 of none.
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
