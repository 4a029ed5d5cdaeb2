// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <forecast/forecast.h>

#include <endian.h>
#include <errno.h>
#include <flow/flow_inline.h>
#include <judge/explain.h>
#include <packet/headers.h>
#include <stdlib.h>
#include <string.h>

// A row of the flow table has no destination port. Where a service has many, they are tried; a
// flow that is met after so many tries in all (about a second) counts as not judged.
#define TRIES_MAX (1u << 22)

struct forecast {
	const struct forecast_input *in;
	struct message_row_plan *rows;
	uint32_t row_count;
	uint32_t *row_of_pool; // by the place of a pool of the running configuration
	uint32_t tries;
	uint32_t now_s; // of the piece at hand
};

// --- The rows ---

static uint32_t forecast_find_row(const struct forecast *f, const char *pool, uint32_t start)
{
	for (uint32_t i = 0; i < f->row_count; i++) {
		uint32_t at = (start + i) % f->row_count;

		if (strcmp(f->rows[at].pool, pool) == 0)
			return at;
	}
	return f->row_count;
}

static void forecast_add_row(struct forecast *f, const char *pool, enum message_plan_change change)
{
	struct message_row_plan *row = &f->rows[f->row_count++];

	memcpy(row->pool, pool, sizeof(row->pool));
	row->change = change;
}

static void forecast_make_rows(struct forecast *f)
{
	const struct config *now = f->in->running->config, *then = f->in->planned->written;

	for (uint32_t i = 0; i < then->pool_count; i++)
		forecast_add_row(f, then->pools[i].name, MESSAGE_PLAN_ADDED);
	for (uint32_t i = 0; i < now->pool_count; i++) {
		uint32_t at = forecast_find_row(f, now->pools[i].name, i);

		if (at == f->row_count)
			forecast_add_row(f, now->pools[i].name, MESSAGE_PLAN_REMOVED);
		else
			f->rows[at].change = MESSAGE_PLAN_KEPT;
		f->row_of_pool[i] = at;
	}
}

static int forecast_allocate(struct forecast *f)
{
	const struct config *now = f->in->running->config, *then = f->in->planned->written;

	f->rows = calloc((size_t)now->pool_count + then->pool_count + 1, sizeof(*f->rows));
	f->row_of_pool = calloc((size_t)now->pool_count + 1, sizeof(*f->row_of_pool));
	return f->rows != NULL && f->row_of_pool != NULL ? 0 : -ENOMEM;
}

// --- Slots ---

static bool forecast_is_same_machine(const struct forecast *f, uint32_t before, uint32_t after)
{
	return before == after && !f->in->is_stranger[after & BACKEND_INDEX_MASK];
}

static uint32_t forecast_slot_owner(const struct snapshot_generation *generation, uint32_t slot)
{
	return generation->members[generation->table->slots[slot]].backend;
}

// Tables of different sizes are compared by the hashes that a slot stands for.
static uint32_t forecast_count_moved(const struct forecast *f,
	const struct snapshot_generation *before, const struct snapshot_generation *after)
{
	uint32_t size = after->table->size, moved = 0;

	for (uint32_t slot = 0; slot < size; slot++) {
		uint64_t then = (uint64_t)slot * before->table->size / size;

		moved += !forecast_is_same_machine(f, forecast_slot_owner(before, (uint32_t)then),
			forecast_slot_owner(after, slot));
	}
	return moved;
}

static void forecast_add_slots(const struct forecast *f, const struct snapshot_generation *before,
	const struct snapshot_generation *after, struct message_row_plan *row)
{
	uint32_t size = after != NULL    ? after->table->size
			: before != NULL ? before->table->size
					 : 0;

	row->slots += size;
	if (before != NULL && after != NULL)
		row->slots_moved += forecast_count_moved(f, before, after);
	else if (before != NULL || row->change == MESSAGE_PLAN_KEPT)
		row->slots_moved += size;
}

static const struct snapshot_view *forecast_find_view(
	const struct snapshot *snapshot, const struct snapshot_pool *pool, uint64_t policy)
{
	uint32_t at = pool->first_view;

	while (at != VIEW_NONE && snapshot->views[at].policy != policy)
		at = snapshot->views[at].next;
	return &snapshot->views[at != VIEW_NONE ? at : pool->first_view];
}

static const struct snapshot_pool *forecast_find_pool(
	const struct snapshot *snapshot, const char *name, uint32_t start)
{
	return snapshot->pool_count == 0 ? NULL : snapshot_find_pool_from(snapshot, name, start);
}

// Each view of a pool against the one of before that wanted the same.
static void forecast_count_slots(const struct forecast *f, uint32_t at)
{
	struct message_row_plan *row = &f->rows[at];
	const struct snapshot *before = f->in->before, *after = f->in->after;
	const struct snapshot_pool *had = forecast_find_pool(before, row->pool, at);
	const struct snapshot_pool *has = forecast_find_pool(after, row->pool, at);

	if (has == NULL && had == NULL)
		return;
	if (has == NULL) {
		forecast_add_slots(f, before->views[had->first_view].current, NULL, row);
		return;
	}
	for (uint32_t i = has->first_view; i != VIEW_NONE; i = after->views[i].next)
		forecast_add_slots(f,
			had != NULL
				? forecast_find_view(before, had, after->views[i].policy)->current
				: NULL,
			after->views[i].current, row);
}

// --- Flows ---

// A row of a worker's table.
struct forecast_place {
	uint32_t worker;
	uint32_t bucket;
	struct flow_row row;
};

// The packet in the midst of a flow of 'service' to that port. True: the row is that flow's, so
// the worker knows it.
static bool forecast_is_flow_to(const struct forecast *f, const struct forecast_place *place,
	const struct config_service *service, uint16_t port, struct packet *packet)
{
	uint8_t protocol = place->row.state == FLOW_UDP ? IP_UDP : IP_TCP;
	struct explanation explanation;

	explain_make_packet(protocol, &place->row.client, be16toh(place->row.client_port),
		&service->vip, port, TCP_ACK, packet);
	explain_packet(f->in->before, packet, EXPLAIN_TTL, &explanation);
	return explanation.is_vip && explanation.reason == DROP_REASON_COUNT &&
	       flow_row_is_of(f->in->flows[place->worker], place->bucket, &place->row,
		       explanation.hash.flow);
}

enum forecast_found { FORECAST_FOUND, FORECAST_NOT_FOUND, FORECAST_NOT_JUDGED };

static enum forecast_found forecast_find_packet(struct forecast *f,
	const struct forecast_place *place, const struct config_service *service,
	struct packet *packet)
{
	bool is_udp = place->row.state == FLOW_UDP, is_single = config_has_single_port(service);

	if (place->row.client.family != service->vip.family ||
		!config_has_protocol(service, is_udp ? CONFIG_UDP : CONFIG_TCP))
		return FORECAST_NOT_FOUND;
	for (uint32_t i = 0; i < service->port_count; i++)
		for (uint32_t port = service->ports[i][0]; port <= service->ports[i][1]; port++) {
			if (!is_single && f->tries++ >= TRIES_MAX)
				return FORECAST_NOT_JUDGED;
			if (forecast_is_flow_to(f, place, service, (uint16_t)port, packet))
				return FORECAST_FOUND;
		}
	return FORECAST_NOT_FOUND;
}

// Where its next packet goes.
static void forecast_judge(const struct forecast *f, const struct forecast_place *place,
	const struct packet *packet, struct message_row_plan *row)
{
	uint32_t backend = place->row.backend;
	struct explanation explanation;
	struct explained_flow flow = {0};

	explain_packet(f->in->after, packet, EXPLAIN_TTL, &explanation);
	if (explanation.is_vip && explanation.reason == DROP_REASON_COUNT)
		explain_flow(&explanation, f->in->flows[place->worker], f->now_s, &flow);
	else
		flow.result.verdict = SELECT_NO_BACKEND;
	if (flow.result.verdict != SELECT_FORWARD ||
		!forecast_is_same_machine(f, backend, flow.result.backend))
		row->flows_ended++;
	else if (explanation.has_current && explanation.current == backend)
		row->flows_kept++;
	else
		row->flows_remembered++;
}

static void forecast_count_flow(struct forecast *f, const struct forecast_place *place)
{
	uint32_t at = configuration_find_service(f->in->running, place->row.service);
	const struct config_service *service;
	struct message_row_plan *row;
	struct packet packet;

	if (at == CONFIGURATION_NONE ||
		snapshot_find_backend(f->in->before, place->row.backend) == NULL)
		return;
	service = &f->in->running->config->services[at];
	row = &f->rows[f->row_of_pool[service->pool_index]];
	switch (forecast_find_packet(f, place, service, &packet)) {
	case FORECAST_FOUND:
		forecast_judge(f, place, &packet, row);
		break;
	case FORECAST_NOT_FOUND: // left over from when the service had another address, or the fleet another key
		break;
	case FORECAST_NOT_JUDGED:
		row->flows_not_judged++;
		break;
	}
}

static void forecast_count_flows(struct forecast *f, uint32_t worker)
{
	const struct forecast_input *in = f->in;
	const struct flow_table *table = in->flows[worker];
	struct forecast_place place = {.worker = worker};
	struct flow_row rows[FLOW_WAYS];

	for (; place.bucket < flow_table_buckets(table); place.bucket++) {
		uint32_t count;

		if (place.bucket % FORECAST_PIECE == 0)
			f->now_s = in->clock_s(in->clock_context);
		count = flow_read_bucket(table, place.bucket, in->before->ttls,
			in->before->service_capacity, f->now_s, rows);

		for (uint32_t i = 0; i < count; i++) {
			place.row = rows[i];
			forecast_count_flow(f, &place);
		}
	}
}

int forecast_make(
	const struct forecast_input *input, struct message_row_plan **rows, uint32_t *count)
{
	struct forecast f = {.in = input};
	int rc = forecast_allocate(&f);

	if (rc == 0) {
		forecast_make_rows(&f);
		for (uint32_t i = 0; i < f.row_count; i++)
			forecast_count_slots(&f, i);
		for (uint32_t w = 0; w < input->worker_count; w++)
			forecast_count_flows(&f, w);
		*rows = f.rows;
		*count = f.row_count;
	} else {
		free(f.rows);
	}
	free(f.row_of_pool);
	return rc;
}
