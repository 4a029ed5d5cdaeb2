// SPDX-License-Identifier: BSD-3-Clause
// What a plan foretells, and what the apply then does: random pairs of configurations, each with flows of its own in real
// flow tables, by the commit's own jobs and the workers' own judgement. Only the event loop and the network are missing.
#include <base/clock.h>
#include <control/control_private.h>
#include <control/resolve_private.h>
#include <errno.h>
#include <judge/explain.h>
#include <packet/headers.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define PAIRS    100
#define FLOWS    300 // that begin under each configuration
#define WORKERS  2
#define CAPACITY 65536 // so that no flow has to go for another one
#define BACKENDS 128
#define SERVICES 32
#define POOLS    4

struct flow {
	struct packet packet; // in its midst
	uint32_t worker;
	char pool[CONFIG_NAME_SIZE]; // of the service that it has
	uint32_t backend; // reference
	struct addr machine;
};

struct hand {
	struct registry backends, services;
	struct edition *running;
	struct control_backend states[BACKENDS], copy[BACKENDS];
	struct control_port port;
	struct snapshot *current;
	struct flow_table *tables[WORKERS];
	uint64_t version;
	uint32_t now_s;
	struct packet known[PAIRS * FLOWS]; // every flow that ever began
	uint32_t known_workers[PAIRS * FLOWS];
	uint32_t known_count;
	struct flow live[PAIRS * FLOWS];
	uint32_t live_count;
	struct message_row_plan *rows; // foretold
	uint32_t row_count;
	uint64_t kept, remembered, ended, moved; // met so far
};

static uint64_t seed = 0x9e3779b97f4a7c15ull;

static uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

// --- Random configurations, each like the one before in most of it ---

static void write_service(FILE *file, uint32_t number)
{
	static const char *const affinities[] = {"five_tuple", "source", "source_service"};

	fprintf(file, "  - {name: s%u, vip: '%s', protocol: %s, ", number,
		number % 3 == 2 ? "2001:db8::10"
		: pick(20) == 0 ? "203.0.113.11"
				: "203.0.113.10",
		number % 2 ? "udp" : "tcp");
	fprintf(file, number < 2 ? "ports: 100-130, " : "port: %u, ", 440 + number);
	fputs("flow_ttl: {new: 9h, established: 9h, closing: 9h, udp: 9h}, ",
		file); // however slow the machine is
	fprintf(file, "affinity: %s, pool: p%u}\n", affinities[pick(30) < 27 ? 0 : 1 + pick(2)],
		pick(10) == 0 ? pick(POOLS) : number % POOLS);
}

static void write_backend(FILE *file, uint32_t pool, uint32_t number)
{
	static const char *const states[] = {
		"", ", state: active", ", state: draining", ", state: disabled"};

	if (pick(6) == 0)
		return;
	fprintf(file, "      - {name: b%u, address: 10.%u.%u.%u, weight: %u%s}\n", number,
		pick(25) == 0, pool, number + 1, pick(12) == 0 ? 0 : 50 + 50 * pick(2),
		states[pick(20) < 15 ? 0 : pick(4)]);
}

static void write_pool(FILE *file, uint32_t number)
{
	static const char *const policies[] = {"keep", "rehash", "reset"};

	fprintf(file,
		"  - name: p%u\n    health: {type: %s, port: 7}\n    on_down: %s\n"
		"    on_all_down: %s\n    previous_table: %s\n    backends:\n",
		number, pick(3) ? "tcp" : "none", policies[pick(3)], pick(2) ? "spread" : "drop",
		pick(5) ? "30m" : "0s");
	fprintf(file, "      - {name: always, address: 10.9.%u.1}\n", number);
	for (uint32_t i = 0; i < 10; i++)
		write_backend(file, number, i);
}

static struct config *make_config(void)
{
	struct config *config;
	struct error err;
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);

	if (pick(12) == 0)
		fprintf(file, "hash_key: '%032x'\n", 1 + pick(3));
	fputs("services:\n", file);
	for (uint32_t i = 0; i < 9; i++)
		if (pick(10) > 0)
			write_service(file, i);
	fputs("  - {name: last, vip: 203.0.113.10, protocol: tcp, port: 9, pool: p0}\n", file);
	fputs("pools:\n", file);
	for (uint32_t i = 0; i < POOLS; i++)
		write_pool(file, i);
	fclose(file);
	if (config_load_text("random", text, size, &config, NULL, NULL, &err) != 0)
		fail_msg("%s\n%s", err.text, text);
	free(text);
	return config;
}

// --- Commits ---

static struct commit *wish(struct hand *hand)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	commit->config = make_config();
	commit->version = hand->version + 1;
	commit->applied_s = 1000 + hand->version * 10000; // those that leave may go
	commit->backend_registry = &hand->backends;
	commit->service_registry = &hand->services;
	commit->flows = hand->tables;
	commit->worker_count = WORKERS;
	commit->state_folder = "";
	commit->running = hand->running;
	memcpy(hand->copy, hand->states, sizeof(hand->copy));
	commit->build = (struct build){
		.states = hand->copy,
		.ports = &hand->port,
		.previous = hand->current,
		.service_capacity = SERVICES,
		.version = hand->version + 1,
	};
	return commit;
}

// As if the kernel had answered.
static void resolve(struct commit *commit)
{
	for (uint32_t i = 0; i < commit->touched_count; i++) {
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		struct control_backend *state =
			&commit->build.states[edition_index(commit->edition, at)];

		state->port = 0;
		state->resolved = true;
		state->hop.mtu = 1500;
	}
}

static void prepare(struct commit *commit)
{
	commit_prepare(commit);
	if (commit->rc != 0)
		fail_msg("%s", commit->err.text);
	assert_false(commit->is_equal);
	resolve(commit);
}

static void rebuild(struct hand *hand)
{
	struct snapshot *before = hand->current;
	struct build build = {.edition = hand->running,
		.states = hand->states,
		.ports = &hand->port,
		.previous = before,
		.service_capacity = SERVICES,
		.version = before->version + 1};
	struct error err;

	assert_int_equal(build_run(&build, &err), 0);
	hand->current = build.snapshot;
	snapshot_free(before);
}

// As install.c has it, for what there is here.
static void install(struct hand *hand, struct commit *commit)
{
	struct snapshot *before = hand->current;

	for (uint32_t i = 0; i < commit->touched_count; i++) {
		bool is_stranger = (commit->touched[i] & COMMIT_STRANGER) != 0;
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		uint32_t index = edition_index(commit->edition, at);

		control_backend_touch(
			&hand->states[index], commit->edition, at, is_stranger, commit->applied_s);
		control_resolve_take(&hand->states[index], &commit->build.states[index]);
	}
	for (uint32_t i = 0; i < commit->edition->config->backend_count; i++)
		hand->states[edition_index(commit->edition, i)].leaving_s =
			commit->edition->config->backends[i].state == CONFIG_STATE_LEAVING;
	commit->before = hand->running;
	hand->running = commit->edition;
	commit->is_installed = true;
	hand->current = commit->build.snapshot;
	commit->build.snapshot = NULL;
	hand->version = commit->version;
	snapshot_free(before);
}

// The probes of those that are new have found them up.
static void find_up(struct hand *hand, const struct commit *commit)
{
	for (uint32_t i = 0; i < commit->touched_count; i++) {
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;

		if ((commit->touched[i] & COMMIT_STRANGER) != 0)
			hand->states[edition_index(commit->edition, at)].health = HEALTH_UP;
	}
	rebuild(hand);
}

static void change_health(struct hand *hand)
{
	const struct edition *running = hand->running;

	for (uint32_t i = 0; i < running->config->backend_count; i++) {
		struct control_backend *state = &hand->states[edition_index(running, i)];

		if (edition_is_probed(running, i, 0))
			state->health = pick(8) == 0 ? HEALTH_DOWN : HEALTH_UP;
	}
	rebuild(hand);
}

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

	explain_packet(hand->current, packet, e);
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
	uint16_t ports = (uint16_t)(service->port_last - service->port_first + 1);
	struct addr client = addr_from_ipv4_be(htobe32(0xc6336400 + pick(200)));
	uint8_t six[16] = {0x20, 1, 0xd, 0xb8, 1, [15] = (uint8_t)pick(200)};
	struct packet packet;

	if (service->vip.family == ADDR_IPV6)
		client = addr_from_ipv6(six);
	explain_make_packet(service->protocol, &client, client_port, &service->vip,
		(uint16_t)(service->port_first + pick(ports)), tcp_flags, &packet);
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

	return at != EDITION_NONE && hand->running->backends[at] == reference
		       ? &hand->running->config->backends[at]
		       : NULL;
}

static const char *pool_of(const struct hand *hand, uint16_t service)
{
	for (uint32_t i = 0; i < hand->running->config->service_count; i++)
		if (hand->running->services[i] == service)
			return hand->running->config->services[i].pool;
	return "";
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
		explain_packet(hand->current, &flow->packet, &e);
		if (!e.is_vip || e.reason != DROP_REASON_COUNT)
			continue;
		explain_flow(&e, hand->tables[flow->worker], hand->now_s, &explained);
		// An entry that a service of another name has left names nobody's port.
		if (!explained.is_known || explained.row.service != e.service ||
			machine_of(hand, explained.row.backend) == NULL)
			continue;
		flow->backend = explained.row.backend;
		flow->machine = machine_of(hand, flow->backend)->address;
		snprintf(
			flow->pool, sizeof(flow->pool), "%s", pool_of(hand, explained.row.service));
		hand->live_count++;
	}
}

static void follow_one(struct hand *hand, const struct flow *flow)
{
	struct judged judged = judge(hand, &flow->packet, flow->worker);
	struct message_row_plan *row = hand->rows;
	const struct config_backend *machine = NULL;

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

// What became of each, by its next packet: taken off what was foretold. What is new in the tables could take the place of a
// flow whose service has another name now, so it comes after all were looked at.
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
	const struct snapshot_pool *built = snapshot_find_pool(hand->current, pool);
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
	const struct snapshot_pool *built = snapshot_find_pool(hand->current, pool);
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

static void foretell(struct hand *hand, struct commit *commit)
{
	commit_forecast(commit);
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

static struct flow_table *new_table(void)
{
	size_t size = (flow_table_footprint(CAPACITY) + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, size);

	memset(memory, 0, size);
	return flow_table_new(memory, CAPACITY);
}

static void begin(struct hand *hand)
{
	struct commit *first;

	assert_int_equal(registry_init(&hand->backends, BACKENDS), 0);
	assert_int_equal(registry_init(&hand->services, SERVICES), 0);
	hand->port = (struct control_port){.mtu = 1500, .vlan_tci = ENCAP_VLAN_NONE};
	hand->now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	for (uint32_t i = 0; i < WORKERS; i++)
		hand->tables[i] = new_table();
	first = wish(hand);
	prepare(first);
	commit_build(first);
	install(hand, first);
	find_up(hand, first);
	commit_free(first);
}

static void a_plan_foretells_what_an_apply_does(void **state)
{
	struct hand *hand = calloc(1, sizeof(*hand));

	begin(hand);
	for (uint32_t i = 0; i < PAIRS; i++) {
		begin_flows(hand);
		change_health(hand);
		run_pair(hand);
	}
	print_message("%lu flows kept, %lu remembered, %lu ended, %lu slots moved\n", hand->kept,
		hand->remembered, hand->ended, hand->moved);
	assert_true(hand->kept > 10000 && hand->remembered > 1000 && hand->ended > 1000 &&
		    hand->moved > 100000);
	snapshot_free(hand->current);
	edition_free(hand->running);
	registry_free(&hand->backends);
	registry_free(&hand->services);
	for (uint32_t i = 0; i < WORKERS; i++)
		free(hand->tables[i]);
	free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_foretells_what_an_apply_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
