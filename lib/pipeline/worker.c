// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <pipeline/capture.h>
#include <pipeline/worker_private.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <time.h>

// Empty rounds in a row after which a worker with idle: sleep gives the core away, and for how
// long.
#define IDLE_ROUNDS   64
#define IDLE_SLEEP_NS 50000

// Resets a second and worker: enough to end a pool's connections within seconds, too few to flood
// with.
#define RESET_RATE 20000

// Answers of on_all_down: reject a second and worker. In an outage clients ask again and again;
// they all need but one.
#define REJECT_RATE 2000

// Answers a second and worker, of each kind: pings cannot keep "too big" from those who need it.
#define ECHO_RATE    1000
#define TOO_BIG_RATE 1000
#define NO_PORT_RATE 1000

// What a worker writes shares no cache line with what another one does: its own struct, fragments,
// counters and flow table are whole lines each (metrics_footprint(), flow_table_footprint()), and
// so is its quiescent state.
_Static_assert(sizeof(struct worker) % RTE_CACHE_LINE_SIZE == 0, "whole lines");
_Static_assert(sizeof(struct rte_rcu_qsbr_cnt) % RTE_CACHE_LINE_SIZE == 0, "whole lines");

uint32_t worker_now_s(void)
{
	return (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
}

static void output_init(
	struct output *output, uint16_t port_id, uint64_t *sent, enum drop_reason full)
{
	output->port_id = port_id;
	output->sent = sent;
	output->full = full;
}

struct worker *worker_new(const struct worker_config *config)
{
	struct worker *worker = rte_zmalloc("worker", sizeof(*worker), RTE_CACHE_LINE_SIZE);
	uint64_t tsc = rte_rdtsc();

	if (worker == NULL)
		return NULL;
	worker->fragments =
		rte_zmalloc("fragments", sizeof(*worker->fragments), RTE_CACHE_LINE_SIZE);
	if (worker->fragments == NULL) {
		rte_free(worker);
		return NULL;
	}
	worker->config = *config;
	worker->flows = config->flows;
	worker->metrics = config->metrics;
	worker->tsc_per_ms = rte_get_tsc_hz() / 1000;
	rate_init(&worker->punt_rate, config->punt_rate, tsc);
	rate_init(&worker->new_flow_rate, config->new_flow_rate, tsc);
	rate_init(&worker->reset_rate, RESET_RATE, tsc);
	rate_init(&worker->echo_rate, ECHO_RATE, tsc);
	rate_init(&worker->too_big_rate, TOO_BIG_RATE, tsc);
	rate_init(&worker->no_port_rate, NO_PORT_RATE, tsc);
	rate_init(&worker->reject_rate, REJECT_RATE, tsc);
	worker->outer_id = (uint32_t)tsc;
	flow_sweeper_init(&worker->sweeper, worker->flows, worker_now_s());
	for (uint32_t p = 0; p < config->port_count; p++) {
		const struct pipeline_port *port = &config->ports[p];
		struct metrics_worker *metrics = worker->metrics;

		output_init(&worker->wire[p], port->id, &metrics->forwarded, DROP_TX_FULL);
		output_init(&worker->inject[p], port->id, &metrics->injected, DROP_TX_FULL);
		output_init(&worker->answer[p], port->id, &metrics->answered, DROP_TX_FULL);
		output_init(
			&worker->kernel[p], port->kernel_id, &metrics->to_kernel, DROP_PUNT_FULL);
	}
	return worker;
}

void worker_free(struct worker *worker)
{
	struct rte_mbuf *mbuf;

	if (worker == NULL)
		return;
	while ((mbuf = fragment_expire(worker->fragments, UINT64_MAX)) != NULL)
		rte_pktmbuf_free(mbuf);
	rte_free(worker->fragments);
	rte_free(worker);
}

// Tags are looked at the long way: where all frames have one, none is common. A MAC beside the
// port's own (check_macs()) may be another one's by now.
static void reset_heads(struct worker *worker)
{
	for (uint32_t p = 0; p < worker->config.port_count; p++) {
		const struct pipeline_port *port = &worker->config.ports[p];

		worker->frame_heads[p] =
			port->vlan_id != 0 ? FRAME_HEAD_NONE : frame_head_for(&port->mac);
	}
}

// Once a millisecond: the clock, the token buckets, the sweep.
static void tick(struct worker *worker)
{
	const struct snapshot *snapshot = worker->snapshot;

	worker->next_tick_tsc = worker->tsc + worker->tsc_per_ms;
	worker->now_s = worker_now_s();
	reset_heads(worker);
	rate_refill(&worker->punt_rate, worker->tsc, worker->tsc_per_ms);
	rate_refill(&worker->new_flow_rate, worker->tsc, worker->tsc_per_ms);
	rate_refill(&worker->reset_rate, worker->tsc, worker->tsc_per_ms);
	rate_refill(&worker->echo_rate, worker->tsc, worker->tsc_per_ms);
	rate_refill(&worker->too_big_rate, worker->tsc, worker->tsc_per_ms);
	rate_refill(&worker->no_port_rate, worker->tsc, worker->tsc_per_ms);
	rate_refill(&worker->reject_rate, worker->tsc, worker->tsc_per_ms);
	worker_expire_fragments(worker);
	if (worker->config.relay != NULL)
		worker_send_probes(worker);
	flow_sweeper_step(&worker->sweeper, worker->flows, snapshot->ttls,
		snapshot->service_capacity, worker->now_s);
}

const struct worker_stage worker_stages[WORKER_STAGES] = {
	{"parse", stage_parse},
	{"hash", stage_hash},
	{"capture", stage_capture},
	{"classify", stage_classify},
	{"select", stage_select},
	{"forward", stage_forward},
	{"later", stage_later},
};

static void process(struct worker *worker, struct burst *burst)
{
	metrics_add(&worker->metrics->received, burst->count);
	for (uint32_t i = 0; i < WORKER_STAGES; i++)
		worker_stages[i].run(worker, burst);
}

// A port that is set to a VLAN tags what the kernel sends without one.
static void tag(struct worker *worker, struct output *output, uint16_t vlan_id)
{
	uint16_t kept = 0;

	for (uint16_t i = 0; i < output->count; i++) {
		if (worker_push_tag(output->mbufs[i], vlan_id))
			output->mbufs[kept++] = output->mbufs[i];
		else
			worker_drop(worker, output->mbufs[i], DROP_HEADROOM);
	}
	output->count = kept;
}

// What the kernel sends on its side of a port leaves by the port.
static uint32_t inject(struct worker *worker, uint32_t port)
{
	struct output *output = &worker->inject[port];

	if (worker->config.ports[port].kernel_id == PIPELINE_NO_KERNEL)
		return 0;
	output->count = rte_eth_rx_burst(worker->config.ports[port].kernel_id,
		(uint16_t)worker->config.index, output->mbufs, PIPELINE_BURST);
	metrics_add(&worker->metrics->from_kernel, output->count);
	if (worker->config.ports[port].kernel_partial)
		worker_complete_injected(worker, port, output);
	if (worker->config.ports[port].vlan_id != 0)
		tag(worker, output, worker->config.ports[port].vlan_id);
	return output->count;
}

static void flush(struct worker *worker)
{
	for (uint32_t p = 0; p < worker->config.port_count; p++) {
		output_flush(worker, &worker->wire[p]);
		output_flush(worker, &worker->inject[p]);
		output_flush(worker, &worker->answer[p]);
		output_flush(worker, &worker->kernel[p]);
	}
}

uint32_t worker_poll(struct worker *worker)
{
	uint32_t received = 0;

	worker->tsc = rte_rdtsc();
	worker->snapshot = publisher_quiesce(worker->config.publisher, worker->config.index);
	worker->capture = publisher_capture(worker->config.publisher);
	if (unlikely(worker->tsc >= worker->next_tick_tsc))
		tick(worker);
	for (uint32_t p = 0; p < worker->config.port_count; p++) {
		struct burst *burst = &worker->burst;

		burst->port = p;
		burst->count = rte_eth_rx_burst(worker->config.ports[p].id,
			(uint16_t)worker->config.index, burst->mbufs, PIPELINE_BURST);
		received += burst->count;
		if (burst->count > 0)
			process(worker, burst);
		received += inject(worker, p);
	}
	flush(worker);
	metrics_add(&worker->metrics->loops, 1);
	metrics_add(&worker->metrics->loops_busy, received > 0);
	return received;
}

void worker_run(struct worker *worker, const bool *stop)
{
	const struct timespec pause = {.tv_nsec = IDLE_SLEEP_NS};
	uint32_t idle = 0;

	publisher_online(worker->config.publisher, worker->config.index);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		if (worker_poll(worker) > 0)
			idle = 0;
		else if (worker->config.idle_sleep && ++idle > IDLE_ROUNDS)
			nanosleep(&pause, NULL);
	}
	publisher_offline(worker->config.publisher, worker->config.index);
}
