// SPDX-License-Identifier: BSD-3-Clause
#include <metrics/histogram.h>

const uint32_t histogram_bounds_us[HISTOGRAM_BOUNDS] = {500, 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000};

const char *const histogram_bounds_text[HISTOGRAM_BOUNDS] = {"0.0005", "0.001", "0.0025", "0.005",
	"0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0"};

void histogram_observe(struct histogram *histogram, uint64_t took_us)
{
	uint32_t at = 0;

	while (at < HISTOGRAM_BOUNDS && took_us > histogram_bounds_us[at])
		at++;
	histogram->counts[at]++;
	histogram->sum_us += took_us;
}
