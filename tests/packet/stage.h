// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_PACKET_STAGE_H
#define TESTS_PACKET_STAGE_H

#include "world.h"

#include <pipeline/pipeline.h>
#include <rte_mempool.h>
#include <rte_ring.h>

// A worker between ports that are rings, in a process of its own and without hugepages: frames are put in, the
// worker polls once, and what it sent is taken out. Any failure of the set-up ends the program with a sentence.

// How a frame comes in; case.py has the same numbers.
enum how {
	FROM_WIRE,
	FROM_KERNEL,
	NO_HEADROOM,
	IN_PIECES,
	TOO_MANY_PIECES,
	WIRE_FULL,
	KERNEL_FULL,
	FROM_OTHER_WIRE,
};

// The two ports, and the first one's kernel side; the second has none.
enum { WIRE, OTHER_WIRE, KERNEL, SIDES };

#define STAGE_BURST_MAX 64

struct stage {
	struct side {
		struct rte_ring *rx;
		struct rte_ring *tx;
		uint16_t id;
	} sides[SIDES];
	struct rte_mempool *pool;
	struct world world;
	struct metrics_worker *metrics;
	struct worker_config config;
	struct worker *worker;
	void *flow_memory;
	uint64_t flow_capacity;
};

// 'config' says what is not about ports and memory.
void stage_open(struct stage *stage, uint64_t flow_capacity, const struct worker_config *config);
void stage_close(struct stage *stage); // fails when a buffer was lost
// Forgets flows and fragments. Those that were held are counted as dropped.
void stage_forget(struct stage *stage);

void stage_bring_in(struct stage *stage, enum how how, const uint8_t *bytes, uint32_t size);
// The next frame that left by a side, in one piece; the caller frees it. NULL: no more.
struct rte_mbuf *stage_take_out(struct stage *stage, uint32_t side);

void need(bool good, const char *what);

#endif
