// SPDX-License-Identifier: BSD-3-Clause
#include "pace.h"

#include "generator.h"

#include <math.h>

// By the inverse of its distribution, at evenly spread places of it: their mean is right without
// drawing many.
static double exponential(uint32_t place)
{
	return -log(1 - ((double)place + 0.5) / PACE_GAPS);
}

static void shuffle(uint32_t *values)
{
	for (uint32_t i = PACE_GAPS - 1; i > 0; i--) {
		uint32_t other = (uint32_t)(generator_mix(i) % (i + 1)), value = values[i];

		values[i] = values[other];
		values[other] = value;
	}
}

void pace_open(struct pace *pace, double ticks, bool is_poisson)
{
	double unit = ticks * (1 << PACE_FRACTION), owed = 0;

	pace->number = 0;
	for (uint32_t i = 0; i < PACE_GAPS; i++) {
		owed += is_poisson ? unit * exponential(i) : unit;
		pace->gaps[i] = (uint32_t)owed;
		owed -= pace->gaps[i];
	}
	shuffle(pace->gaps);
	pace_start(pace, 0);
}
