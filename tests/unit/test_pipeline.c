// SPDX-License-Identifier: BSD-3-Clause
#include "select_room.h"

#include <pipeline/rate.h>

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
		// a SYN too, while its backend takes packets; else it chooses anew, and the caller
		// replaces the entry
		{SELECT_SYN, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_ESTABLISHED},
		{SELECT_SYN, BACKEND_DRAINING, CONFIG_ON_DOWN_RESET, SELECT_FORWARD, C, true,
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
			FLOW_FINISHED},
		{SELECT_RST, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true,
			FLOW_CLOSING},
		{SELECT_UDP, BACKEND_UP, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true, FLOW_UDP},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_KEEP, SELECT_FORWARD, C, true, FLOW_UDP},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_REHASH, SELECT_FORWARD, A, true,
			FLOW_UDP},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_RESET, SELECT_FORWARD, A, true, FLOW_UDP},
		// by default silence for TCP, and another backend for UDP
		{SELECT_DATA, BACKEND_DOWN, CONFIG_ON_DOWN_AUTO, SELECT_FORWARD, C, true,
			FLOW_ESTABLISHED},
		{SELECT_UDP, BACKEND_DOWN, CONFIG_ON_DOWN_AUTO, SELECT_FORWARD, A, true, FLOW_UDP},
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
		{SELECT_DATA, BACKEND_DOWN, B, true, true},
		{SELECT_ERROR, BACKEND_DOWN, B, true, false},
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
		cmocka_unit_test(a_rate_lets_through_what_it_says_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
