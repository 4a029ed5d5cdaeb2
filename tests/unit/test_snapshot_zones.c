// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <snapshot/snapshot.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BACKENDS 16
#define SERVICES 8

// Ten backends: a0..a3, b0..b3 and c0, c1 in zones of those names.
#define ZONE_POOL                                          \
	"pools:\n  - name: p\n    backends:\n"             \
	"      - {name: a0, address: 10.0.1.1, zone: a}\n" \
	"      - {name: a1, address: 10.0.1.2, zone: a}\n" \
	"      - {name: a2, address: 10.0.1.3, zone: a}\n" \
	"      - {name: a3, address: 10.0.1.4, zone: a}\n" \
	"      - {name: b0, address: 10.0.2.1, zone: b}\n" \
	"      - {name: b1, address: 10.0.2.2, zone: b}\n" \
	"      - {name: b2, address: 10.0.2.3, zone: b}\n" \
	"      - {name: b3, address: 10.0.2.4, zone: b}\n" \
	"      - {name: c0, address: 10.0.3.1, zone: c}\n" \
	"      - {name: d0, address: 10.0.4.1}\n"
#define SERVICE(name, port, keys) \
	"  - {name: " name ", vip: 203.0.113.10, protocol: tcp, port: " #port ", pool: p" keys "}\n"

struct fixture {
	struct config *config;
	struct snapshot_backend_input backends[BACKENDS];
	uint16_t services[SERVICES];
	uint8_t probes[SERVICES];
	uint32_t now_s;
};

static void load(struct fixture *f, const char *yaml)
{
	struct error err = {{0}};

	memset(f, 0, sizeof(*f));
	if (config_load_text("test", yaml, strlen(yaml), &f->config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	for (uint32_t i = 0; i < f->config->backend_count; i++)
		f->backends[i] = (struct snapshot_backend_input){
			.reference = i, .status = BACKEND_UP, .resolved = true, .mtu = 1500};
	for (uint16_t i = 0; i < f->config->service_count; i++)
		f->services[i] = i;
}

// The same backends under other services.
static void load_services(struct fixture *f, const char *yaml)
{
	struct snapshot_backend_input backends[BACKENDS];
	uint32_t now_s = f->now_s;

	memcpy(backends, f->backends, sizeof(backends));
	config_free(f->config);
	load(f, yaml);
	memcpy(f->backends, backends, sizeof(backends));
	f->now_s = now_s;
}

static struct snapshot *build(struct fixture *f, const struct snapshot *previous)
{
	struct snapshot_input input = {
		.config = f->config,
		.backends = f->backends,
		.services = f->services,
		.probes = f->probes,
		.backend_capacity = BACKENDS,
		.service_capacity = SERVICES,
		.version = 1,
		.now_s = f->now_s,
	};
	struct snapshot *snapshot = NULL;
	struct error err = {{0}};

	if (snapshot_build(&input, previous, &snapshot, &err) != 0)
		fail_msg("%s", err.text);
	return snapshot;
}

static const struct snapshot_view *view_of(const struct snapshot *snapshot, uint32_t service)
{
	return &snapshot->views[snapshot->services[service].view];
}

static void set_status(struct fixture *f, const char *names, enum backend_status status)
{
	for (uint32_t i = 0; i < f->config->backend_count; i++)
		if (strstr(names, f->config->backends[i].name) != NULL)
			f->backends[i].status = status;
}

// Slots of a zone's backends ("" is none), in percent of the table.
static double share_of(
	const struct fixture *f, const struct snapshot_generation *generation, const char *zone)
{
	uint32_t slots = 0;

	if (generation == NULL)
		return 0;
	for (uint32_t i = 0; i < generation->table->size; i++) {
		uint32_t at = generation->members[generation->table->slots[i]].backend;

		slots += strcmp(f->config->backends[at].zone, zone) == 0;
	}
	return 100.0 * slots / generation->table->size;
}

static uint32_t moved_slots(
	const struct snapshot_generation *before, const struct snapshot_generation *after)
{
	uint32_t moved = 0;

	for (uint32_t i = 0; i < before->table->size; i++)
		moved += before->members[before->table->slots[i]].backend !=
			 after->members[after->table->slots[i]].backend;
	return moved;
}

static void assert_about(double value, double expected)
{
	if (value < expected - 0.1 || value > expected + 0.1)
		fail_msg("%.3f%% is not about %.3f%%", value, expected);
}

// What an operator is told is what the table has.
static void assert_accounts(const struct snapshot *snapshot, const char *const zones[4],
	const double shares[4], const char *down)
{
	uint32_t dead = (uint32_t)(strlen(down) + 1) / 3, row = 0, seen = 0, service;
	const struct snapshot_zone *zone;

	while ((zone = snapshot_find_zone(snapshot, row++, &service)) != NULL) {
		for (uint32_t z = 0; z < 4; z++) {
			if (strcmp(zone->name, zones[z]) != 0)
				continue;
			assert_about(zone->share_ppm / 1e4, shares[z]);
			assert_int_equal(zone->weight, 100 * zone->backends);
			assert_int_equal(zone->able, 100 * zone->usable);
			seen += zone->backends;
		}
		assert_int_equal(service, 0);
	}
	assert_int_equal(seen, 10);
	assert_int_equal(snapshot_service_account(snapshot, 0)->usable, 10 - dead);
	assert_int_equal(snapshot->pools[0].usable, 10 - dead);
}

// What is missing of the first zone's floor, and no more, comes from the next ones.
static void a_zone_that_fails_by_and_by_spills_what_it_lacks(void **state)
{
	static const struct {
		const char *keys;
		const char *down;
		double shares[4]; // of a, b, c and those without a zone
	} rows[] = {
		{"", "", {40, 40, 10, 10}},
		{", prefer: [a]", "", {100, 0, 0, 0}},
		{", prefer: [a, b]", "a0", {100, 0, 0, 0}}, // 75% of it is left
		{", prefer: [a, b]", "a0 a1", {200 / 2.8, 80 / 2.8, 0, 0}},
		{", prefer: [a, b]", "a0 a1 a2", {100 / 2.8, 180 / 2.8, 0, 0}},
		{", prefer: [a, b]", "a0 a1 a2 a3", {0, 100, 0, 0}},
		{", prefer: [a, b]", "a0 a1 a2 a3 b0", {0, 100, 0, 0}},
		// Zone b alone cannot stand in for 280: the nameless come last, and c with them.
		{", prefer: [a, b]", "a0 a1 a2 a3 b0 b1", {0, 200 / 2.8, 40 / 2.8, 40 / 2.8}},
		{", prefer: [a, c, b]", "a0 a1", {200 / 2.8, 0, 80 / 2.8, 0}},
		{", prefer: [a, c, b]", "a0 a1 a2", {100 / 2.8, 80 / 2.8, 100 / 2.8, 0}},
		{", prefer: [c], prefer_floor: 100%", "c0", {40 / .9, 40 / .9, 0, 10 / .9}},
		{", prefer: [a, b], prefer_floor: 100%", "a0", {75, 25, 0, 0}},
		{", prefer: [a, b], prefer_floor: 50%", "a0 a1", {100, 0, 0, 0}},
		{", prefer: [a, b], prefer_floor: 1%", "a0 a1 a2", {100, 0, 0, 0}},
		{", prefer: [a, b], prefer_floor: 1%", "a0 a1 a2 a3", {0, 100, 0, 0}},
	};
	static const char *const zones[] = {"a", "b", "c", ""};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot *snapshot;
		struct fixture f;
		char yaml[2048];

		snprintf(yaml, sizeof(yaml), "services:\n" SERVICE("s", 443, "%s") ZONE_POOL,
			rows[i].keys);
		load(&f, yaml);
		set_status(&f, rows[i].down, BACKEND_DOWN);
		snapshot = build(&f, NULL);
		for (size_t z = 0; z < COUNT(zones); z++)
			assert_about(share_of(&f, view_of(snapshot, 0)->current, zones[z]),
				rows[i].shares[z]);
		assert_accounts(snapshot, zones, rows[i].shares, rows[i].down);
		snapshot_free(snapshot);
		config_free(f.config);
	}
}

static const char prefers_a[] = "services:\n" SERVICE("s", 443, ", prefer: [a, b]") ZONE_POOL;

// A drain is capacity that the zone lacks, like a failure; a weight is what the operator wants the
// zone to have.
static void what_an_operator_holds_back_counts_as_he_means_it(void **state)
{
	struct snapshot *snapshot;
	struct fixture f;

	load(&f, prefers_a);
	set_status(&f, "a0 a1", BACKEND_DRAINING);
	snapshot = build(&f, NULL);
	assert_about(share_of(&f, view_of(snapshot, 0)->current, "b"), 80 / 2.8);
	snapshot_free(snapshot);

	f.config->backends[0].weight = f.config->backends[1].weight = 0;
	snapshot = build(&f, NULL);
	assert_about(share_of(&f, view_of(snapshot, 0)->current, "a"), 100);
	snapshot_free(snapshot);

	f.config->backends[0].weight = f.config->backends[1].weight = 100;
	f.config->backends[0].state = f.config->backends[1].state = CONFIG_STATE_LEAVING;
	snapshot = build(&f, NULL);
	assert_about(share_of(&f, view_of(snapshot, 0)->current, "a"), 100);
	snapshot_free(snapshot);
	config_free(f.config);
}

// A backend that comes back in steps takes from the other zone what it can already serve.
static void a_zone_returns_as_slowly_as_its_backends_start(void **state)
{
	struct snapshot *snapshot;
	struct fixture f;

	load(&f, prefers_a);
	set_status(&f, "a0 a1", BACKEND_DOWN);
	f.backends[2].slow_start_tenths = f.backends[3].slow_start_tenths = 9;
	snapshot = build(&f, NULL);
	assert_about(share_of(&f, view_of(snapshot, 0)->current, "a"), 20 / 2.8);
	assert_about(share_of(&f, view_of(snapshot, 0)->current, "b"), 260 / 2.8);
	snapshot_free(snapshot);
	config_free(f.config);
}

// Members that go and members that come choose their slots by themselves: a slot moves for either.
static void a_spill_moves_no_more_than_what_goes_and_what_comes(void **state)
{
	static const struct {
		const char *down[2]; // before, after
		double goes, comes; // percent of the slots
	} rows[] = {
		{{"", "a0"}, 25, 0},
		{{"a0", "a0 a1"}, 100.0 / 3, 80 / 2.8},
		{{"a0 a1", "a0 a1 a2"}, 100 / 2.8, 100 / 2.8},
		{{"a0 a1 a2", "a0 a1 a2 a3"}, 100 / 2.8, 100 / 2.8},
		{{"a0 a1", "a0"}, 80 / 2.8, 100.0 / 3},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		double most = rows[i].goes + rows[i].comes * (100 - rows[i].goes) / 100 + 1;
		struct snapshot *before, *after;
		struct fixture f;
		double moved;

		load(&f, prefers_a);
		set_status(&f, rows[i].down[0], BACKEND_DOWN);
		before = build(&f, NULL);
		set_status(&f, "a0 a1 a2 a3", BACKEND_UP);
		set_status(&f, rows[i].down[1], BACKEND_DOWN);
		after = build(&f, before);
		moved = 100.0 *
			moved_slots(view_of(before, 0)->current, view_of(after, 0)->current) /
			65537;
		if (moved < rows[i].goes - 0.1 || moved > most)
			fail_msg("row %zu: %.2f%% moved, not %.2f%% to %.2f%%", i, moved,
				rows[i].goes, most);
		snapshot_free(before);
		snapshot_free(after);
		config_free(f.config);
	}
}

static void services_that_want_the_same_share_a_view(void **state)
{
	struct snapshot *snapshot;
	struct fixture f;

	load(&f, "services:\n" SERVICE("all", 1, "") SERVICE("a", 2, ", prefer: [a]")
			 SERVICE("a-too", 3, ", prefer: [a]") SERVICE("floor", 4,
				 ", prefer: [a], prefer_floor: 71%") SERVICE("all-too", 5, "")
				 SERVICE("b", 6, ", prefer: [b, a]") ZONE_POOL);
	snapshot = build(&f, NULL);
	assert_int_equal(snapshot->view_count, 4);
	assert_ptr_equal(view_of(snapshot, 0), view_of(snapshot, 4));
	assert_ptr_equal(view_of(snapshot, 1), view_of(snapshot, 2));
	// As long as both floors are kept there is one table for them.
	assert_ptr_not_equal(view_of(snapshot, 1), view_of(snapshot, 3));
	assert_ptr_equal(view_of(snapshot, 1)->current, view_of(snapshot, 3)->current);
	assert_int_equal(
		view_of(snapshot, 1)->current->references, 4); // two views, and what they remember
	assert_int_equal(snapshot->pools[0].tables_built, 3);
	snapshot_free(snapshot);
	config_free(f.config);
}

// The previous table is the one that the service had, whatever other services of the pool had.
static void each_service_keeps_the_table_that_it_had(void **state)
{
	struct snapshot *first, *second, *third, *fourth;
	struct fixture f;

	load(&f, "services:\n" SERVICE("x", 1, ", prefer: [a]") SERVICE("y", 2, ", prefer: [b]")
			 ZONE_POOL);
	first = build(&f, NULL);
	// Both want the same from now on, and had not the same until now.
	load_services(&f, "services:\n" SERVICE("x", 1, "") SERVICE("y", 2, "") ZONE_POOL);
	second = build(&f, first);
	assert_ptr_equal(view_of(second, 0)->current, view_of(second, 1)->current);
	assert_ptr_equal(view_of(second, 0)->remembered, view_of(first, 0)->current);
	assert_ptr_equal(view_of(second, 1)->remembered, view_of(first, 1)->current);
	// A service that is new among them has what those had that wanted the same.
	load_services(&f, "services:\n" SERVICE("x", 1, "") SERVICE("y", 2, "") SERVICE("z", 3, "")
				  ZONE_POOL);
	third = build(&f, second);
	assert_non_null(view_of(third, 2)->remembered);
	assert_ptr_equal(view_of(third, 2)->current, view_of(third, 0)->current);
	// When the previous tables are forgotten, the three are one.
	f.now_s += 3600;
	fourth = build(&f, third);
	snapshot_free(third);
	third = build(&f, fourth);
	assert_null(view_of(third, 0)->remembered);
	assert_int_equal(third->view_count, 1);
	snapshot_free(first);
	snapshot_free(second);
	snapshot_free(third);
	snapshot_free(fourth);
	config_free(f.config);
}

static void when_all_are_down_the_preferred_zone_is_tried(void **state)
{
	struct snapshot *snapshot;
	struct fixture f;

	load(&f, prefers_a);
	for (uint32_t i = 0; i < f.config->backend_count; i++)
		f.backends[i].status = BACKEND_DOWN;
	snapshot = build(&f, NULL);
	assert_true(view_of(snapshot, 0)->is_spread);
	assert_about(share_of(&f, view_of(snapshot, 0)->current, "a"), 100);
	snapshot_free(snapshot);
	config_free(f.config);
}

// Service y goes by a probe of its own port, which three backends do not answer on.
static void who_is_down_for_one_port_serves_the_others(void **state)
{
	static const char yaml[] = "services:\n" SERVICE("x", 1, "") SERVICE("y", 2, "") ZONE_POOL;
	struct snapshot *first, *second;
	struct fixture f;

	load(&f, yaml);
	f.probes[1] = 1;
	first = build(&f, NULL);
	assert_int_equal(first->view_count, 2);
	assert_ptr_equal(view_of(first, 0)->current, view_of(first, 1)->current);
	assert_null(first->partly);
	for (int i = 0; i < 3; i++) {
		f.backends[i].status = BACKEND_PARTLY;
		f.backends[i].partly[0] = BACKEND_UP;
		f.backends[i].partly[1] = BACKEND_DOWN;
	}
	second = build(&f, first);
	assert_int_equal(view_of(second, 0)->current->member_count, 10);
	assert_null(view_of(second, 0)->remembered);
	assert_int_equal(view_of(second, 1)->current->member_count, 7);
	assert_ptr_equal(view_of(second, 1)->remembered, view_of(first, 1)->current);
	for (uint32_t i = 0; i < 10; i++) {
		const struct snapshot_backend *backend = snapshot_find_backend(second, i);

		assert_int_equal(
			snapshot_status(second, view_of(second, 0), i, backend), BACKEND_UP);
		assert_int_equal(snapshot_status(second, view_of(second, 1), i, backend),
			i < 3 ? BACKEND_DOWN : BACKEND_UP);
	}
	snapshot_free(first);
	snapshot_free(second);
	config_free(f.config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zone_that_fails_by_and_by_spills_what_it_lacks),
		cmocka_unit_test(what_an_operator_holds_back_counts_as_he_means_it),
		cmocka_unit_test(a_zone_returns_as_slowly_as_its_backends_start),
		cmocka_unit_test(a_spill_moves_no_more_than_what_goes_and_what_comes),
		cmocka_unit_test(services_that_want_the_same_share_a_view),
		cmocka_unit_test(each_service_keeps_the_table_that_it_had),
		cmocka_unit_test(when_all_are_down_the_preferred_zone_is_tried),
		cmocka_unit_test(who_is_down_for_one_port_serves_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
