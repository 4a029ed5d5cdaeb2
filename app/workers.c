// SPDX-License-Identifier: BSD-3-Clause
#include "fulcrumd.h"

#include <base/clock.h>
#include <base/log.h>
#include <errno.h>
#include <halfopen/relay.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <time.h>

// A worker's round takes microseconds; one that has no processor for so long will not have one
// soon.
#define STOP_NS (3 * CLOCK_NS_PER_S)

static void *allocate(size_t size, uint32_t worker)
{
	return rte_zmalloc_socket(
		"worker", size, RTE_CACHE_LINE_SIZE, (int)rte_lcore_to_socket_id(worker + 1));
}

// From the memory of the worker's own node.
static int make_worker(const struct daemon_config *config, struct worker_config *base,
	struct workers *workers, struct error *err)
{
	uint32_t w = base->index;
	void *flows = allocate(flow_table_footprint(config->flows), w);
	void *metrics = allocate(metrics_footprint(config->backends_max, config->services_max), w);

	if (flows == NULL || metrics == NULL) {
		rte_free(flows);
		rte_free(metrics);
		return error_set(err, ENOMEM,
			"no memory for worker %u's table of %u flows (%zu MiB); raise eal.memory or the hugepages",
			w, config->flows, flow_table_footprint(config->flows) >> 20);
	}
	workers->flows[w] = flow_table_new(flows, config->flows);
	workers->metrics[w] = metrics_new(metrics, config->backends_max, config->services_max);
	base->flows = workers->flows[w];
	base->metrics = workers->metrics[w];
	workers->worker[w] = worker_new(base);
	workers->count = w + 1;
	return workers->worker[w] == NULL ? error_set(err, ENOMEM, "no memory for worker %u", w)
					  : 0;
}

int workers_make(const struct daemon_config *config, const struct ports *ports,
	struct publisher *publisher, struct workers *workers, struct error *err)
{
	struct worker_config base = {
		.publisher = publisher,
		.port_count = ports->count,
		.buffers = ports->buffers,
		.punt_rate = config->punt_rate,
		.new_flow_rate = config->new_flow_rate,
		.idle_sleep = config->idle == DAEMON_IDLE_SLEEP,
	};
	int rc = 0;

	workers->relay = relay_new(config->worker_count);
	if (workers->relay == NULL)
		return error_set(err, ENOMEM, "no memory for the workers' probes");
	base.relay = workers->relay;
	for (uint32_t p = 0; p < ports->count; p++)
		base.ports[p] = ports->pipeline[p];
	for (uint32_t w = 0; rc == 0 && w < ports->queues; w++) {
		base.index = w;
		rc = make_worker(config, &base, workers, err);
	}
	return rc;
}

static struct workers *launched;

static int run(void *argument)
{
	uint32_t w = (uint32_t)(uintptr_t)argument;

	worker_run(launched->worker[w], &launched->stop);
	__atomic_store_n(&launched->has_ended[w], true, __ATOMIC_RELEASE);
	return 0;
}

void workers_launch(struct workers *workers)
{
	launched = workers;
	for (uint32_t w = 0; w < workers->count; w++)
		rte_eal_remote_launch(run, (void *)(uintptr_t)w, w + 1);
}

// The first one that has not ended; 'count' if all have.
static uint32_t find_running(const struct workers *workers)
{
	uint32_t w = 0;

	while (w < workers->count && __atomic_load_n(&workers->has_ended[w], __ATOMIC_ACQUIRE))
		w++;
	return w;
}

bool workers_stop(struct workers *workers)
{
	const struct timespec pause = {.tv_nsec = CLOCK_NS_PER_MS};
	uint64_t until_ns = clock_monotonic_ns() + STOP_NS;
	uint32_t running;

	__atomic_store_n(&workers->stop, true, __ATOMIC_RELAXED);
	while ((running = find_running(workers)) < workers->count) {
		if (clock_monotonic_ns() >= until_ns) {
			log_error("worker: %u stands still: the daemon ends without it", running);
			return false;
		}
		nanosleep(&pause, NULL);
	}
	rte_eal_mp_wait_lcore();
	return true;
}

void workers_free(struct workers *workers)
{
	for (uint32_t w = 0; w < workers->count; w++) {
		worker_free(workers->worker[w]);
		rte_free(workers->flows[w]);
		rte_free(workers->metrics[w]);
	}
	relay_free(workers->relay);
}
