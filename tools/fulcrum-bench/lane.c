// SPDX-License-Identifier: BSD-3-Clause
#include "lane.h"

#include "lane_config.h"
#include "stage.h"

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_memory.h>
#include <sched.h>
#include <stdlib.h>

#define PLACES_A_FLOW 4 // as docs/performance.md recommends
#define EAL_MIB       64 // for buffers, counters and the worker

static uint64_t free_huge_mib(uint64_t page_mib)
{
	unsigned long long pages = 0;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%lukB/free_hugepages",
		page_mib << 10);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fscanf(file, "%llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * page_mib;
}

// One lane: on the core that it runs on now; more: on the first ones. The narrow vectors are those
// that all machines have.
static void start_eal(struct lanes *lanes, uint64_t table_size)
{
	uint64_t mib = EAL_MIB + lanes->count * (table_size >> 20);
	char devices[LANES_MAX][64], core[16], memory[24];
	char line[] = "bench --no-pci --no-shconf --no-telemetry --log-level=4 "
		      "--force-max-simd-bitwidth=128";
	char no_huge[] = "--no-huge";
	char *arguments[16];
	int count = 0;

	for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
		arguments[count++] = word;
	for (uint32_t i = 0; i < lanes->count; i++) {
		snprintf(
			devices[i], sizeof(devices[i]), "--vdev=%s%u,no-rx=1", GENERATOR_DEVICE, i);
		arguments[count++] = devices[i];
	}
	if (lanes->count == 1)
		snprintf(core, sizeof(core), "-l%d", sched_getcpu());
	else
		snprintf(core, sizeof(core), "-l0-%u", lanes->count - 1);
	lanes->huge = lanes->huge && free_huge_mib(2) + free_huge_mib(1024) > mib;
	if (lanes->huge)
		snprintf(memory, sizeof(memory), "--in-memory");
	else
		snprintf(memory, sizeof(memory), "-m%llu", (unsigned long long)mib);
	arguments[count++] = core;
	arguments[count++] = memory;
	if (!lanes->huge)
		arguments[count++] = no_huge;
	need(rte_eal_init(count, arguments) >= 0, "DPDK does not start");
}

static void *zeroed(size_t size)
{
	void *memory = rte_zmalloc("lane", size, RTE_CACHE_LINE_SIZE);

	need(memory != NULL, "not enough memory for the flow table");
	return memory;
}

const char *lanes_pages(const struct lanes *lanes)
{
	const struct rte_memseg_list *pages = rte_mem_virt2memseg_list(lanes->lane[0].flows);

	if (!lanes->huge || pages == NULL)
		return "4 KiB";
	return pages->page_sz == RTE_PGSIZE_1G ? "1 GiB" : "2 MiB";
}

static void make_worker(
	struct lane *lane, struct publisher *publisher, uint64_t capacity, uint32_t names)
{
	struct worker_config config = {
		.index = lane->index,
		.publisher = publisher,
		.ports = {{.id = lane->generator.port,
			.kernel_id = PIPELINE_NO_KERNEL,
			.mac = generator_mac}},
		.port_count = 1,
		.buffers = lane->generator.buffers,
	};

	lane->flows = flow_table_new(zeroed(flow_table_footprint(capacity)), capacity);
	lane->metrics = metrics_new(zeroed(metrics_footprint(names, names)), names, names);
	config.flows = lane->flows;
	config.metrics = lane->metrics;
	lane->worker = worker_new(&config);
	need(lane->worker != NULL, "no memory for the worker");
}

// Beside lane_balance(), so that what callgrind counts there is what was asked for and nothing
// before it.
static void poll_until(struct lane *lane, uint64_t count)
{
	while (lane->generator.count < count)
		worker_poll(lane->worker);
}

static void warm_up(struct lane *lane, uint64_t capacity)
{
	struct generator *generator = &lane->generator;
	const struct generator_options *traffic = &generator->options;
	double new_share = (traffic->syn_percent + traffic->miss_percent) / 100;

	generator->in_turn = true;
	poll_until(lane, traffic->flows);
	generator->in_turn = false;
	if (new_share > 0)
		poll_until(lane, generator->count + (uint64_t)((double)(2 * capacity) / new_share));
}

void lanes_open(struct lanes *lanes, const struct lane_options *options)
{
	uint64_t capacity = RTE_MAX(options->traffic.flows * PLACES_A_FLOW, (uint64_t)1024);
	uint32_t names = lane_names(options);
	struct config *config = lane_config(options, 0);

	*lanes = (struct lanes){.huge = options->huge, .count = options->workers};
	start_eal(lanes, flow_table_footprint(capacity));
	need(publisher_init(&lanes->publisher, lanes->count) == 0, "no memory for the publisher");
	lanes_apply(lanes, options, config);
	config_free(config);
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->lane[i];

		lane->index = i;
		generator_open(&lane->generator, i, &options->traffic);
		make_worker(lane, &lanes->publisher, capacity, names);
		publisher_online(&lanes->publisher, i);
		warm_up(lane, capacity);
	}
}

void lanes_close(struct lanes *lanes)
{
	for (uint32_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->lane[i];

		publisher_offline(&lanes->publisher, i);
		worker_free(lane->worker);
		generator_close(&lane->generator);
		rte_free(lane->flows); // the table begins its memory
		rte_free(lane->metrics);
	}
	publisher_destroy(&lanes->publisher);
	rte_eal_cleanup();
}

uint64_t lane_balance(struct lane *lane, uint64_t packets)
{
	uint64_t done = 0;

	while (done < packets)
		done += worker_poll(lane->worker);
	return done;
}

uint64_t lane_pass(struct lane *lane, uint64_t packets)
{
	struct rte_mbuf *mbufs[PIPELINE_BURST];
	uint16_t port = lane->generator.port, queue = (uint16_t)lane->index, count;
	uint64_t done = 0;

	while (done < packets) {
		count = rte_eth_rx_burst(port, queue, mbufs, PIPELINE_BURST);
		done += rte_eth_tx_burst(port, queue, mbufs, count);
	}
	return done;
}

static void swap_macs(struct rte_mbuf *mbuf)
{
	struct eth_header *eth = rte_pktmbuf_mtod(mbuf, struct eth_header *);
	uint8_t destination[sizeof(eth->destination)];

	memcpy(destination, eth->destination, sizeof(destination));
	memcpy(eth->destination, eth->source, sizeof(destination));
	memcpy(eth->source, destination, sizeof(destination));
}

uint64_t lane_swap(struct lane *lane, uint64_t packets)
{
	struct rte_mbuf *mbufs[PIPELINE_BURST];
	uint16_t port = lane->generator.port, queue = (uint16_t)lane->index, count;
	uint64_t done = 0;

	while (done < packets) {
		count = rte_eth_rx_burst(port, queue, mbufs, PIPELINE_BURST);
		for (uint16_t i = 0; i < count; i++)
			swap_macs(mbufs[i]);
		done += rte_eth_tx_burst(port, queue, mbufs, count);
	}
	return done;
}
