// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_RSS_H
#define RUNNING_RSS_H

#include <packet/parse.h>
#include <stdint.h>

// How a port spreads what comes in over its receive queues, one a worker: the Toeplitz hash of
// addresses and ports, and a table by its last bits, as cards for Windows have it (Microsoft, "RSS
// Hashing Functions"). For explain, which works out whose a packet would be; the cards do it by
// themselves. Any thread.

#define RSS_KEY_MAX        64
#define RSS_TABLE_MAX      1024
#define RSS_WORKER_UNKNOWN UINT32_MAX

struct rss_indirection {
	uint64_t kinds; // DPDK's RTE_ETH_RSS_*: what is hashed
	uint8_t key[RSS_KEY_MAX];
	uint16_t queues[RSS_TABLE_MAX];
	uint32_t size; // of the table; 0: the card does not tell
};

// The worker that gets a packet of TCP or UDP; RSS_WORKER_UNKNOWN where the card does not tell, or
// does not hash such ones.
uint32_t rss_worker(const struct rss_indirection *indirection, const struct packet *packet);

#endif
