// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <judge/select.h>
#include <pipeline/rate.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Two pools' worth of backends: the current table has 'a' alone, the previous one 'b' alone, so that what was chosen
// tells by which table. 'c' is in neither: only an entry leads there.
enum { A, B, C, BACKENDS };
#define SERVICE 5
#define NOW     1000
#define PORT    0x1234
#define HASH    0x123456789abcdef0ull

struct fixture {
	struct config *config;
	struct snapshot *first;
	struct snapshot *snapshot;
	struct flow_table *flows;
	struct select_input in;
};

static const char yaml[] =
	"services:\n  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
	"pools:\n  - name: p\n    backends:\n"
	"      - {name: a, address: 10.0.1.1}\n"
	"      - {name: b, address: 10.0.1.2}\n"
	"      - {name: c, address: 10.0.1.3}\n";

static struct snapshot *build(struct fixture *f, const enum backend_status status[BACKENDS],
	uint8_t c_generation, const struct snapshot *previous)
{
	static const uint16_t services[] = {SERVICE};
	struct snapshot_backend_input backends[BACKENDS];
	struct snapshot_input input = {.config = f->config,
		.backends = backends,
		.services = services,
		.backend_capacity = 8,
		.service_capacity = 8};
	struct snapshot *snapshot = NULL;

	for (uint32_t i = 0; i < BACKENDS; i++)
		backends[i] = (struct snapshot_backend_input){
			.reference = backend_reference(i, i == C ? c_generation : 0),
			.status = status[i],
			.resolved = true,
			.outer_source = {.bytes = {10, 0, 0, 2}, .family = ADDR_IPV4},
		};
	assert_int_equal(snapshot_build(&input, previous, &snapshot, NULL), 0);
	return snapshot;
}

// 'b' and 'c' are as the case says; a draining 'b' is in no table of its own making but the previous one.
static void set_up(struct fixture *f, enum backend_status b, enum backend_status c,
	enum config_on_down on_down)
{
	static const enum backend_status only_b[BACKENDS] = {
		BACKEND_DISABLED, BACKEND_UP, BACKEND_DISABLED};
	const enum backend_status now[BACKENDS] = {BACKEND_UP, b, c};
	struct error err = {{0}};
	void *memory;

	memset(f, 0, sizeof(*f));
	if (config_load_text("test", yaml, strlen(yaml), &f->config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	f->config->pools[0].on_down = (uint8_t)on_down;
	f->first = build(f, only_b, 0, NULL);
	f->snapshot = build(f, now, 0, f->first);
	memory = aligned_alloc(64, flow_table_footprint(1024));
	memset(memory, 0, flow_table_footprint(1024));
	f->flows = flow_table_new(memory, 1024);
	f->in = (struct select_input){
		.snapshot = f->snapshot,
		.view = &f->snapshot->views[0],
		.ttl = &f->snapshot->ttls[SERVICE],
		.flows = f->flows,
		.slot_hash = HASH,
		.flow_hash = HASH,
		.client_port_be = PORT,
		.now_s = NOW,
	};
}

static void tear_down(struct fixture *f)
{
	snapshot_free(f->first);
	snapshot_free(f->snapshot);
	config_free(f->config);
	free(f->flows);
}

static void enter(struct fixture *f, uint32_t backend, enum flow_state state)
{
	struct flow_begin begin = {.hash = HASH,
		.client = flow_client_from_ipv4_be(be32(0xc6336407)),
		.client_port = PORT,
		.service = SERVICE,
		.backend = backend,
		.state = state};

	flow_insert(f->flows, &begin, f->snapshot->ttls, 8, NOW);
}

static bool entry(struct fixture *f, struct flow_ref *ref)
{
	return flow_find(f->flows, HASH, PORT, f->in.ttl, NOW, ref);
}

// --- A flow that the table has ---

static void an_entry_leads_to_its_backend_by_the_rules(void **state)
{
	static const struct {
		enum select_event event;
		enum backend_status status; // of 'c', whose entry it is
		enum config_on_down on_down;
		enum select_verdict verdict;
		uint32_t backend;
		bool hit;
		enum flow_state after; // FLOW_EMPTY: the entry is gone
	} rows[] = {
		// a SYN chooses anew, whatever the entry says; the caller replaces it
		{SELECT_SYN, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, A, false,
			FLOW_ESTABLISHED},
		{SELECT_SYN, BACKEND_DOWN, CONFIG_ON_DOWN_RESET, SELECT_FORWARD, A, false,
			FLOW_ESTABLISHED},
		{SELECT_DATA, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_ESTABLISHED},
		{SELECT_DATA, BACKEND_DRAINING, CONFIG_ON_DOWN_RESET, SELECT_FORWARD, C, true,
			FLOW_ESTABLISHED},
		{SELECT_DATA, BACKEND_DOWN, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_ESTABLISHED},
		{SELECT_DATA, BACKEND_DOWN, CONFIG_ON_DOWN_REHASH, SELECT_FORWARD, A, true,
			FLOW_ESTABLISHED},
		{SELECT_DATA, BACKEND_DOWN, CONFIG_ON_DOWN_RESET, SELECT_RESET, C, true,
			FLOW_EMPTY},
		{SELECT_DATA, BACKEND_DISABLED, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, A, true,
			FLOW_ESTABLISHED},
		{SELECT_DATA, BACKEND_RESET, CONFIG_ON_DOWN_KEEP, SELECT_RESET, C, true,
			FLOW_EMPTY},
		{SELECT_RST, BACKEND_RESET, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_CLOSING},
		{SELECT_UDP, BACKEND_RESET, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, A, true, FLOW_UDP},
		{SELECT_FIN, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_CLOSING},
		{SELECT_RST, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_CLOSING},
		{SELECT_UDP, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true, FLOW_UDP},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true, FLOW_UDP},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_REHASH, SELECT_FORWARD, A, true,
			FLOW_UDP},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_RESET, SELECT_FORWARD, A, true, FLOW_UDP},
		// an ICMP error changes nothing
		{SELECT_ERROR, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_ESTABLISHED},
		{SELECT_ERROR, BACKEND_DOWN, CONFIG_ON_DOWN_RESET, SELECT_FORWARD, B, false,
			FLOW_ESTABLISHED},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct select_result out;
		struct flow_ref ref;
		struct fixture f;

		set_up(&f, BACKEND_DRAINING, rows[i].status, rows[i].on_down);
		enter(&f, backend_reference(C, 0), FLOW_ESTABLISHED);
		f.in.event = rows[i].event;
		select_backend(&f.in, &out);
		assert_int_equal(out.verdict, rows[i].verdict);
		assert_int_equal(out.backend, rows[i].backend);
		assert_int_equal(out.hit, rows[i].hit);
		assert_int_equal(entry(&f, &ref), rows[i].after != FLOW_EMPTY);
		if (rows[i].after != FLOW_EMPTY)
			assert_int_equal(flow_ref_state(&ref), rows[i].after);
		if (rows[i].hit && out.verdict == SELECT_FORWARD)
			assert_int_equal(flow_ref_backend(&ref), rows[i].backend);
		tear_down(&f);
	}
}

// What such a backend is to a flow, its service's view says.
static void a_backend_may_serve_one_service_and_not_another(void **state)
{
	for (uint32_t probe = 0; probe < 2; probe++) {
		uint8_t partly[BACKENDS][CONFIG_PROBES_MAX] = {[C] = {BACKEND_UP, BACKEND_DOWN}};
		struct select_result out;
		struct snapshot_view view;
		struct fixture f;

		set_up(&f, BACKEND_UP, BACKEND_UP, CONFIG_ON_DOWN_REHASH);
		enter(&f, backend_reference(C, 0), FLOW_ESTABLISHED);
		view = *f.in.view;
		view.probe = probe;
		f.in.view = &view;
		f.in.event = SELECT_DATA;
		f.snapshot->backends[C].status = BACKEND_PARTLY;
		f.snapshot->partly = partly;
		select_backend(&f.in, &out);
		f.snapshot->partly = NULL;
		assert_int_equal(out.verdict, SELECT_FORWARD);
		assert_int_equal(out.backend == C, probe == 0);
		tear_down(&f);
	}
}

static void a_reset_right_after_the_syn_is_told_apart(void **state)
{
	static const struct {
		enum select_event event;
		enum flow_state state;
		bool aborts;
	} rows[] = {{SELECT_RST, FLOW_NEW, true}, {SELECT_RST, FLOW_ESTABLISHED, false},
		{SELECT_RST, FLOW_CLOSING, false}, {SELECT_DATA, FLOW_NEW, false},
		{SELECT_FIN, FLOW_NEW, false}, {SELECT_SYN, FLOW_NEW, false}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct select_result out;
		struct fixture f;

		set_up(&f, BACKEND_UP, BACKEND_UP, CONFIG_ON_DOWN_KEEP);
		enter(&f, backend_reference(C, 0), rows[i].state);
		f.in.event = rows[i].event;
		select_backend(&f.in, &out);
		assert_int_equal(out.aborts, rows[i].aborts);
		tear_down(&f);
	}
}

// The index belongs to another backend by now, of another generation: that one is not this flow's.
static void an_entry_of_a_removed_backend_is_a_miss(void **state)
{
	struct select_result out;
	struct fixture f;

	set_up(&f, BACKEND_DRAINING, BACKEND_UP, CONFIG_ON_DOWN_KEEP);
	enter(&f, backend_reference(C, 9), FLOW_ESTABLISHED);
	f.in.event = SELECT_DATA;
	select_backend(&f.in, &out);
	assert_false(out.hit);
	assert_int_equal(out.backend, B);
	assert_true(out.by_previous);
	assert_true(select_stores(f.in.event, &out));
	tear_down(&f);
}

// --- A flow that it has not ---

static void a_miss_asks_the_previous_table_where_the_slot_changed(void **state)
{
	static const struct {
		enum select_event event;
		enum backend_status b; // the previous table's only backend
		uint32_t backend;
		bool by_previous, stores;
	} rows[] = {
		{SELECT_SYN, BACKEND_DRAINING, A, false, true},
		{SELECT_UDP, BACKEND_DRAINING, A, false, true},
		{SELECT_DATA, BACKEND_DRAINING, B, true, true},
		{SELECT_FIN, BACKEND_DRAINING, B, true, true},
		{SELECT_RST, BACKEND_DRAINING, B, true, false},
		{SELECT_ERROR, BACKEND_DRAINING, B, true, false},
		{SELECT_DATA, BACKEND_DOWN, A, false, true},
		{SELECT_DATA, BACKEND_DISABLED, A, false, true},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct select_result out;
		struct fixture f;

		set_up(&f, rows[i].b, BACKEND_DISABLED, CONFIG_ON_DOWN_KEEP);
		f.in.event = rows[i].event;
		select_backend(&f.in, &out);
		assert_int_equal(out.verdict, SELECT_FORWARD);
		assert_false(out.hit);
		assert_int_equal(out.backend, rows[i].backend);
		assert_int_equal(out.by_previous, rows[i].by_previous);
		assert_int_equal(select_stores(f.in.event, &out), rows[i].stores);
		tear_down(&f);
	}
}

static void without_any_table_there_is_no_backend(void **state)
{
	static const enum select_event events[] = {
		SELECT_SYN, SELECT_DATA, SELECT_UDP, SELECT_ERROR};

	for (size_t i = 0; i < COUNT(events); i++) {
		const struct snapshot_view none = {0};
		struct select_result out;
		struct fixture f;

		set_up(&f, BACKEND_UP, BACKEND_UP, CONFIG_ON_DOWN_KEEP);
		f.in.view = &none;
		f.in.event = events[i];
		select_backend(&f.in, &out);
		assert_int_equal(out.verdict, SELECT_NO_BACKEND);
		assert_false(select_stores(f.in.event, &out));
		tear_down(&f);
	}
}

static void flags_tell_the_event(void **state)
{
	static const struct {
		uint8_t flags;
		enum select_event event;
	} rows[] = {{0, SELECT_DATA}, {TCP_ACK, SELECT_DATA}, {TCP_SYN, SELECT_SYN},
		{TCP_SYN | 0xc0, SELECT_SYN}, // ECE and CWR: RFC 3168 6.1.1
		{TCP_SYN | TCP_ACK, SELECT_DATA}, {TCP_FIN | TCP_ACK, SELECT_FIN},
		{TCP_RST, SELECT_RST}, {TCP_RST | TCP_ACK, SELECT_RST},
		{TCP_SYN | TCP_FIN, SELECT_FIN}, {TCP_SYN | TCP_RST, SELECT_RST},
		{0xff, SELECT_RST}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct packet packet = {.kind = PACKET_TCP, .tcp_flags = rows[i].flags};

		assert_int_equal(select_event_of(&packet), rows[i].event);
	}
}

static void every_state_has_a_next_one(void **state)
{
	static const struct {
		enum select_event event;
		enum flow_state before, after;
	} rows[] = {
		{SELECT_DATA, FLOW_NEW, FLOW_ESTABLISHED},
		{SELECT_DATA, FLOW_ESTABLISHED, FLOW_ESTABLISHED},
		{SELECT_DATA, FLOW_CLOSING, FLOW_CLOSING},
		{SELECT_FIN, FLOW_NEW, FLOW_CLOSING},
		{SELECT_FIN, FLOW_ESTABLISHED, FLOW_CLOSING},
		{SELECT_FIN, FLOW_CLOSING, FLOW_CLOSING},
		{SELECT_RST, FLOW_NEW, FLOW_CLOSING},
		{SELECT_RST, FLOW_ESTABLISHED, FLOW_CLOSING},
		{SELECT_RST, FLOW_CLOSING, FLOW_CLOSING},
		{SELECT_UDP, FLOW_UDP, FLOW_UDP},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(select_next_state(rows[i].event, rows[i].before), rows[i].after);
}

static void a_rate_lets_through_what_it_says_and_no_more(void **state)
{
	struct rate rate;
	uint32_t taken = 0;

	rate_init(&rate, 1000, 0);
	for (uint64_t ms = 0; ms < 10000; ms++) { // a TSC of 1 MHz, ten calls a millisecond
		rate_refill(&rate, ms * 1000, 1000);
		for (int i = 0; i < 10; i++)
			taken += rate_take(&rate);
	}
	assert_in_range(taken, 10000, 10000 + 101);
	rate_init(&rate, 1000, 1000000);
	while (rate_take(&rate))
		;
	rate_refill(&rate, 999999, 1000); // by a core whose counter is a little behind
	assert_false(rate_take(&rate));
	rate_init(&rate, 0, 0);
	for (int i = 0; i < 1000; i++)
		assert_true(rate_take(&rate));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_leads_to_its_backend_by_the_rules),
		cmocka_unit_test(a_backend_may_serve_one_service_and_not_another),
		cmocka_unit_test(a_reset_right_after_the_syn_is_told_apart),
		cmocka_unit_test(an_entry_of_a_removed_backend_is_a_miss),
		cmocka_unit_test(a_miss_asks_the_previous_table_where_the_slot_changed),
		cmocka_unit_test(without_any_table_there_is_no_backend),
		cmocka_unit_test(flags_tell_the_event),
		cmocka_unit_test(every_state_has_a_next_one),
		cmocka_unit_test(a_rate_lets_through_what_it_says_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
