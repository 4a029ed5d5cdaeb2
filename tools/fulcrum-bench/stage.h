// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_STAGE_H
#define BENCH_STAGE_H

#include <halfopen/relay.h>
#include <pipeline/pipeline.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

// A worker between ports that are rings, in a process of its own and without hugepages: frames are
// put in, the worker polls once, and what it sent is taken out. Any failure of the set-up ends the
// program with a sentence.

// The two ports, and the first one's kernel side; the second has none.
enum { WIRE, OTHER_WIRE, KERNEL, SIDES };

#define STAGE_BUFFER_SIZE (RTE_PKTMBUF_HEADROOM + 12288)

struct stage {
	struct side {
		struct rte_ring *rx;
		struct rte_ring *tx;
		uint16_t id;
	} sides[SIDES];
	struct rte_mempool *pool;
	struct publisher publisher;
	struct metrics_worker *metrics;
	struct worker_config config;
	struct relay *relay;
	struct worker *worker;
	void *flow_memory;
	uint64_t flow_capacity;
};

// 'names' bounds the indexes of backends and of services. 'config' says what is not about ports and
// memory.
void stage_open(struct stage *stage, uint64_t flow_capacity, uint32_t names,
	const struct worker_config *config);
void stage_close(struct stage *stage); // fails when a buffer was lost
// Forgets flows and fragments. Those that were held are counted as dropped.
void stage_forget(struct stage *stage);

// A buffer with these bytes, from 'data_off' on.
struct rte_mbuf *stage_make(
	struct stage *stage, const uint8_t *bytes, uint32_t size, uint16_t data_off);
// What the next poll receives on that side.
void stage_bring_in(struct stage *stage, uint32_t side, struct rte_mbuf *mbuf);
// The side has no room for what the next poll sends there.
void stage_fill(struct stage *stage, uint32_t side);
// The next frame that left by a side, in one piece; the caller frees it. NULL: no more.
struct rte_mbuf *stage_take_out(struct stage *stage, uint32_t side);

// Ends the program with the sentence unless it is good.
void need(bool good, const char *what);

#endif
