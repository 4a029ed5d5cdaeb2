// SPDX-License-Identifier: BSD-3-Clause
#include "stage.h"

#include <base/printable.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sched.h>
#include <stdlib.h>

static char full_marker; // stands in a transmit ring for what nobody fetched

void need(bool good, const char *what)
{
	if (good)
		return;
	printable_line(stderr, "%s", what);
	exit(EXIT_FAILURE);
}

static void *zeroed(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	need(memory != NULL, "out of memory");
	return memset(memory, 0, size);
}

static void start_eal(void)
{
	char core[16];
	char line[] = "stage --no-huge --no-pci --no-shconf --no-telemetry -m 256 --log-level=4 -l";
	char *arguments[16];
	int count = 0;

	for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
		arguments[count++] = word;
	snprintf(core, sizeof(core), "%d", sched_getcpu());
	arguments[count++] = core;
	need(rte_eal_init(count, arguments) >= 0, "DPDK does not start");
}

static void open_side(struct side *side, const char *name, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = {0};
	char ring_name[32];
	int id;

	snprintf(ring_name, sizeof(ring_name), "%s-rx", name);
	side->rx = rte_ring_create(ring_name, 1024, 0, 0);
	snprintf(ring_name, sizeof(ring_name), "%s-tx", name);
	side->tx = rte_ring_create(ring_name, 1024, 0, 0);
	need(side->rx != NULL && side->tx != NULL, "no memory for a ring");
	id = rte_eth_from_rings(name, &side->rx, 1, &side->tx, 1, 0);
	need(id >= 0, "no port over rings");
	side->id = (uint16_t)id;
	need(rte_eth_dev_configure(side->id, 1, 1, &conf) == 0 &&
			rte_eth_rx_queue_setup(side->id, 0, 0, 0, NULL, pool) == 0 &&
			rte_eth_tx_queue_setup(side->id, 0, 0, 0, NULL) == 0 &&
			rte_eth_dev_start(side->id) == 0,
		"a port over rings does not start");
}

static struct flow_table *make_flows(struct stage *stage, uint64_t capacity)
{
	stage->flow_capacity = capacity;
	stage->flow_memory = zeroed(flow_table_footprint(capacity));
	return flow_table_new(stage->flow_memory, capacity);
}

void stage_forget(struct stage *stage)
{
	struct metrics_worker *metrics = stage->metrics;

	memset(stage->flow_memory, 0, flow_table_footprint(stage->flow_capacity));
	flow_table_new(stage->flow_memory, stage->flow_capacity);
	if (metrics->held == 0)
		return;
	worker_free(stage->worker);
	metrics->dropped[DROP_FRAGMENT_UNKNOWN] += metrics->held;
	metrics->held = 0;
	stage->worker = worker_new(&stage->config);
	need(stage->worker != NULL, "no memory for the worker");
}

static void set_ports(struct stage *stage)
{
	struct worker_config *config = &stage->config;

	config->port_count = 2;
	config->ports[0].id = stage->sides[WIRE].id;
	config->ports[0].kernel_id = stage->sides[KERNEL].id;
	config->ports[1].id = stage->sides[OTHER_WIRE].id;
	config->ports[1].kernel_id = PIPELINE_NO_KERNEL;
}

void stage_open(struct stage *stage, uint64_t flow_capacity, uint32_t names,
	const struct worker_config *config)
{
	static const char *const sides[SIDES] = {"wire", "other", "kernel"};
	size_t metrics_size = metrics_footprint(names, names);

	start_eal();
	stage->pool = rte_pktmbuf_pool_create("frames", 1023, 0, 0, STAGE_BUFFER_SIZE, 0);
	need(stage->pool != NULL, "no memory for buffers");
	for (uint32_t side = 0; side < SIDES; side++)
		open_side(&stage->sides[side], sides[side], stage->pool);
	stage->config = *config;
	set_ports(stage);
	stage->config.publisher = &stage->publisher;
	stage->config.buffers = stage->pool;
	stage->config.relay = stage->relay = relay_new(1);
	need(stage->relay != NULL, "no memory for the relay");
	stage->config.flows = make_flows(stage, flow_capacity);
	stage->metrics = metrics_new(zeroed(metrics_size), names, names);
	stage->config.metrics = stage->metrics;
	need(publisher_init(&stage->publisher, 1) == 0, "no memory for the publisher");
	stage->worker = worker_new(&stage->config);
	need(stage->worker != NULL, "no memory for the worker");
	publisher_online(&stage->publisher, 0);
}

void stage_close(struct stage *stage)
{
	publisher_offline(&stage->publisher, 0);
	worker_free(stage->worker);
	relay_free(stage->relay);
	publisher_destroy(&stage->publisher);
	for (uint32_t side = 0; side < SIDES; side++)
		rte_eth_dev_stop(stage->sides[side].id);
	need(rte_mempool_full(stage->pool), "a buffer was lost");
	free(stage->flow_memory);
	free(stage->metrics);
	rte_eal_cleanup();
}

struct rte_mbuf *stage_make(
	struct stage *stage, const uint8_t *bytes, uint32_t size, uint16_t data_off)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stage->pool);

	need(mbuf != NULL, "no buffer left");
	mbuf->data_off = data_off;
	mbuf->data_len = (uint16_t)size;
	mbuf->pkt_len = size;
	memcpy(rte_pktmbuf_mtod(mbuf, void *), bytes, size);
	return mbuf;
}

void stage_fill(struct stage *stage, uint32_t side)
{
	while (rte_ring_enqueue(stage->sides[side].tx, &full_marker) == 0)
		;
}

void stage_bring_in(struct stage *stage, uint32_t side, struct rte_mbuf *mbuf)
{
	need(rte_ring_enqueue(stage->sides[side].rx, mbuf) == 0, "too many frames in a poll");
}

struct rte_mbuf *stage_take_out(struct stage *stage, uint32_t side)
{
	struct rte_mbuf *mbuf;
	void *object;

	do {
		if (rte_ring_dequeue(stage->sides[side].tx, &object) != 0)
			return NULL;
	} while (object == &full_marker);
	mbuf = object;
	need(mbuf->nb_segs == 1 && mbuf->pkt_len == mbuf->data_len,
		"a frame came out that is not in one piece");
	return mbuf;
}
