// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "script.h"

#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>

// The pool of a simulation, as an operator and the probes have made it. A backend keeps its number
// for good: one that was removed and comes back is the same again.

#define BACKEND_NONE UINT16_MAX

struct pool_backend {
	char name[SCRIPT_NAME_SIZE];
	char zone[SCRIPT_NAME_SIZE]; // "": none
	uint32_t weight;
	bool present; // in the pool file; else it is leaving, and keeps what it has
	bool dead; // it serves nobody, whatever the probes say
	bool up; // so the probes say
	bool draining;
	bool disabled;
	bool ramps; // its slow start goes on
	uint8_t slow_start_tenths; // tenths of its weight that it does not get yet
	uint32_t ramp_from_s;
};

struct pool {
	struct pool_backend *backends;
	uint32_t count;
	char prefer[SCRIPT_NAME_SIZE]; // zones with commas between them; "": all alike
	uint32_t floor; // percent
	uint32_t slow_start_s;
	uint32_t now_s; // when the events are that come next
};

// Its number, or BACKEND_NONE.
uint32_t pool_find(const struct pool *pool, const char *name);
// Adds "b0", "b1" .. of weight 100, all up. 0 or -ENOMEM.
int pool_fill(struct pool *pool, uint32_t count);
void pool_free(struct pool *pool);

// A SCRIPT_BACKEND_* event, or one about zones. -EINVAL for a backend that is not there, or is
// already; -ENOMEM.
int pool_apply(struct pool *pool, const struct script_event *event, struct error *err);
// True: a slow start takes another step at 'now_s'.
bool pool_age(struct pool *pool, uint32_t now_s);

#endif
