// SPDX-License-Identifier: BSD-3-Clause
// The tables that services had in another process, as what a snapshot changes from.
#include "snapshot_fixture.h"

#include <snapshot/recall.h>
#include <stdlib.h>

static const char yaml[] =
	"services:\n"
	"  - {name: one, vip: 203.0.113.10, protocol: tcp, port: 1, pool: p}\n"
	"  - {name: two, vip: 203.0.113.10, protocol: tcp, port: 2, pool: p}\n"
	"  - {name: other, vip: 203.0.113.10, protocol: tcp, port: 3, pool: q}\n"
	"pools:\n"
	"  - name: p\n"
	"    backends: [{name: a, address: 10.0.1.1}, {name: b, address: 10.0.1.2}, {name: c, address: 10.0.1.3}]\n"
	"  - name: q\n"
	"    backends: [{name: a, address: 10.0.1.4}]\n";

static int enter(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	fixture_load(f, yaml);
	f->now_s = 1000;
	for (uint32_t i = 0; i < f->config->backend_count; i++)
		f->backends[i].reference = i;
	for (uint16_t i = 0; i < f->config->service_count; i++)
		f->services[i] = i;
	*state = f;
	return 0;
}

static int leave(void **state)
{
	struct fixture *f = *state;

	config_free(f->config);
	free(f);
	return 0;
}

// What the last one had: 'a' and 'b' of p; before that all three; q had nobody.
static struct past_member members[] = {
	{"a", 0, 1000}, {"b", 1, 1000}, {"a", 0, 1000}, {"b", 1, 1000}, {"c", 2, 1000}};
static struct past_table tables[] = {{65537, 0, 2}, {65537, 2, 3}};
static struct past_view views[] = {
	{0, 0, 0, 900, 0, 2}, {1, 0, 0, 900, 0, 2}, {2, 1, PAST_NONE, 800, 2, 0}};
static struct past_remembered remembered[] = {{0, 100}, {1, 20}};
static const struct past past = {members, 5, tables, 2, views, 3, 3, remembered, 2, 1000};

static const struct snapshot_view *view_of(const struct snapshot *snapshot, uint32_t service)
{
	return &snapshot->views[snapshot->services[service].view];
}

static void services_that_shared_a_view_share_it(void **state)
{
	struct snapshot *fresh = fixture_build(*state, NULL);
	uint32_t count = fresh->view_count;

	assert_int_equal(snapshot_recall(fresh, &past), 3);
	assert_int_equal(fresh->view_count, count + 2);
	assert_ptr_equal(view_of(fresh, 0), view_of(fresh, 1));
	assert_int_equal(view_of(fresh, 0)->current->member_count, 2);
	assert_int_equal(view_of(fresh, 0)->past->count, 2);
	assert_null(view_of(fresh, 0)->remembered);
	assert_int_equal(view_of(fresh, 0)->changed_s, 900);
	assert_null(view_of(fresh, 2)->current);
	snapshot_free(fresh);
}

static void what_is_there_is_not_made_again(void **state)
{
	struct snapshot *fresh = fixture_build(*state, NULL);
	const struct snapshot_generation *all = view_of(fresh, 0)->current;

	snapshot_recall(fresh, &past);
	assert_ptr_equal(view_of(fresh, 0)->past->tables[1].generation, all);
	snapshot_free(fresh);
}

// Tables from the first probes of a balancer that has begun never take the place of one that was in
// force.
static void what_was_in_force_stays_the_one_before_until_health_is_known(void **state)
{
	struct fixture *f = *state;
	struct snapshot *fresh, *some, *all;

	for (int i = 1; i < 3; i++) {
		f->backends[i].status = BACKEND_DRAINING;
		f->backends[i].unasked = true;
	}
	fresh = fixture_build(f, NULL);
	snapshot_recall(fresh, &past);
	some = fixture_build(f, fresh);
	assert_int_equal(view_of(some, 0)->current->member_count, 1);
	assert_int_equal(view_of(some, 0)->remembered->member_count, 2);
	for (int i = 1; i < 3; i++) {
		f->backends[i].status = BACKEND_UP;
		f->backends[i].unasked = false;
	}
	all = fixture_build(f, some);
	assert_int_equal(view_of(all, 0)->current->member_count, 3);
	assert_int_equal(view_of(all, 0)->remembered->member_count, 2);
	snapshot_free(all);
	snapshot_free(some);
	snapshot_free(fresh);
}

// The same tables go on as recalled ones through a build in which nothing changes.
static void a_build_without_a_change_leaves_it(void **state)
{
	struct fixture *f = *state;
	struct snapshot *fresh, *same, *next;

	f->backends[2].status = BACKEND_DRAINING;
	f->backends[2].unasked = true;
	fresh = fixture_build(f, NULL);
	snapshot_recall(fresh, &past);
	same = fixture_build(f, fresh);
	assert_int_equal(view_of(same, 0)->current->member_count, 2);
	assert_int_equal(view_of(same, 0)->past->count, 2);
	assert_null(view_of(same, 0)->remembered);
	f->backends[2].status = BACKEND_UP;
	f->backends[2].unasked = false;
	next = fixture_build(f, same);
	assert_ptr_equal(view_of(next, 0)->remembered, view_of(same, 0)->current);
	snapshot_free(next);
	snapshot_free(same);
	snapshot_free(fresh);
}

// Bad ones: nothing is made of them, and what is made now stands.
static void a_table_that_cannot_be_made_changes_nothing(void **state)
{
	static struct past_member same[] = {{"a", 0, 1000}, {"a", 0, 1000}};
	static struct past_table bad[] = {{65537, 0, 2}, {0, 0, 1}, {65537, 0, 0}};
	static struct past_view one_view[] = {{0, 0, 0, 900, 0, 0}};
	struct past one = {same, 2, bad, 3, one_view, 1, 1};

	for (uint32_t table = 0; table < 3; table++) {
		struct snapshot *fresh = fixture_build(*state, NULL);
		const struct snapshot_generation *all = view_of(fresh, 0)->current;

		one_view[0].current = table;
		assert_int_equal(snapshot_recall(fresh, &one), 0);
		assert_ptr_equal(view_of(fresh, 0)->current, all);
		snapshot_free(fresh);
	}
}

static void a_service_that_is_gone_or_has_another_pool_is_left_out(void **state)
{
	static struct past_view three[] = {{0, 0, 0, 900, 0, 2}, {2, 0, 0, 900, 0, 2},
		{7, 0, 0, 900, 0, 2}, {99, 0, 0, 900, 0, 2}};
	struct past moved = {members, 5, tables, 2, three, 4, 1, remembered, 2, 1000};
	struct snapshot *fresh = fixture_build(*state, NULL);

	assert_int_equal(snapshot_recall(fresh, &moved), 1);
	assert_int_equal(view_of(fresh, 0)->current->member_count, 2);
	assert_int_equal(view_of(fresh, 2)->current->member_count, 1);
	snapshot_free(fresh);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests_of_recall[] = {
		IN_ROOM(services_that_shared_a_view_share_it),
		IN_ROOM(what_is_there_is_not_made_again),
		IN_ROOM(what_was_in_force_stays_the_one_before_until_health_is_known),
		IN_ROOM(a_build_without_a_change_leaves_it),
		IN_ROOM(a_table_that_cannot_be_made_changes_nothing),
		IN_ROOM(a_service_that_is_gone_or_has_another_pool_is_left_out),
	};

	return cmocka_run_group_tests(tests_of_recall, NULL, NULL);
}
