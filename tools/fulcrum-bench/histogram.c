// SPDX-License-Identifier: BSD-3-Clause
#include "histogram.h"

#include <math.h>

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	histogram->count += other->count;
	if (other->largest > histogram->largest)
		histogram->largest = other->largest;
	for (uint32_t i = 0; i < HISTOGRAM_SIZE; i++)
		histogram->steps[i] += other->steps[i];
}

// The largest value of a step.
static uint64_t value_of(uint32_t step)
{
	uint32_t shift = step < HISTOGRAM_STEPS ? 0 : step / HISTOGRAM_STEPS - 1;
	uint64_t first = step - shift * HISTOGRAM_STEPS;

	return (first << shift) + ((uint64_t)1 << shift) - 1;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share)
{
	uint64_t rank = (uint64_t)ceil(share * (double)histogram->count), below = 0;

	for (uint32_t i = 0; i < HISTOGRAM_SIZE && rank > 0; i++) {
		below += histogram->steps[i];
		if (below >= rank)
			return value_of(i) < histogram->largest ? value_of(i) : histogram->largest;
	}
	return 0;
}
