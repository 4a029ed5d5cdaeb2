// SPDX-License-Identifier: BSD-3-Clause
#include "balancer.h"

#include <errno.h>
#include <judge/select.h>
#include <stdlib.h>

struct view {
	struct snapshot *snapshot;
	uint32_t table_size;
};

struct balancer {
	struct flow_table *flows;
};

struct view *view_new(uint32_t table_size)
{
	struct view *view = calloc(1, sizeof(*view));

	if (view != NULL)
		view->table_size = table_size;
	return view;
}

void view_free(struct view *view)
{
	if (view == NULL)
		return;
	snapshot_free(view->snapshot);
	free(view);
}

// The pool as an operator would write it, so that all that it leaves open is as in the daemon.
static void write_yaml(const struct pool *pool, uint32_t table_size, FILE *out)
{
	fprintf(out,
		"services:\n"
		"  - {name: simulated, vip: 203.0.113.10, protocol: tcp, port: 443, pool: simulated");
	if (pool->prefer[0] != '\0')
		fprintf(out, ", prefer: [%s], prefer_floor: %u%%", pool->prefer, pool->floor);
	fprintf(out,
		"}\n"
		"pools:\n"
		"  - name: simulated\n"
		"    table_size: %u\n"
		"    backends:\n",
		table_size);
	for (uint32_t i = 0; i < pool->count; i++) {
		const struct pool_backend *backend = &pool->backends[i];
		bool is_somewhere = backend->zone[0] != '\0';

		fprintf(out, "      - {name: %s, address: 10.%u.%u.%u, weight: %u%s%s}\n",
			backend->name, i >> 16, i >> 8 & 0xff, i & 0xff, backend->weight,
			is_somewhere ? ", zone: " : "", backend->zone);
	}
}

static int load_config(
	const struct pool *pool, uint32_t table_size, struct config **out, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int rc;

	if (stream == NULL)
		return error_set(err, ENOMEM, "no memory for the pool");
	write_yaml(pool, table_size, stream);
	fclose(stream);
	rc = config_load_text("the simulated pool", text, size, out, NULL, NULL, err);
	free(text);
	return rc;
}

static enum backend_status status_of(const struct pool_backend *backend)
{
	bool keeps = backend->draining || !backend->present || backend->weight == 0;

	if (backend->disabled)
		return BACKEND_DISABLED;
	if (!backend->up)
		return BACKEND_DOWN;
	return keeps ? BACKEND_DRAINING : BACKEND_UP;
}

static void compile_backends(
	const struct pool *pool, const struct config *config, struct snapshot_backend_input *out)
{
	for (uint32_t i = 0; i < config->backend_count; i++) {
		uint32_t number = pool_find(pool, config->backends[i].name);
		const struct pool_backend *backend = &pool->backends[number];

		out[i] = (struct snapshot_backend_input){
			.reference = backend_reference(number, 0),
			.status = status_of(backend),
			.slow_start_tenths = backend->slow_start_tenths,
			.resolved = true,
			.mtu = 1500,
			.outer_source = addr_from_ipv4_be(1),
		};
	}
}

int view_publish(struct view *view, const struct pool *pool, uint32_t now_s, uint64_t begun,
	struct error *err)
{
	const uint16_t service = 0;
	struct snapshot_input input = {.services = &service,
		.begun = &begun,
		.service_capacity = 1,
		.backend_capacity = pool->count,
		.now_s = now_s};
	struct snapshot_backend_input *backends = calloc(pool->count, sizeof(*backends));
	struct snapshot *snapshot;
	struct config *config;
	int rc;

	if (backends == NULL)
		return error_set(err, ENOMEM, "no memory for the pool");
	rc = load_config(pool, view->table_size, &config, err);
	if (rc == 0) {
		compile_backends(pool, config, backends);
		input.config = config;
		input.backends = backends;
		rc = snapshot_build(&input, view->snapshot, &snapshot, err);
		config_free(config);
	}
	free(backends);
	if (rc != 0)
		return rc;
	snapshot_free(view->snapshot);
	view->snapshot = snapshot;
	return 0;
}

bool view_is_due(const struct view *view, uint32_t now_s)
{
	return view->snapshot != NULL && snapshot_is_due(view->snapshot, now_s);
}

static size_t generation_size(const struct snapshot_generation *generation)
{
	return generation == NULL
		       ? 0
		       : sizeof(*generation->table) +
				 generation->table->size * sizeof(generation->table->slots[0]);
}

size_t view_size(const struct view *view)
{
	const struct snapshot_view *seen = &view->snapshot->views[0];

	size_t size = generation_size(seen->remembered);

	for (uint32_t i = 0; seen->past != NULL && i < seen->past->count; i++)
		size += generation_size(seen->past->tables[i].generation);
	return size;
}

struct balancer *balancer_new(uint64_t capacity)
{
	struct balancer *balancer = calloc(1, sizeof(*balancer));
	size_t footprint = flow_table_footprint(capacity);
	void *memory = footprint == 0 ? NULL : aligned_alloc(64, (footprint + 63) / 64 * 64);

	if (balancer == NULL || memory == NULL) {
		free(memory);
		free(balancer);
		return NULL;
	}
	memset(memory, 0, footprint);
	balancer->flows = flow_table_new(memory, capacity);
	return balancer;
}

void balancer_free(struct balancer *balancer)
{
	if (balancer == NULL)
		return;
	free(balancer->flows); // the table begins its memory
	free(balancer);
}

static void store(struct balancer *balancer, const struct select_input *in,
	const struct packet *packet, uint32_t backend)
{
	struct flow_begin begin = {
		.hash = in->flow_hash,
		.client = select_client(packet),
		.client_port = in->client_port_be,
		.backend = backend,
		.state = select_first_state(in->event),
	};

	flow_insert(balancer->flows, &begin, in->snapshot->ttls, in->snapshot->service_capacity,
		in->now_s);
}

struct judgement balancer_judge(struct balancer *balancer, const struct view *view,
	const struct packet *packet, uint32_t now_s)
{
	const struct snapshot *snapshot = view->snapshot;
	struct select_input in = {
		.snapshot = snapshot,
		.view = &snapshot->views[0],
		.ttl = &snapshot->ttls[0],
		.flows = balancer->flows,
		.client_port_be = packet_source_port_be(packet),
		.event = select_event_of(packet),
		.now_s = now_s,
	};
	struct select_result result;
	struct hash128 hash;

	hash_packets(&snapshot->key, packet, 1, &hash);
	in.slot_hash = hash.slot;
	in.flow_hash = hash.flow;
	select_backend(&in, &result);
	if (select_stores(in.event, &result))
		store(balancer, &in, packet, result.backend);
	if (result.verdict != SELECT_FORWARD)
		return (struct judgement){BACKEND_NONE, result.hit};
	return (struct judgement){(uint16_t)(result.backend & BACKEND_INDEX_MASK), result.hit};
}
