// SPDX-License-Identifier: BSD-3-Clause
#include <judge/classify.h>
#include <judge/select.h>
#include <pipeline/worker_private.h>

static inline struct flow_begin begin_of(const struct packet *packet, uint64_t flow_hash,
	uint16_t service, uint32_t backend, enum flow_state state)
{
	return (struct flow_begin){
		.hash = flow_hash,
		.client = select_client(packet),
		.client_port = packet_source_port_be(packet),
		.service = service,
		.backend = backend,
		.state = state,
	};
}

// Remembers a flow that has no row, as far as the budget of new ones goes.
static void store_first(struct worker *worker, const struct flow_begin *begin)
{
	const struct snapshot *snapshot = worker->snapshot;

	if (!rate_take(&worker->new_flow_rate)) {
		metrics_add(&worker->metrics->flow_skipped, 1);
		return;
	}
	if (flow_insert_first(worker->flows, begin, snapshot->ttls, snapshot->service_capacity,
		    worker->now_s) == FLOW_EVICTED)
		metrics_add(&worker->metrics->flow_evictions, 1);
}

static inline void count_new(struct worker *worker, uint16_t service, uint32_t backend)
{
	metrics_add(&worker->metrics->services[service].new_flows, 1);
	metrics_add(&worker->metrics->backends[backend & BACKEND_INDEX_MASK].new_flows, 1);
}

static void count(struct worker *worker, const struct select_result *result, uint16_t service)
{
	struct metrics_worker *metrics = worker->metrics;

	if (likely(result->hit)) {
		struct metrics_traffic *backend =
			&metrics->backends[result->backend & BACKEND_INDEX_MASK];

		metrics_add(&metrics->flow_hits, 1);
		if (result->aborts)
			metrics_count(&backend->syn_resets);
		if (result->repeats)
			metrics_count(&backend->syn_repeats);
		return;
	}
	metrics_add(&metrics->flow_misses, 1);
	if (result->by_previous)
		metrics_add(&metrics->previous_table, 1);
	if (result->begins && result->verdict == SELECT_FORWARD)
		count_new(worker, service, result->backend);
}

// True: the packet begins a flow, and is on its way to burst->backends[i].
static inline bool select_first(struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct snapshot *snapshot = worker->snapshot;
	const struct packet *packet = &burst->packets[i];
	const struct hash128 *hash = &burst->hashes[i];
	uint16_t number = burst->services[i];
	struct flow_begin begin;
	uint32_t backend;

	if (!select_begin(
		    snapshot, worker->flows, &snapshot->services[number], packet, hash, &backend) ||
		(!classify_source_is_plain(snapshot, packet) &&
			classify_source(snapshot, packet) != CLASSIFY_KEEP))
		return false;
	burst->backends[i] = backend;
	rte_prefetch0(&snapshot->backends[backend & BACKEND_INDEX_MASK]);
	metrics_add(&worker->metrics->flow_misses, 1);
	count_new(worker, number, backend);
	begin = begin_of(packet, hash->flow, number, backend, FLOW_NEW);
	store_first(worker, &begin);
	return true;
}

// All of the rules. True: the packet goes on to burst->backends[i].
static __attribute__((noinline)) bool select_uncommon(
	struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct snapshot *snapshot = worker->snapshot;
	const struct packet *packet = &burst->packets[i];
	uint16_t number = burst->services[i];
	const struct snapshot_service *service = &snapshot->services[number];
	struct select_input in = {
		.snapshot = snapshot,
		.view = &snapshot->views[service->view],
		.ttl = &service->ttl,
		.flows = worker->flows,
		.slot_hash = select_slot_hash(snapshot, service, packet, &burst->hashes[i]),
		.flow_hash = burst->hashes[i].flow,
		.client_port_be = packet_source_port_be(packet),
		.event = select_event_of(packet),
		.tcp = rte_pktmbuf_mtod_offset(
			burst->mbufs[i], const struct tcp_header *, packet->l4_offset),
		.tcp_size = (uint32_t)packet->l3_offset + packet->l3_size - packet->l4_offset,
		.now_s = worker->now_s,
	};
	struct select_result result;
	enum drop_reason reason;

	select_backend(&in, &result);
	if (!result.hit && !classify_source_is_plain(snapshot, packet) &&
		(reason = classify_source(snapshot, packet)) != CLASSIFY_KEEP) {
		worker_drop(worker, burst->mbufs[i], reason);
		return false;
	}
	count(worker, &result, number);
	if (unlikely(result.verdict == SELECT_REJECT)) {
		if (packet->fragmented)
			worker_refuse_fragments(worker, packet, DROP_NO_BACKEND);
		worker_reject(worker, burst->port, burst->mbufs[i], packet);
		return false;
	}
	if (unlikely(result.verdict == SELECT_NO_BACKEND)) {
		if (packet->fragmented)
			worker_refuse_fragments(worker, packet, DROP_NO_BACKEND);
		worker_drop(worker, burst->mbufs[i], DROP_NO_BACKEND);
		return false;
	}
	if (unlikely(result.verdict == SELECT_RESET)) {
		if (packet->fragmented)
			worker_refuse_fragments(worker, packet, DROP_FRAGMENT_UNKNOWN);
		worker_reset(worker, burst->port, burst->mbufs[i], packet);
		return false;
	}
	if (unlikely(select_stores(in.event, &result))) {
		struct flow_begin begin = begin_of(
			packet, in.flow_hash, number, result.backend, select_first_state(in.event));

		// Where it has a row it takes no other's place: no budget may keep what the row
		// says, and its next packet follows.
		if (unlikely(result.has_row))
			flow_write(worker->flows, &result.row, &begin, worker->now_s);
		else
			store_first(worker, &begin);
	}
	burst->backends[i] = result.backend;
	rte_prefetch0(&snapshot->backends[result.backend & BACKEND_INDEX_MASK]);
	return true;
}

// What packets of no known flow will ask for: their places in the Maglev tables, and the lines that
// take their clients; a flow that is not new to the fleet may need the other bucket of its pair
// besides.
static __attribute__((noinline)) void prefetch_unknown(
	const struct worker *worker, const struct burst *burst)
{
	const struct snapshot *snapshot = worker->snapshot;

	for (uint32_t i = 0; i < burst->count; i++) {
		const struct snapshot_service *service = &snapshot->services[burst->services[i]];
		bool begins = (burst->packets[i].tcp_flags & TCP_SYN) != 0;

		if (!begins && !worker->many_unknown)
			continue;
		flow_prefetch_client(worker->flows, burst->hashes[i].flow);
		if (!begins)
			flow_prefetch_sibling(worker->flows, burst->hashes[i].flow);
		if (service->affinity == CONFIG_FIVE_TUPLE)
			select_prefetch(&snapshot->views[service->view], burst->hashes[i].slot);
	}
}

static inline bool is_known(struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct snapshot *snapshot = worker->snapshot;

	return select_known(snapshot, worker->flows, &snapshot->services[burst->services[i]].ttl,
		&burst->packets[i], burst->hashes[i].flow, worker->now_s, &burst->backends[i]);
}

static void select_most_known(struct worker *worker, struct burst *burst)
{
	uint32_t kept = 0, known = 0;

	for (uint32_t i = 0; i < burst->count; i++) {
		if (likely(is_known(worker, burst, i)))
			known++;
		else if (!select_uncommon(worker, burst, i))
			continue;
		burst_keep(burst, kept++, i);
	}
	metrics_add(&worker->metrics->flow_hits, known);
	worker->many_unknown = 2 * (known + burst->begins) < burst->count;
	burst->count = kept;
}

// The same, the other way round, in a flood of SYNs.
static void select_most_begin(struct worker *worker, struct burst *burst)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < burst->count; i++)
		if (likely(select_first(worker, burst, i)) || select_uncommon(worker, burst, i))
			burst_keep(burst, kept++, i);
	worker->many_unknown = false;
	burst->count = kept;
}

void stage_select(struct worker *worker, struct burst *burst)
{
	// As the burst before, so is this one: flows that another balancer had do not come alone.
	if (burst->begins > 0 || unlikely(worker->many_unknown))
		prefetch_unknown(worker, burst);
	if (likely(2 * burst->begins < burst->count))
		select_most_known(worker, burst);
	else
		select_most_begin(worker, burst);
}
