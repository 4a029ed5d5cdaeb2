// SPDX-License-Identifier: BSD-3-Clause
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include <flow/flow.h>
#include <metrics/metrics.h>
#include <packet/frame.h>
#include <snapshot/publish.h>
#include <stdbool.h>
#include <stdint.h>

// A worker: receives bursts from its queue of every port, judges every packet against the published
// snapshot, and transmits. One thread runs a worker from worker_new() to worker_free() on one
// lcore; other threads talk to it through the snapshot, and read its counters and its flow table.

#define PIPELINE_PORTS_MAX 8
#define PIPELINE_BURST     64

struct pipeline_port {
	uint16_t id; // DPDK's number of the port
	uint16_t kernel_id; // of its kernel-side interface; PIPELINE_NO_KERNEL
	uint16_t vlan_id; // that all of its frames carry, and the kernel's do not; 0 is none
	bool vlan_kept; // packets to backends carry the tag that they came with
	struct mac mac; // frames to it alone are for VIPs; all zero: whatever MAC they are to
	bool partial; // packets may come with partial checksums, and are given whole ones
	bool kernel_partial; // likewise what the kernel sends by its side
};
#define PIPELINE_NO_KERNEL UINT16_MAX

struct relay;
struct rte_mempool;

struct worker_config {
	uint32_t index; // also its receive and transmit queue on every port
	struct publisher *publisher;
	struct pipeline_port ports[PIPELINE_PORTS_MAX];
	uint32_t port_count;
	struct flow_table *flows;
	struct metrics_worker *metrics;
	struct rte_mempool *buffers; // for packets that are cut in pieces, and for probes
	struct relay *relay; // of half-open probes; NULL: there are none
	uint32_t punt_rate; // packets a second to the kernel at most; 0: no limit
	uint32_t new_flow_rate; // entries a second that are stored at most; 0: no limit
	bool idle_sleep; // yield the core when no packet comes for a while
};

struct worker;

// NULL without memory. The memory comes from the caller's NUMA node.
struct worker *worker_new(const struct worker_config *config);
void worker_free(struct worker *worker);

// One round over all ports. Returns how many packets it received. 'publisher' must hold a snapshot.
uint32_t worker_poll(struct worker *worker);

// Rounds until '*stop' is set. The worker is on line for the publisher meanwhile.
void worker_run(struct worker *worker, const bool *stop);

// The worker's clock, which its flow table counts in. Any thread.
uint32_t worker_now_s(void);

#endif
