// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_HISTOGRAM_H
#define METRICS_HISTOGRAM_H

#include <stdint.h>

// How long things took, counted by buckets that all histograms share: from half a millisecond to 5
// s, which is what probes of a near network and of a far one take. A plain value, zeroed at first;
// one thread at a time.

#define HISTOGRAM_BOUNDS 13

extern const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS];
extern const char *const histogram_bounds_text[HISTOGRAM_BOUNDS]; // in seconds: "0.0005", "1.0"

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS +
			1]; // above the bound before, up to its own; the last one: above all
	uint64_t sum_us;
};

void histogram_observe(struct histogram *histogram, uint64_t took_us);

#endif
