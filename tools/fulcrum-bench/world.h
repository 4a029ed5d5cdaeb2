// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "script.h"

#include <base/error.h>
#include <stddef.h>
#include <stdint.h>

// The simulated world: clients' TCP connections, a router that spreads them over balancers by a
// hash of its own (hash modulo the number of balancers, the worst kind), balancers, and the pool
// behind them. A connection belongs to the backend that its SYN went to, and breaks when a packet
// of it goes anywhere else. A broken one begins anew, as its client would.

struct world_options {
	uint32_t flows;
	uint32_t backends;
	uint32_t balancers;
	uint32_t table_size;
	uint64_t capacity; // flows that a balancer's table holds
	uint32_t seed;
};

enum broken {
	BROKEN_DOWN, // its backend is dead
	BROKEN_DISABLED, // its backend is disabled
	BROKEN_DROPPED, // a balancer dropped the packet
	BROKEN_MISTAKEN, // a balancer had an entry for it, and a wrong one
	BROKEN_FORGOTTEN, // the balancer that had its entry has lost it, and the tables say another backend
	BROKEN_MOVED, // it came to a balancer without its entry, and the tables say another backend
	BROKEN_MOVED_YOUNG, // likewise, and it began after the last change of the pool
	BROKEN_CAUSES,
};

#define WORLD_GROUPS_MAX 8 // that are counted apart; later ones count as the last

struct world_count {
	uint64_t connections; // that could have broken
	uint64_t packets;
	uint64_t broken[BROKEN_CAUSES];
	uint64_t refused; // connections that no backend took
	uint32_t groups; // of flows: those from the start, and one for each 'flows add'
	uint64_t broken_by_group[WORLD_GROUPS_MAX];
};

struct world_memory {
	size_t table; // of flows, one balancer's
	size_t view; // the Maglev tables
	size_t connections; // what the simulator itself remembers
};

struct world; // opaque

// All connections are open when it returns. 0 and '*out', or -EINVAL, -ENOMEM with the sentence.
int world_new(const struct world_options *options, struct world **out, struct error *err);
void world_free(struct world *world);

// One event, to take effect with world_go_on(). SCRIPT_EXPECT_* are the caller's. -EINVAL: names
// what is not there.
int world_apply(struct world *world, const struct script_event *event, struct error *err);
// What was applied happens, then every connection sends a packet; counts into 'count'.
int world_go_on(struct world *world, struct world_count *count, struct error *err);

struct world_memory world_memory(const struct world *world);
const char *broken_name(enum broken cause);

#endif
