// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_BALANCER_H
#define BENCH_BALANCER_H

#include "pool.h"

#include <base/error.h>
#include <packet/parse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The balancers of a simulation: the production rooms behind a packet's tuple, without a NIC. All
// balancers of a world see one view, which is what each of them would have compiled from the same
// pool.

struct view; // opaque

// NULL without memory.
struct view *view_new(uint32_t table_size);
void view_free(struct view *view);
// The pool as it is now, from now on; also when only time has passed. 'begun' is how many
// connections have begun so far. 0, -EINVAL or -ENOMEM with the sentence.
int view_publish(struct view *view, const struct pool *pool, uint32_t now_s, uint64_t begun,
	struct error *err);
// True: it is to be published anew, though nothing happened but time.
bool view_is_due(const struct view *view, uint32_t now_s);
// Bytes of the Maglev tables that it holds.
size_t view_size(const struct view *view);

struct balancer; // opaque

// With an empty table of 'capacity' flows. NULL if there is no such table, or no memory.
struct balancer *balancer_new(uint64_t capacity);
void balancer_free(struct balancer *balancer);

struct judgement {
	uint16_t backend; // a number of the pool; BACKEND_NONE: dropped
	bool known; // by an entry
};

struct judgement balancer_judge(struct balancer *balancer, const struct view *view,
	const struct packet *packet, uint32_t now_s);

#endif
