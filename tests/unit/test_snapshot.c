// SPDX-License-Identifier: BSD-3-Clause
#include "snapshot_fixture.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// The short way to a service says the same as the long one, or nothing.
static uint16_t exact_at(const struct snapshot *snapshot, const struct addr *address,
	uint8_t protocol, uint16_t port)
{
	struct snapshot_endpoint endpoint;

	memcpy(endpoint.address, address->bytes, sizeof(endpoint.address));
	endpoint.rest = snapshot_endpoint_rest(address->family, protocol, be16(port));
	return snapshot_find_exact(snapshot, &endpoint);
}

static uint16_t service_at(
	const struct snapshot *snapshot, const char *text, uint32_t protocol, uint16_t port)
{
	const struct snapshot_vip *vip;
	uint16_t service, exact;
	struct addr address;

	assert_int_equal(addr_parse(text, &address), 0);
	vip = snapshot_find_vip(&snapshot->vips, &address);
	assert_non_null(vip);
	service = snapshot_find_service(&snapshot->vips, vip, protocol, port);
	exact = exact_at(snapshot, &address, (uint8_t)protocol, port);
	if (exact != SERVICE_NONE)
		assert_int_equal(exact, service);
	return service;
}

#define POOL                                     \
	"pools:\n  - name: p\n    backends:\n"   \
	"      - {name: a, address: 10.0.1.1}\n" \
	"      - {name: b, address: 10.0.1.2}\n" \
	"      - {name: c, address: 10.0.1.3}\n"

static const char many_ports[] =
	"services:\n"
	"  - {name: one, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
	"  - {name: range, vip: 203.0.113.10, protocol: tcp, ports: 30000-30999, pool: p}\n"
	"  - {name: any, vip: 203.0.113.11, protocol: udp, ports: any, pool: p}\n"
	"  - {name: six, vip: \"2001:db8::10\", protocol: tcp, port: 443, pool: p}\n" POOL;

static void a_port_belongs_to_its_service_and_to_no_other(void **state)
{
	struct fixture f;
	struct snapshot *snapshot;

	fixture_load(&f, many_ports);
	snapshot = fixture_build(&f, NULL);
	for (uint32_t port = 0; port < 65536; port++) {
		uint16_t expected = port == 443                      ? 5
				    : port >= 30000 && port <= 30999 ? 6
								     : SERVICE_NONE;

		assert_int_equal(service_at(snapshot, "203.0.113.10", 6, (uint16_t)port), expected);
		assert_int_equal(
			service_at(snapshot, "203.0.113.10", 17, (uint16_t)port), SERVICE_NONE);
		assert_int_equal(service_at(snapshot, "203.0.113.11", 17, (uint16_t)port), 7);
		assert_int_equal(
			service_at(snapshot, "203.0.113.11", 6, (uint16_t)port), SERVICE_NONE);
	}
	assert_int_equal(service_at(snapshot, "2001:db8::10", 6, 443), 8);
	assert_int_equal(service_at(snapshot, "203.0.113.10", 1, 443), SERVICE_NONE);
	snapshot_free(snapshot);
	config_free(f.config);
}

static void other_addresses_are_no_vips(void **state)
{
	struct fixture f;
	struct snapshot *snapshot;

	fixture_load(&f, many_ports);
	snapshot = fixture_build(&f, NULL);
	for (uint32_t i = 0; i < 100000; i++) {
		struct addr address =
			addr_from_ipv4_be(be32(0xcb007100u + i)); // 203.0.113.0 and on
		bool is_vip = i == 10 || i == 11;

		assert_int_equal(snapshot_find_vip(&snapshot->vips, &address) != NULL, is_vip);
	}
	snapshot_free(snapshot);
	config_free(f.config);
}

static void an_empty_configuration_has_no_vip(void **state)
{
	struct fixture f = {.config = config_new()};
	struct addr address = addr_from_ipv4_be(0x0a0b0c0d);
	struct snapshot *snapshot;

	assert_int_equal(config_finish(f.config, NULL), 0);
	snapshot = fixture_build(&f, NULL);
	assert_null(snapshot_find_vip(&snapshot->vips, &address));
	assert_null(snapshot_find_backend(snapshot, 0));
	snapshot_free(snapshot);
	config_free(f.config);
}

static void a_thousand_vips_of_ten_ports_are_all_found(void **state)
{
	char *yaml = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&yaml, &size);
	struct snapshot_input input = {.backend_capacity = BACKENDS, .service_capacity = 10000};
	uint16_t *services = calloc(10000, sizeof(*services));
	struct snapshot *snapshot = NULL;
	struct fixture f;

	fprintf(file, "services:\n");
	for (int vip = 0; vip < 1000; vip++)
		for (int port = 0; port < 10; port++)
			fprintf(file,
				"  - {name: s%d-%d, vip: 198.18.%d.%d, protocol: tcp, port: %d, pool: p}\n",
				vip, port, vip / 250, vip % 250 + 1, 1 + port * 5000);
	fprintf(file, "%s", POOL);
	fclose(file);
	memset(&f, 0, sizeof(f));
	assert_int_equal(config_load_text("test", yaml, size, &f.config, NULL, NULL, NULL), 0);
	for (uint16_t i = 0; i < 10000; i++)
		services[i] = i;
	input.config = f.config;
	input.backends = f.backends;
	input.services = services;
	assert_int_equal(snapshot_build(&input, NULL, &snapshot, NULL), 0);
	for (uint16_t i = 0; i < 10000; i++) {
		const struct config_service *service = &f.config->services[i];
		const struct snapshot_vip *vip = snapshot_find_vip(&snapshot->vips, &service->vip);

		assert_non_null(vip);
		assert_int_equal(
			snapshot_find_service(&snapshot->vips, vip, 6, service->ports[0][0]), i);
		assert_int_equal(
			snapshot_find_service(&snapshot->vips, vip, 6, service->ports[0][0] + 1),
			SERVICE_NONE);
		assert_int_equal(exact_at(snapshot, &service->vip, 6, service->ports[0][0]), i);
		assert_int_equal(
			exact_at(snapshot, &service->vip, 17, service->ports[0][0]), SERVICE_NONE);
	}
	snapshot_free(snapshot);
	config_free(f.config);
	free(services);
	free(yaml);
}

static const char web[] =
	"services:\n  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n" POOL;

static void a_reference_of_another_generation_finds_nobody(void **state)
{
	struct fixture f;
	struct snapshot *snapshot;

	fixture_load(&f, web);
	snapshot = fixture_build(&f, NULL);
	assert_non_null(snapshot_find_backend(snapshot, backend_reference(3, 7)));
	assert_null(snapshot_find_backend(snapshot, backend_reference(3, 6)));
	assert_null(snapshot_find_backend(snapshot, backend_reference(2, 0)));
	assert_null(snapshot_find_backend(snapshot, backend_reference(BACKENDS, 7)));
	assert_null(snapshot_find_backend(snapshot, UINT32_MAX));
	snapshot_free(snapshot);
	config_free(f.config);
}

static void a_table_that_did_not_change_is_shared(void **state)
{
	struct fixture f;
	struct snapshot *first, *second, *third;

	fixture_load(&f, web);
	first = fixture_build(&f, NULL);
	f.backends[1].mtu = 9000; // not the table's business
	second = fixture_build(&f, first);
	assert_ptr_equal(first->views[0].current, second->views[0].current);
	assert_null(second->views[0].remembered);
	f.backends[1].status = BACKEND_DOWN;
	third = fixture_build(&f, second);
	assert_ptr_not_equal(third->views[0].current, second->views[0].current);
	assert_ptr_equal(third->views[0].remembered, second->views[0].current);
	assert_int_equal(third->pools[0].tables_built, 2);
	snapshot_free(first);
	snapshot_free(second);
	assert_int_equal(third->views[0].remembered->member_count, 3); // still whole: it is held
	snapshot_free(third);
	config_free(f.config);
}

// The tables of a balancer that finds its backends well one by one are of no other balancer's.
static void what_a_beginning_has_is_not_remembered(void **state)
{
	struct snapshot *snapshot[4];
	struct fixture f;

	fixture_load(&f, web);
	for (int i = 0; i < 3; i++) {
		f.backends[i].status = BACKEND_DRAINING;
		f.backends[i].unasked = true;
	}
	for (int i = 0; i < 3; i++) {
		snapshot[i] = fixture_build(&f, i > 0 ? snapshot[i - 1] : NULL);
		assert_null(snapshot[i]->views[0].remembered);
		f.backends[i].status = BACKEND_UP;
		f.backends[i].unasked = false;
	}
	snapshot[3] = fixture_build(&f, snapshot[2]);
	assert_null(snapshot[3]->views[0].remembered);
	assert_int_equal(snapshot[3]->views[0].current->member_count, 3);
	for (int i = 0; i < 3; i++)
		snapshot_free(snapshot[i]);

	// From then on what was there is known, with a backend that comes later too.
	f.backends[1].status = BACKEND_DRAINING;
	f.backends[1].unasked = true;
	snapshot[0] = fixture_build(&f, snapshot[3]);
	assert_ptr_equal(snapshot[0]->views[0].remembered, snapshot[3]->views[0].current);
	snapshot_free(snapshot[3]);
	snapshot_free(snapshot[0]);
	config_free(f.config);
}

static void a_slow_start_withholds_tenths_of_the_share(void **state)
{
	for (uint8_t slow_start_tenths = 0; slow_start_tenths < 10; slow_start_tenths += 3) {
		double expected = (10 - slow_start_tenths) / (30.0 - slow_start_tenths);
		struct snapshot *snapshot;
		uint32_t slots = 0;
		struct fixture f;

		fixture_load(&f, web);
		f.backends[1].slow_start_tenths = slow_start_tenths;
		for (int i = 0; i < 3; i++)
			f.config->backends[i].weight = 1; // even that can be held back
		snapshot = fixture_build(&f, NULL);
		for (uint32_t i = 0; i < snapshot->views[0].current->table->size; i++)
			slots += snapshot->views[0].current->table->slots[i] == 1;
		assert_in_range(slots, (uint32_t)(65537 * expected * 0.99),
			(uint32_t)(65537 * expected * 1.01));
		snapshot_free(snapshot);
		config_free(f.config);
	}
}

// Who is a member, by what happens to backend 'a' alone.
static void only_who_can_serve_is_in_the_table(void **state)
{
	static const struct {
		enum backend_status status;
		bool resolved;
		uint16_t weight;
		uint32_t members;
	} rows[] = {{BACKEND_UP, true, 100, 3}, {BACKEND_UP, false, 100, 2},
		{BACKEND_UP, true, 0, 2}, {BACKEND_DRAINING, true, 100, 2},
		{BACKEND_DOWN, true, 100, 2}, {BACKEND_DISABLED, true, 100, 2}};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct snapshot *snapshot;
		struct fixture f;

		fixture_load(&f, web);
		f.backends[0].status = rows[i].status;
		f.backends[0].resolved = rows[i].resolved;
		f.config->backends[0].weight = rows[i].weight;
		snapshot = fixture_build(&f, NULL);
		assert_int_equal(snapshot->views[0].current->member_count, rows[i].members);
		snapshot_free(snapshot);
		config_free(f.config);
	}
}

static void need_calls_nobody_back_who_drains(void **state)
{
	struct snapshot *before, *snapshot;
	struct fixture f;

	fixture_load(&f, web);
	before = fixture_build(&f, NULL);
	for (int i = 0; i < 3; i++)
		f.backends[i].status = BACKEND_DOWN;
	f.config->backends[1].state = CONFIG_STATE_DRAINING;
	snapshot = fixture_build(&f, before);
	assert_true(snapshot->views[0].is_spread);
	assert_int_equal(snapshot->views[0].current->member_count, 2);
	snapshot_free(before);
	snapshot_free(snapshot);
	config_free(f.config);
}

// One that is known to be down is no reason to send it everything while nobody knows of the others.
static void a_beginning_spreads_nothing(void **state)
{
	struct snapshot *snapshot;
	struct fixture f;

	fixture_load(&f, web);
	f.backends[0].status = BACKEND_DOWN;
	for (int i = 1; i < 3; i++) {
		f.backends[i].status = BACKEND_DRAINING;
		f.backends[i].unasked = true;
	}
	snapshot = fixture_build(&f, NULL);
	assert_false(snapshot->views[0].is_spread);
	assert_null(snapshot->views[0].current);
	snapshot_free(snapshot);
	f.config->pools[0].on_all_down = CONFIG_ALL_DOWN_REJECT;
	snapshot = fixture_build(&f, NULL);
	assert_false(snapshot->views[0].rejects);
	snapshot_free(snapshot);
	config_free(f.config);
}

static uint32_t owner_of(const struct snapshot_generation *generation, uint32_t slot)
{
	return generation->members[generation->table->slots[slot]].backend;
}

static void when_all_are_down_the_pool_spreads_drops_or_rejects(void **state)
{
	static const enum config_on_all_down words[] = {
		CONFIG_ALL_DOWN_SPREAD, CONFIG_ALL_DOWN_DROP, CONFIG_ALL_DOWN_REJECT};

	for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++) {
		bool spreads = words[w] == CONFIG_ALL_DOWN_SPREAD;
		struct snapshot *before, *snapshot;
		struct fixture f;

		fixture_load(&f, web);
		f.config->pools[0].on_all_down = words[w];
		before = fixture_build(&f, NULL);
		assert_false(before->views[0].rejects);
		for (int i = 0; i < 3; i++)
			f.backends[i].status = i == 2 ? BACKEND_DISABLED : BACKEND_DOWN;
		snapshot = fixture_build(&f, before);
		assert_int_equal(snapshot->views[0].is_spread, spreads);
		assert_int_equal(snapshot->views[0].rejects, words[w] == CONFIG_ALL_DOWN_REJECT);
		if (!spreads)
			assert_null(snapshot->views[0].current);
		else
			assert_int_equal(snapshot->views[0].current->member_count, 2);
		// Those that are down keep their slots; one that is disabled has lost them.
		for (uint32_t slot = 0; slot < 65537; slot++) {
			uint32_t had = owner_of(before->views[0].current, slot);

			assert_true(had == f.backends[2].reference ||
				    had == owner_of(snapshot->views[0].remembered, slot));
		}
		snapshot_free(before);
		snapshot_free(snapshot);
		config_free(f.config);
	}
}

static void who_was_never_seen_up_takes_nothing_even_in_need(void **state)
{
	struct snapshot *snapshot;
	struct fixture f;

	fixture_load(&f, web);
	for (int i = 0; i < 3; i++)
		f.backends[i].status = BACKEND_DRAINING; // unknown health
	snapshot = fixture_build(&f, NULL);
	assert_null(snapshot->views[0].current);
	snapshot_free(snapshot);
	config_free(f.config);
}

static void pools_of_the_same_names_and_weights_share_one_table(void **state)
{
	static const char yaml[] =
		"services:\n"
		"  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
		"pools:\n"
		"  - {name: p, backends: [{name: a, address: 10.0.1.1}, {name: b, address: 10.0.1.2}]}\n"
		"  - {name: q, backends: [{name: a, address: 10.0.2.1}, {name: b, address: 10.0.2.2}]}\n"
		"  - {name: w, backends: [{name: a, address: 10.0.1.1, weight: 3}, {name: b, address: 10.0.1.2}]}\n"
		"  - {name: n, backends: [{name: a, address: 10.0.1.1}, {name: c, address: 10.0.1.2}]}\n"
		"  - {name: o, backends: [{name: b, address: 10.0.1.2}, {name: a, address: 10.0.1.1}]}\n"
		"  - {name: m, table_size: 655373, backends: [{name: a, address: 10.0.1.1}, {name: b, address: 10.0.1.2}]}\n";
	struct snapshot *snapshot, *next;
	struct fixture f;
	const struct maglev *shared;

	fixture_load(&f, yaml);
	snapshot = fixture_build(&f, NULL);
	shared = snapshot->views[0].current->table;
	assert_ptr_equal(snapshot->views[1].current->table, shared);
	assert_int_not_equal(snapshot->views[1].current->members[0].backend,
		snapshot->views[0].current->members[0].backend);
	for (int i = 2; i < 6; i++)
		assert_ptr_not_equal(snapshot->views[i].current->table, shared);
	f.backends[3].status = BACKEND_DOWN; // q's b
	next = fixture_build(&f, snapshot);
	snapshot_free(snapshot);
	assert_ptr_equal(next->views[0].current->table, shared);
	assert_ptr_not_equal(next->views[1].current->table, shared);
	assert_int_equal(shared->slots[0] < 2, true);
	snapshot_free(next);
	config_free(f.config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_belongs_to_its_service_and_to_no_other),
		cmocka_unit_test(other_addresses_are_no_vips),
		cmocka_unit_test(an_empty_configuration_has_no_vip),
		cmocka_unit_test(a_thousand_vips_of_ten_ports_are_all_found),
		cmocka_unit_test(a_reference_of_another_generation_finds_nobody),
		cmocka_unit_test(a_table_that_did_not_change_is_shared),
		cmocka_unit_test(what_a_beginning_has_is_not_remembered),
		cmocka_unit_test(a_slow_start_withholds_tenths_of_the_share),
		cmocka_unit_test(only_who_can_serve_is_in_the_table),
		cmocka_unit_test(need_calls_nobody_back_who_drains),
		cmocka_unit_test(a_beginning_spreads_nothing),
		cmocka_unit_test(when_all_are_down_the_pool_spreads_drops_or_rejects),
		cmocka_unit_test(who_was_never_seen_up_takes_nothing_even_in_need),
		cmocka_unit_test(pools_of_the_same_names_and_weights_share_one_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
