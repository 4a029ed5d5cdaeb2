// SPDX-License-Identifier: BSD-3-Clause
#ifndef BENCH_GENERATOR_H
#define BENCH_GENERATOR_H

#include <base/addr.h>
#include <rte_mempool.h>
#include <stdbool.h>
#include <stdint.h>

// A port that receives packets of many flows from nowhere: DPDK's null port, whose receive callback
// takes buffers from a small pool, which stay in the cache, and writes the headers. What is sent
// there is freed at once. Packets to a service go to address generator_vip(service), TCP port
// GENERATOR_PORT.

// EAL is started with --vdev=GENERATOR_DEVICE<index>,no-rx=1 for each of them.
#define GENERATOR_DEVICE        "net_null_generator"
#define GENERATOR_PORT          443
#define GENERATOR_SIZE_MIN      60u // of a frame, without its check sequence
#define GENERATOR_SIZE_MAX      1514u
#define GENERATOR_SIZE_MIN_IPV6 74u
#define GENERATOR_FLOWS_MAX     (64u << 20)
#define GENERATOR_SERVICES      16384u // at most: one of a /18's addresses each

struct generator_options {
	enum addr_family family;
	uint64_t flows; // that are drawn from
	double zipf; // how unequally often: the exponent of Zipf's law; 0: all equally often
	uint32_t services; // that they are spread over
	uint32_t
		size; // of a frame; GENERATOR_IMIX: seven small ones, four of 594 bytes, one of 1514
	uint32_t burst; // at most, in packets
	double syn_percent; // SYNs of flows never seen before
	double miss_percent; // packets in the middle of flows never seen before
};

#define GENERATOR_IMIX    0u
#define GENERATOR_SHAPES  3
#define GENERATOR_PATTERN 12
#define GENERATOR_DRAWS   (1u << 20)

// Frames of one size.
struct generator_shape {
	uint16_t size;
	uint32_t size_sum; // what is alike in the sum of every IPv4 header
	uint8_t header[128];
};

struct generator {
	struct generator_options options;
	struct rte_mempool *buffers;
	uint16_t port; // DPDK's number
	bool in_turn; // every flow once, one after the other, and nothing else
	uint64_t count; // packets so far; drives the choice
	uint64_t syn_below; // of 2^32
	uint64_t new_below; // a SYN or a miss
	uint32_t *draws; // numbers of flows, drawn ahead by Zipf's law; NULL
	struct generator_shape shapes[GENERATOR_SHAPES];
	uint8_t pattern[GENERATOR_PATTERN]; // the shapes of packets, in turn
};

// Ends the program with a sentence where there is no memory for it. EAL runs.
// Its packets come from queue 'index': a worker's queue of every port is its own number.
void generator_open(
	struct generator *generator, uint32_t index, const struct generator_options *options);
void generator_close(struct generator *generator); // fails when a buffer was lost

// A good mixing of a counter.
uint64_t generator_mix(uint64_t value);

extern const struct mac generator_mac; // that the frames are to
struct addr generator_vip(enum addr_family family, uint32_t service);

#endif
