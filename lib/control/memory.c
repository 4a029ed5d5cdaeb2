// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <control/reply_private.h>
#include <control/rows.h>

#include <inttypes.h>
#include <malloc.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mempool.h>
#include <stdlib.h>
#include <string.h>

// What the daemon's memory goes to: the parts as the allocators have them, and the sums that these
// and the kernel tell.

#define DPDK    "dpdk"
#define HEAP    "heap"
#define CHANNEL "channel"
#define KERNEL  "kernel"

struct measure {
	const struct control *control;
	struct message_row_memory *rows;
	uint32_t count;
};

static struct message_row_memory *add(
	struct measure *m, const char *part, const char *place, uint64_t bytes)
{
	struct message_row_memory *row = &m->rows[m->count++];

	snprintf(row->part, sizeof(row->part), "%s", part);
	snprintf(row->place, sizeof(row->place), "%s", place);
	row->bytes = bytes;
	return row;
}

static void add_counted(struct measure *m, const char *part, const char *place, uint64_t count,
	const char *unit, uint64_t bytes)
{
	struct message_row_memory *row = add(m, part, place, bytes);

	snprintf(row->unit, sizeof(row->unit), "%s", unit);
	row->count = count;
	row->bytes_each = count != 0 ? bytes / count : 0;
}

static void add_sum(struct measure *m, const char *part, const char *place, uint64_t bytes)
{
	add(m, part, place, bytes)->is_sum = 1;
}

// What the rows so far have of a place.
static uint64_t sum_of(const struct measure *m, const char *place)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->count; i++)
		sum += strcmp(m->rows[i].place, place) == 0 ? m->rows[i].bytes : 0;
	return sum;
}

// What the allocator has given out beyond the rows so far, and its sum.
static void add_rest(struct measure *m, const char *part, const char *place, uint64_t in_use)
{
	uint64_t known = sum_of(m, place);

	add(m, part, place, in_use > known ? in_use - known : 0);
}

static void add_workers(struct measure *m)
{
	const struct control_config *config = &m->control->config;
	uint64_t flows = 0, flow_bytes = 0, blocks = 0;
	uint32_t backends = config->daemon->backends_max, services = config->daemon->services_max;

	for (uint32_t w = 0; w < config->worker_count; w++) {
		flows += flow_table_capacity(config->flows[w]);
		flow_bytes += flow_table_footprint(flow_table_capacity(config->flows[w]));
		blocks += metrics_footprint(0, 0);
	}
	add_counted(m, "flow tables", DPDK, flows, "flow", flow_bytes);
	add_counted(m, "workers' counters", DPDK, config->worker_count, "worker", blocks);
	add_counted(m, "backends' counters", DPDK, backends, "backend",
		config->worker_count * (metrics_footprint(backends, 0) - metrics_footprint(0, 0)));
	add_counted(m, "services' counters", DPDK, services, "service",
		config->worker_count * (metrics_footprint(0, services) - metrics_footprint(0, 0)));
}

static void add_chunk(struct rte_mempool *pool, void *bytes, struct rte_mempool_memhdr *chunk,
	unsigned int number)
{
	(void)pool;
	(void)number;
	*(uint64_t *)bytes += chunk->len;
}

static void add_buffers(struct measure *m)
{
	const struct rte_mempool *buffers = m->control->config.buffers;
	uint64_t bytes = 0;

	if (buffers == NULL)
		return;
	rte_mempool_mem_iter((struct rte_mempool *)(uintptr_t)buffers, add_chunk, &bytes);
	add_counted(m, "packet buffers", DPDK, buffers->size, "buffer", bytes);
}

static uint64_t dpdk_in_use(void)
{
	struct rte_malloc_socket_stats stats;
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < rte_socket_count(); i++) {
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(i), &stats) == 0)
			bytes += stats.heap_allocsz_bytes;
	}
	return bytes;
}

static bool add_snapshot(struct measure *m)
{
	struct snapshot_memory memory;

	if (snapshot_measure(m->control->config.publisher->current, &memory) != 0)
		return false;
	add_counted(m, "Maglev tables", HEAP, memory.tables.count, "table", memory.tables.bytes);
	add_counted(m, "their members", HEAP, memory.members.count, "member", memory.members.bytes);
	add_counted(m, "snapshot's backends", HEAP, memory.backends.count, "backend",
		memory.backends.bytes);
	add_counted(m, "snapshot's services", HEAP, memory.services.count, "service",
		memory.services.bytes);
	add_counted(
		m, "snapshot's VIPs and ports", HEAP, memory.vips.count, "VIP", memory.vips.bytes);
	add_counted(m, "snapshot's pools", HEAP, memory.views.count, "pool", memory.views.bytes);
	return true;
}

static size_t registry_bytes(const struct registry *registry)
{
	return malloc_usable_size(registry->entries) + malloc_usable_size(registry->free) +
	       malloc_usable_size(registry->map.buckets);
}

static void add_config(struct measure *m, const char *part, const struct config *config)
{
	add_counted(m, part, HEAP, config->service_count, "service",
		malloc_usable_size(config->services));
	add_counted(m, part, HEAP, config->pool_count, "pool", malloc_usable_size(config->pools));
	add_counted(m, part, HEAP, config->backend_count, "backend",
		malloc_usable_size(config->backends));
}

static void add_configuration(struct measure *m)
{
	const struct configuration *configuration = m->control->running.now;

	add_config(m, "configuration", configuration->config);
	if (configuration->written != configuration->config)
		add_config(m, "the same as written", configuration->written);
	add(m, "configuration's indexes", HEAP,
		malloc_usable_size(configuration->backends) +
			malloc_usable_size(configuration->services) +
			malloc_usable_size(configuration->services_by_vip) +
			malloc_usable_size(configuration->places) +
			malloc_usable_size(configuration->service_places) +
			malloc_usable_size(configuration->half_open_start) +
			malloc_usable_size(configuration->half_open));
}

static void add_control(struct measure *m)
{
	const struct control *c = m->control;

	add_counted(m, "backends' names and states", HEAP, c->running.backend_registry.capacity,
		"backend",
		registry_bytes(&c->running.backend_registry) +
			malloc_usable_size(c->running.states) +
			malloc_usable_size(c->running.states_copy) +
			malloc_usable_size(c->running.backend_baselines));
	add_counted(m, "services' names and states", HEAP, c->running.service_registry.capacity,
		"service",
		registry_bytes(&c->running.service_registry) +
			malloc_usable_size(c->running.service_baselines) +
			announce_footprint(c->announce));
}

// "VmRSS:     1234 kB"
static uint64_t read_status(const char *name)
{
	FILE *file = fopen("/proc/self/status", "re");
	uint64_t kilobytes = 0;
	char line[128];
	size_t length = strlen(name);

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			sscanf(line + length + 1, "%" SCNu64, &kilobytes);
	}
	if (file != NULL)
		fclose(file);
	return kilobytes << 10;
}

static void add_sums(struct measure *m)
{
	uint64_t dpdk = sum_of(m, DPDK), heap = sum_of(m, HEAP), channel = sum_of(m, CHANNEL);

	add_sum(m, "DPDK's memory", DPDK, dpdk);
	add_sum(m, "heap", HEAP, heap);
	add_sum(m, "all of this", "", dpdk + heap + channel);
	add_sum(m, "resident, hugepages aside", KERNEL, read_status("VmRSS"));
	add_sum(m, "hugepages", KERNEL, read_status("HugetlbPages"));
}

void control_measure_memory(struct control *control)
{
	struct measure m = {control, calloc(MEMORY_ROWS_MAX, sizeof(*m.rows)), 0};
	struct mallinfo2 heap;

	if (m.rows == NULL)
		return;
	add_workers(&m);
	add_buffers(&m);
	add_rest(&m, "rings, devices, workers", DPDK, dpdk_in_use());
	if (!add_snapshot(&m)) {
		free(m.rows);
		return;
	}
	add_configuration(&m);
	add_control(&m);
	heap = mallinfo2();
	add_rest(&m, "probes, libraries, the rest", HEAP, heap.uordblks + heap.hblkhd);
	add(&m, "channel's segment", CHANNEL, channel_server_footprint(control->server));
	add_sums(&m);
	control->reply.memory = m.rows;
	control->reply.memory_count = m.count;
}

bool row_memory(const struct control *control, uint32_t row, struct message_row_memory *out)
{
	if (row >= control->reply.memory_count)
		return false;
	*out = control->reply.memory[row];
	return true;
}
