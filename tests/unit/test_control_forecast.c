// SPDX-License-Identifier: BSD-3-Clause
// What a plan foretells, and what the apply then does: random pairs of configurations, each with
// flows of its own in real flow tables, by the commit's own jobs and the workers' own judgement.
// Only the event loop and the network are missing.
#include "forecast_hand.h"

#include <channel/message.h>
#include <config/endpoint.h>
#include <forecast/forecast.h>
#include <judge/explain.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// --- Flows ---

struct judged {
	struct explanation explanation;
	struct select_input in;
	struct select_result result;
	bool is_forwarded;
	bool is_by_table; // the current one says so too
};

// As a worker judges it, in its own table; but it stores nothing yet.
static struct judged judge(struct hand *hand, const struct packet *packet, uint32_t worker)
{
	struct judged out = {0};
	struct explanation *e = &out.explanation;

	explain_packet(hand->current, packet, EXPLAIN_TTL, e);
	if (!e->is_vip || e->reason != DROP_REASON_COUNT)
		return out;
	out.in = (struct select_input){
		.snapshot = hand->current,
		.view = e->view,
		.ttl = &hand->current->ttls[e->service],
		.flows = hand->tables[worker],
		.slot_hash = e->slot_hash,
		.flow_hash = e->hash.flow,
		.client_port_be = packet_source_port_be(packet),
		.event = select_event_of(packet),
		.now_s = hand->now_s,
	};
	select_backend(&out.in, &out.result);
	out.is_forwarded = out.result.verdict == SELECT_FORWARD;
	out.is_by_table = e->has_current && e->current == out.result.backend;
	return out;
}

// True: the packet went on.
static bool take(struct hand *hand, const struct packet *packet, uint32_t worker)
{
	struct judged judged = judge(hand, packet, worker);
	const struct addr client = packet_source(packet);
	const struct flow_begin begin = {
		.hash = judged.in.flow_hash,
		.client = flow_client_from_addr(&client),
		.client_port = judged.in.client_port_be,
		.service = judged.explanation.service,
		.backend = judged.result.backend,
		.state = select_first_state(judged.in.event),
	};

	if (judged.is_forwarded && select_stores(judged.in.event, &judged.result))
		flow_insert(
			hand->tables[worker], &begin, hand->current->ttls, SERVICES, hand->now_s);
	return judged.is_forwarded;
}

// No two have one client's port.
static struct packet make_packet(
	const struct config_service *service, uint16_t client_port, uint8_t tcp_flags)
{
	struct config_endpoint to = config_endpoint(service, pick(config_endpoint_count(service)));
	struct addr client = addr_from_ipv4_be(htobe32(0xc6336400 + pick(200)));
	uint8_t six[16] = {0x20, 1, 0xd, 0xb8, 1, [15] = (uint8_t)pick(200)};
	struct packet packet;

	if (service->vip.family == ADDR_IPV6)
		client = addr_from_ipv6(six);
	explain_make_packet(to.protocol, &client, client_port, &service->vip,
		(uint16_t)(to.first + pick(to.last - to.first + 1u)), tcp_flags, &packet);
	return packet;
}

static void begin_flows(struct hand *hand)
{
	const struct config *config = hand->running->written;

	for (uint32_t i = 0; i < FLOWS; i++) {
		struct packet *packet = &hand->known[hand->known_count];
		uint32_t worker = pick(WORKERS);

		*packet = make_packet(&config->services[pick(config->service_count)],
			(uint16_t)(1024 + hand->known_count), TCP_SYN);
		if (!take(hand, packet, worker))
			continue;
		packet->tcp_flags = packet->kind == PACKET_TCP ? TCP_ACK : 0;
		hand->known_workers[hand->known_count++] = worker;
	}
}

static const struct config_backend *machine_of(const struct hand *hand, uint32_t reference)
{
	uint32_t at = hand->running->places[reference & BACKEND_INDEX_MASK];

	return at != CONFIGURATION_NONE && hand->running->backends[at] == reference
		       ? &hand->running->config->backends[at]
		       : NULL;
}

static const struct config_service *service_of(const struct hand *hand, uint16_t index)
{
	return &hand->running->config->services[hand->running->service_places[index]];
}

static bool has_name(const struct config *config, const char *service)
{
	for (uint32_t i = 0; i < config->service_count; i++)
		if (strcmp(config->services[i].name, service) == 0)
			return true;
	return false;
}

// Those that the tables have, before the change.
static void list_live(struct hand *hand)
{
	hand->live_count = 0;
	for (uint32_t i = 0; i < hand->known_count; i++) {
		struct flow *flow = &hand->live[hand->live_count];
		struct explanation e;
		struct explained_flow explained;

		flow->packet = hand->known[i];
		flow->worker = hand->known_workers[i];
		explain_packet(hand->current, &flow->packet, EXPLAIN_TTL, &e);
		if (!e.is_vip || e.reason != DROP_REASON_COUNT)
			continue;
		explain_flow(&e, hand->tables[flow->worker], hand->now_s, &explained);
		// An entry that a service of another name has left names nobody's port.
		if (!explained.is_known || explained.row.service != e.service ||
			machine_of(hand, explained.row.backend) == NULL)
			continue;
		flow->backend = explained.row.backend;
		flow->machine = machine_of(hand, flow->backend)->address;
		flow->service_index = e.service;
		memcpy(flow->pool, service_of(hand, e.service)->pool, sizeof(flow->pool));
		memcpy(flow->service, service_of(hand, e.service)->name, sizeof(flow->service));
		hand->live_count++;
	}
}

// A service whose name alone is another one is the same to its flows: else their rows would be
// nobody's, and the first to go.
static void check_service(struct hand *hand, const struct flow *flow, const struct judged *judged)
{
	if (!judged->explanation.is_vip || judged->explanation.reason != DROP_REASON_COUNT ||
		has_name(hand->running->written, flow->service))
		return;
	assert_int_equal(judged->explanation.service, flow->service_index);
	hand->renamed++;
}

static void follow_one(struct hand *hand, const struct flow *flow)
{
	struct judged judged = judge(hand, &flow->packet, flow->worker);
	struct message_row_plan *row = hand->rows;
	const struct config_backend *machine = NULL;

	check_service(hand, flow, &judged);
	while (strcmp(row->pool, flow->pool) != 0)
		assert_true(++row < hand->rows + hand->row_count);
	if (judged.is_forwarded)
		machine = machine_of(hand, judged.result.backend);
	if (machine == NULL || !addr_equal(&machine->address, &flow->machine)) {
		row->flows_ended--;
		hand->ended++;
	} else if (judged.is_by_table) {
		row->flows_kept--;
		hand->kept++;
	} else {
		row->flows_remembered--;
		hand->remembered++;
	}
}

// What became of each, by its next packet: taken off what was foretold. What is new in the tables
// could take the place of a flow whose service has another name now, so it comes after all were
// looked at.
static void follow_live(struct hand *hand)
{
	for (uint32_t i = 0; i < hand->live_count; i++)
		follow_one(hand, &hand->live[i]);
	for (uint32_t i = 0; i < hand->live_count; i++)
		take(hand, &hand->live[i].packet, hand->live[i].worker);
}

// --- Slots ---

static void list_owners(const struct hand *hand, const char *pool, struct addr *owners)
{
	const struct snapshot_pool *built = snapshot_find_pool_from(hand->current, pool, 0);
	const struct snapshot_generation *generation =
		built == NULL ? NULL : hand->current->views[built->first_view].current;

	memset(owners, 0, MAGLEV_SIZE_DEFAULT * sizeof(*owners));
	for (uint32_t i = 0; generation != NULL && i < MAGLEV_SIZE_DEFAULT; i++)
		owners[i] =
			machine_of(hand, generation->members[generation->table->slots[i]].backend)
				->address;
}

static uint32_t count_views(const struct hand *hand, const char *pool)
{
	const struct snapshot_pool *built = snapshot_find_pool_from(hand->current, pool, 0);
	uint32_t count = 0;

	for (uint32_t at = built == NULL ? VIEW_NONE : built->first_view; at != VIEW_NONE;
		at = hand->current->views[at].next)
		count++;
	return count;
}

static struct addr owners_before[POOLS][MAGLEV_SIZE_DEFAULT], owners_after[MAGLEV_SIZE_DEFAULT];

static void list_slots(const struct hand *hand)
{
	for (uint32_t i = 0; i < POOLS; i++)
		list_owners(hand, hand->running->written->pools[i].name, owners_before[i]);
}

static void check_slots(struct hand *hand)
{
	for (uint32_t i = 0; i < POOLS; i++) {
		const char *pool = hand->running->written->pools[i].name;
		uint64_t moved = 0;

		if (count_views(hand, pool) != 1)
			continue;
		list_owners(hand, pool, owners_after);
		for (uint32_t slot = 0; slot < MAGLEV_SIZE_DEFAULT; slot++)
			moved += !addr_equal(&owners_before[i][slot], &owners_after[slot]);
		assert_string_equal(hand->rows[i].pool, pool);
		assert_int_equal(hand->rows[i].slots_moved, moved);
		hand->moved += moved;
	}
}

// --- The test ---

static uint32_t asked; // by the walk at hand

static uint32_t hand_clock_s(void *context)
{
	const struct hand *hand = context;

	asked++;
	return hand->now_s;
}

// A walk may last longer than a flow lives: none of its pieces goes by the time of another.
static void foretell(struct hand *hand, struct commit *commit)
{
	uint32_t pieces = 0;

	for (uint32_t w = 0; w < WORKERS; w++)
		pieces +=
			(flow_table_buckets(hand->tables[w]) + FORECAST_PIECE - 1) / FORECAST_PIECE;
	asked = 0;
	commit->forecast_clock_s = hand_clock_s;
	commit->forecast_clock_context = hand;
	commit_forecast(commit);
	assert_int_equal(asked, pieces);
	if (commit->rc != 0)
		fail_msg("%s", commit->err.text);
	assert_int_not_equal(commit->changes, 0);
	assert_non_null(commit->text);
	hand->rows = commit->rows;
	hand->row_count = commit->row_count;
	commit->rows = NULL;
}

static void run_pair(struct hand *hand)
{
	uint64_t random = seed;
	struct commit *plan = wish(hand), *apply;

	prepare(plan);
	foretell(hand, plan);
	commit_free(plan);
	list_live(hand);
	list_slots(hand);
	seed = random; // the same configuration once more
	apply = wish(hand);
	prepare(apply);
	commit_build(apply);
	assert_int_equal(apply->rc, 0);
	install(hand, apply);
	find_up(hand, apply);
	commit_free(apply);
	check_slots(hand);
	follow_live(hand);
	for (uint32_t i = 0; i < hand->row_count; i++) {
		assert_int_equal(hand->rows[i].flows_kept, 0);
		assert_int_equal(hand->rows[i].flows_remembered, 0);
		assert_int_equal(hand->rows[i].flows_ended, 0);
		assert_int_equal(hand->rows[i].flows_not_judged, 0);
	}
	free(hand->rows);
}

static void a_plan_foretells_what_an_apply_does(void **state)
{
	struct hand *hand = calloc(1, sizeof(*hand));

	hand_init(hand);
	for (uint32_t i = 0; i < PAIRS; i++) {
		begin_flows(hand);
		change_health(hand);
		run_pair(hand);
	}
	print_message(
		"%lu flows kept, %lu remembered, %lu ended, %lu of renamed services, %lu slots moved\n",
		hand->kept, hand->remembered, hand->ended, hand->renamed, hand->moved);
	assert_true(hand->kept > 10000 && hand->remembered > 1000 && hand->ended > 1000 &&
		    hand->moved > 100000 && hand->renamed > 100);
	hand_end(hand);
	free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_foretells_what_an_apply_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
