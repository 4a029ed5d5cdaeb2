// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <judge/select.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// Which of the tables that flows began under a miss asks.

#define BACKENDS 4 // b0 .. b3
#define SLOTS    65537
#define HALF_S   1800 // as previous_table is where nobody says otherwise

struct fixture {
	struct config *config;
	struct snapshot_backend_input backends[BACKENDS];
	struct snapshot *snapshot;
	uint64_t begun;
	uint32_t now_s;
	uint64_t version;
};

static void build(struct fixture *f)
{
	static const uint16_t services[] = {0};
	struct snapshot_input input = {
		.config = f->config,
		.backends = f->backends,
		.services = services,
		.begun = &f->begun,
		.backend_capacity = BACKENDS,
		.service_capacity = 1,
		.version = ++f->version,
		.now_s = f->now_s,
	};
	struct snapshot *snapshot;
	struct error err = {{0}};

	if (snapshot_build(&input, f->snapshot, &snapshot, &err) != 0)
		fail_msg("%s", err.text);
	snapshot_free(f->snapshot);
	f->snapshot = snapshot;
}

static void set_up(struct fixture *f)
{
	static const char yaml[] =
		"services:\n  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
		"pools:\n  - name: p\n    backends:\n"
		"      - {name: b0, address: 10.0.1.1}\n      - {name: b1, address: 10.0.1.2}\n"
		"      - {name: b2, address: 10.0.1.3}\n      - {name: b3, address: 10.0.1.4}\n";

	*f = (struct fixture){.now_s = UINT32_MAX - 100}; // the clock may wrap
	assert_int_equal(
		config_load_text("test", yaml, strlen(yaml), &f->config, NULL, NULL, NULL), 0);
	for (uint32_t i = 0; i < BACKENDS; i++)
		f->backends[i] = (struct snapshot_backend_input){
			.reference = backend_reference(i, 0),
			.status = BACKEND_UP,
			.resolved = true,
			.outer_source = {.bytes = {10, 0, 0, 2}, .family = ADDR_IPV4},
		};
	build(f);
}

static void tear_down(struct fixture *f)
{
	snapshot_free(f->snapshot);
	config_free(f->config);
}

// 'flows' begin within so many seconds, and then the backend is that.
static void pass(struct fixture *f, uint64_t flows, uint32_t seconds)
{
	f->begun += flows;
	f->now_s += seconds;
}

static void set(struct fixture *f, uint32_t backend, enum backend_status status)
{
	f->backends[backend].status = status;
	build(f);
}

static struct snapshot_generation *current(const struct fixture *f)
{
	return f->snapshot->views[0].current;
}

static uint32_t owner_of(const struct snapshot_generation *generation, uint32_t slot)
{
	return generation->members[generation->table->slots[slot]].backend;
}

// Where a packet in the middle of an unknown flow goes that has this slot.
static struct select_result miss(const struct fixture *f, uint32_t slot)
{
	const struct select_input in = {
		.snapshot = f->snapshot,
		.view = &f->snapshot->views[0],
		.slot_hash = (((uint64_t)slot << 32) / SLOTS + 1) << 32,
		.event = SELECT_DATA,
	};
	struct select_result out = {.verdict = SELECT_FORWARD};

	if (!select_miss(&in, &out))
		out.verdict = SELECT_NO_BACKEND;
	return out;
}

// How many slots a miss leads elsewhere than that table.
static uint32_t count_astray(const struct fixture *f, const struct snapshot_generation *table)
{
	uint32_t astray = 0;

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		astray += miss(f, slot).backend != owner_of(table, slot);
	return astray;
}

static struct snapshot_generation *hold(struct snapshot_generation *generation)
{
	generation->references++;
	return generation;
}

static void release(struct snapshot_generation *generation)
{
	if (--generation->references == 0) {
		maglev_release(generation->table);
		free(generation);
	}
}

static void a_miss_asks_the_table_that_most_living_flows_began_under(void **state)
{
	static const struct {
		uint32_t before, after, after_s;
		bool asks_before;
	} rows[] = {
		{1000, 0, 1, true},
		{1000, 900, 1, true},
		{1000, 1100, 1, false},
		{0, 1, 1, false},
		{200, 0, 86400 / 2, true}, // nobody came since: they may live
		{200, 20, 2 * HALF_S, true},
		{1000, 400, HALF_S, true}, // half of them live, and more than half of those
		{1000, 700, HALF_S, false},
		{1000, 200, 2 * HALF_S, true},
		{1000, 500, 2 * HALF_S, false},
		{0, 0, 1, true}, // nobody knows: the one that was in force for longer
		{0, 0, 3600, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot_generation *before;
		struct fixture f;

		set_up(&f);
		before = hold(current(&f));
		pass(&f, rows[i].before, 10);
		f.backends[0].slow_start_tenths = 5;
		build(&f);
		assert_int_equal(count_astray(&f, before), 0); // at once
		pass(&f, rows[i].after, rows[i].after_s);
		assert_true(snapshot_is_due(f.snapshot, f.now_s));
		build(&f);
		assert_int_equal(count_astray(&f, rows[i].asks_before ? before : current(&f)), 0);
		assert_int_equal(f.snapshot->views[0].remembered != NULL, rows[i].asks_before);
		release(before);
		tear_down(&f);
	}
}

static void a_table_that_was_in_force_for_a_moment_is_nobodys(void **state)
{
	struct snapshot_generation *before;
	struct fixture f;

	set_up(&f);
	before = hold(current(&f));
	pass(&f, 500, 60);
	for (uint32_t i = 0; i < BACKENDS; i++) { // probes fail here and there
		set(&f, i, BACKEND_DOWN);
		assert_int_equal(count_astray(&f, before), 0);
		pass(&f, 3, 5);
		set(&f, i, BACKEND_UP);
		pass(&f, 3, 5);
		assert_int_equal(count_astray(&f, before), 0);
	}
	assert_ptr_equal(current(&f), before); // in force again, and not built again
	assert_int_equal(f.snapshot->pools[0].tables_built, 1 + BACKENDS);
	assert_null(f.snapshot->views[0].remembered);
	release(before);
	tear_down(&f);
}

// Each step takes few slots from the ones before, so they speak for one another.
static void the_steps_of_a_slow_start_count_as_one(void **state)
{
	struct snapshot_generation *before, *after;
	struct fixture f;

	set_up(&f);
	f.backends[3].status = BACKEND_DOWN;
	build(&f);
	build(&f);
	before = hold(current(&f));
	pass(&f, 1000, 600);
	f.backends[3].status = BACKEND_UP;
	for (int slow_start_tenths = 9; slow_start_tenths >= 0; slow_start_tenths--) {
		f.backends[3].slow_start_tenths = (uint8_t)slow_start_tenths;
		build(&f);
		assert_true(f.snapshot->views[0].past->count <= SNAPSHOT_PAST_MAX);
		assert_int_equal(count_astray(&f, before), 0);
		pass(&f, 50, 2);
	}
	after = current(&f);
	// 1,000 that go on against 2,000 of all steps and after them.
	pass(&f, 1500, 10);
	build(&f);
	assert_true(count_astray(&f, after) < 700);
	release(before);
	tear_down(&f);
}

static void what_is_remembered_is_bounded_and_forgotten(void **state)
{
	struct fixture f;

	set_up(&f);
	for (uint32_t i = 0; i < 50; i++) {
		pass(&f, 100 + i, 10);
		f.backends[i % BACKENDS].slow_start_tenths = (uint8_t)(i % 9 + 1);
		build(&f);
		assert_true(f.snapshot->views[0].past->count <= SNAPSHOT_PAST_MAX);
	}
	assert_int_equal(f.snapshot->views[0].past->count, SNAPSHOT_PAST_MAX);
	// Half of them end in each half hour, while as many begin.
	for (uint32_t i = 0; i < 12 * 30; i++) {
		pass(&f, 100, 60);
		build(&f);
	}
	assert_int_equal(f.snapshot->views[0].past->count, 1);
	assert_null(f.snapshot->views[0].remembered);
	assert_false(snapshot_is_due(f.snapshot, f.now_s + 86400));
	f.config->pools[0].previous_table_s = 0;
	f.backends[0].slow_start_tenths = 3;
	pass(&f, 100, 60);
	build(&f);
	assert_null(f.snapshot->views[0].remembered);
	tear_down(&f);
}

// As a flow with an entry, it goes there, is reset, or goes where those go that begin.
static void a_remembered_backend_that_is_down_obeys_on_down(void **state)
{
	static const struct {
		enum config_on_down on_down;
		enum backend_status status;
		bool stays;
		enum select_verdict verdict;
	} rows[] = {
		{CONFIG_ON_DOWN_AUTO, BACKEND_DOWN, true, SELECT_FORWARD},
		{CONFIG_ON_DOWN_KEEP, BACKEND_DOWN, true, SELECT_FORWARD},
		{CONFIG_ON_DOWN_RESET, BACKEND_DOWN, true, SELECT_RESET},
		{CONFIG_ON_DOWN_REHASH, BACKEND_DOWN, false, SELECT_FORWARD},
		{CONFIG_ON_DOWN_KEEP, BACKEND_DRAINING, true, SELECT_FORWARD},
		{CONFIG_ON_DOWN_KEEP, BACKEND_RESET, true, SELECT_RESET},
		{CONFIG_ON_DOWN_KEEP, BACKEND_DISABLED, false, SELECT_FORWARD},
		{CONFIG_ON_DOWN_KEEP, BACKEND_GONE, false, SELECT_FORWARD},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct snapshot_generation *before;
		struct fixture f;

		set_up(&f);
		f.config->pools[0].on_down = (uint8_t)rows[i].on_down;
		before = hold(current(&f));
		pass(&f, 1000, 60);
		set(&f, 1, rows[i].status);
		for (uint32_t slot = 0; slot < SLOTS; slot++) {
			uint32_t had = owner_of(before, slot);
			struct select_result out = miss(&f, slot);

			assert_int_equal(out.verdict,
				had == f.backends[1].reference ? rows[i].verdict : SELECT_FORWARD);
			if (had == f.backends[1].reference && !rows[i].stays)
				had = owner_of(current(&f), slot);
			assert_int_equal(out.backend, had);
		}
		release(before);
		tear_down(&f);
	}
}

// Its clients give up: those that began since are asked for in its slots, and in no others.
static void the_flows_of_a_backend_that_stays_down_are_given_up(void **state)
{
	struct snapshot_generation *before;
	struct fixture f;

	set_up(&f);
	before = hold(current(&f));
	pass(&f, 10000, 600);
	set(&f, 2, BACKEND_DOWN);
	assert_int_equal(count_astray(&f, before), 0);
	for (int minute = 0; minute < 10; minute++) {
		pass(&f, 300, 60);
		build(&f);
	}
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		uint32_t had = owner_of(before, slot);

		assert_int_equal(miss(&f, slot).backend,
			had == f.backends[2].reference ? owner_of(current(&f), slot) : had);
	}
	release(before);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_miss_asks_the_table_that_most_living_flows_began_under),
		cmocka_unit_test(a_table_that_was_in_force_for_a_moment_is_nobodys),
		cmocka_unit_test(the_steps_of_a_slow_start_count_as_one),
		cmocka_unit_test(what_is_remembered_is_bounded_and_forgotten),
		cmocka_unit_test(a_remembered_backend_that_is_down_obeys_on_down),
		cmocka_unit_test(the_flows_of_a_backend_that_stays_down_are_given_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
