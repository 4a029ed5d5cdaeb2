// SPDX-License-Identifier: BSD-3-Clause
#include <metrics/metrics.h>

static size_t traffic_size(uint32_t count)
{
	return (count * sizeof(struct metrics_traffic) + 63) & ~(size_t)63;
}

size_t metrics_footprint(uint32_t backends, uint32_t services)
{
	return sizeof(struct metrics_worker) + traffic_size(backends) + traffic_size(services);
}

struct metrics_worker *metrics_new(void *memory, uint32_t backends, uint32_t services)
{
	struct metrics_worker *worker = memory;
	uint8_t *rest = (uint8_t *)memory + sizeof(*worker);

	worker->backend_count = backends;
	worker->service_count = services;
	worker->backends = (void *)rest;
	worker->services = (void *)(rest + traffic_size(backends));
	return worker;
}

uint64_t metrics_dropped(
	struct metrics_worker *const *workers, uint32_t count, enum drop_reason reason)
{
	uint64_t sum = 0;

	for (uint32_t w = 0; w < count; w++)
		sum += metrics_read(&workers[w]->dropped[reason]);
	return sum;
}

uint64_t metrics_dropped_total(const struct metrics_worker *worker)
{
	uint64_t sum = 0;

	for (int reason = 0; reason < DROP_REASON_COUNT; reason++)
		sum += metrics_read(&worker->dropped[reason]);
	return sum;
}

static void add(struct metrics_traffic *sum, const struct metrics_traffic *part)
{
	sum->packets += metrics_read(&part->packets);
	sum->bytes += metrics_read(&part->bytes);
	sum->new_flows += metrics_read(&part->new_flows);
	sum->syn_repeats += __atomic_load_n(&part->syn_repeats, __ATOMIC_RELAXED);
	sum->syn_resets += __atomic_load_n(&part->syn_resets, __ATOMIC_RELAXED);
}

void metrics_backend(struct metrics_worker *const *workers, uint32_t count, uint32_t index,
	struct metrics_traffic *out)
{
	*out = (struct metrics_traffic){0};
	for (uint32_t w = 0; w < count; w++)
		add(out, &workers[w]->backends[index]);
}

void metrics_service(struct metrics_worker *const *workers, uint32_t count, uint32_t index,
	struct metrics_traffic *out)
{
	*out = (struct metrics_traffic){0};
	for (uint32_t w = 0; w < count; w++)
		add(out, &workers[w]->services[index]);
}

bool metrics_balanced(const struct metrics_worker *worker)
{
	uint64_t in = metrics_read(&worker->received) + metrics_read(&worker->from_kernel) +
		      metrics_read(&worker->made);
	uint64_t out = metrics_read(&worker->forwarded) + metrics_read(&worker->to_kernel) +
		       metrics_read(&worker->injected) + metrics_read(&worker->answered) +
		       metrics_read(&worker->probe_answers) + metrics_read(&worker->held) +
		       metrics_dropped_total(worker);

	return in == out;
}
