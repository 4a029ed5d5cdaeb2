// SPDX-License-Identifier: BSD-3-Clause
// What the control room shows.
#include "control_lab.h"

#include <errno.h>
#include <flow/flow.h>
#include <health/health.h>
#include <packet/drop.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int enter_near(void **state)
{
	return lab_setup(
		state, &(struct lab_options){
			       .backends_max = 200, .workers = 1, .kernel_interface = "near"});
}

static struct message_row_memory find_part(struct lab *lab, const char *part, const char *unit)
{
	struct message_row_memory rows[32];
	uint32_t count = lab_show(lab, MESSAGE_SHOW_MEMORY, rows, 32, sizeof(rows[0]));

	assert_in_range(count, 16, 32);
	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(rows[i].part, part) == 0 && strcmp(rows[i].unit, unit) == 0)
			return rows[i];
	}
	fail_msg("there is no part '%s' of %ss", part, unit);
	return rows[0];
}

static void memory_is_shown_as_it_is_taken(void **state)
{
	static const char *const shared =
		"services:\n"
		"  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
		"  - {name: t, vip: 203.0.113.10, protocol: tcp, port: 80, pool: p}\n"
		"  - {name: u, vip: 203.0.113.10, protocol: tcp, port: 81, pool: q}\n"
		"pools:\n"
		"  - {name: p, health: {type: none}, backends: [{name: a, address: 10.0.0.1}]}\n"
		"  - {name: q, health: {type: none}, backends: [{name: b, address: 10.0.0.2}, {name: c, address: 10.0.0.3}]}\n";
	struct message_row_memory row = find_part(*state, "flow tables", "flow");

	assert_int_equal(row.count, 1024);
	assert_int_equal(row.bytes_each, 32);
	assert_int_equal(row.bytes, flow_table_footprint(1024));
	assert_int_equal(find_part(*state, "Maglev tables", "table").count, 0);
	assert_int_equal(find_part(*state, "channel's segment", "").bytes, 528384);
	assert_int_equal(lab_apply_text(*state, shared, NULL), 0);
	row = find_part(*state, "Maglev tables", "table");
	assert_int_equal(row.count, 2); // that three services have
	assert_in_range(row.bytes_each, 2 * 65537, 2 * 65537 + 4096);
	row = find_part(*state, "their members", "member");
	assert_int_equal(row.count, 3);
	// The table before a change is remembered.
	assert_int_equal(lab_set_backend(*state, "b", CONFIG_STATE_UNSET, 50, NULL), 0);
	assert_int_equal(find_part(*state, "Maglev tables", "table").count, 3);
	row = find_part(*state, "configuration", "backend");
	assert_int_equal(row.count, 3);
	assert_in_range(
		row.bytes, 3 * sizeof(struct config_backend), 32 * sizeof(struct config_backend));
	row = find_part(*state, "heap", "");
	assert_int_equal(row.is_sum, 1);
	assert_true(row.bytes > 3 * 2 * 65537);
}

static void services_pools_and_ports_are_shown(void **state)
{
	struct message_row_service service;
	struct message_row_pool pool;
	struct message_row_port port;

	assert_int_equal(lab_show(*state, MESSAGE_SHOW_SERVICES, &service, 1, sizeof(service)), 0);
	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	do {
		assert_int_equal(
			lab_show(*state, MESSAGE_SHOW_SERVICES, &service, 1, sizeof(service)), 1);
	} while (service.backends_usable < 2); // the next hops come a little later
	assert_string_equal(service.name, "web");
	assert_string_equal(service.pool, "web");
	assert_int_equal(service.port_first, 443);
	assert_int_equal(service.backends, 2);
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_POOLS, &pool, 1, sizeof(pool)), 1);
	assert_string_equal(pool.name, "web");
	assert_int_equal(pool.backends_usable, 2);
	assert_int_equal(pool.table_size, 65537);
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_PORTS, &port, 1, sizeof(port)), 1);
	assert_string_equal(port.name, "wan");
	assert_string_equal(port.kernel_interface, "near");
	assert_int_equal(port.mtu, 1500);
	assert_int_equal(port.link_up, 1); // as the device cannot tell
}

// Two services of one pool, of which one prefers a zone that lacks half of its weight.
static void zones_are_shown_as_each_service_has_them(void **state)
{
	static const char yaml[] =
		"services:\n"
		"  - {name: all, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"  - {name: one, vip: 203.0.113.10, protocol: tcp, port: 444, pool: web, prefer: [z], prefer_floor: 80%}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends:\n"
		"      - {name: a, address: 10.0.0.1}\n"
		"      - {name: b, address: 10.0.0.2, zone: z}\n"
		"      - {name: c, address: 10.0.0.3, zone: z, state: disabled}\n";
	static const struct {
		const char *service, *zone;
		uint32_t rank, usable, backends, share_ppm;
	} rows[] = {{"all", "", 0, 1, 1, 500000}, {"all", "z", 0, 1, 2, 500000},
		{"one", "z", 1, 1, 2, 625000}, {"one", "", 0, 1, 1, 375000}};
	struct message_row_zone zones[8];

	assert_int_equal(lab_apply_text(*state, yaml, NULL), 0);
	do {
		assert_int_equal(
			lab_show(*state, MESSAGE_SHOW_ZONES, zones, 8, sizeof(zones[0])), 4);
	} while (zones[0].share_ppm == 0 ||
		 zones[1].share_ppm == 0); // the next hops come a little later
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(zones[i].service, rows[i].service);
		assert_string_equal(zones[i].zone, rows[i].zone);
		assert_int_equal(zones[i].rank, rows[i].rank);
		assert_int_equal(zones[i].backends_usable, rows[i].usable);
		assert_int_equal(zones[i].backends, rows[i].backends);
		assert_in_range(
			zones[i].share_ppm, rows[i].share_ppm - 1000, rows[i].share_ppm + 1000);
	}
	assert_int_equal(zones[2].weight, 200);
	assert_int_equal(zones[2].weight_able, 100);
}

static void backends_are_shown_with_their_shares_and_flows(void **state)
{
	struct message_row_backend a, b;

	assert_int_equal(lab_apply_text(*state, lab_two, NULL), 0);
	do {
		a = lab_backend_row(*state, "a");
		b = lab_backend_row(*state, "b");
	} while (a.share_ppm == 0 || b.share_ppm == 0);
	assert_in_range(a.share_ppm, 249000, 251000);
	assert_in_range(b.share_ppm, 749000, 751000);
	assert_int_equal(a.flows, 2);
	assert_int_equal(b.flows, 1);
	assert_int_equal(a.health, HEALTH_UP);
	assert_int_equal(b.weight, 300);
	assert_string_equal(b.zone, "z");
	assert_string_equal(a.reason, "");
	// What was counted under its index before was not its own.
	assert_int_equal(a.packets, 0);
	assert_true(a.since_s > 0);
}

static void flows_are_listed_to_the_limit(void **state)
{
	struct message_flows request = {.backend = "a", .limit = 1};
	struct lab *lab = *state;
	struct message_row_flow row;
	struct message_done done;

	assert_int_equal(lab_apply_text(lab, lab_two, NULL), 0);
	lab_send(lab, MESSAGE_FLOWS, &request, sizeof(request));
	assert_int_equal(lab_receive(lab), MESSAGE_ROW_FLOW);
	memcpy(&row, lab->message.body, sizeof(row));
	assert_string_equal(row.service, "web");
	assert_string_equal(row.backend, "a");
	assert_int_equal(lab_finish(lab, &done), 0);
	assert_int_equal(done.changes, 2);
	memcpy(request.backend, "c", 1);
	lab_send(lab, MESSAGE_FLOWS, &request, sizeof(request));
	assert_int_equal(lab_finish(lab, &done), -1);
	assert_int_equal(lab_error_code(lab), ENOENT);
}

static void drops_workers_and_the_daemon_are_shown(void **state)
{
	struct message_row_drop drops[DROP_REASON_COUNT];
	struct message_row_worker worker;
	struct message_row_daemon daemon = lab_daemon_row(*state);

	assert_int_equal(
		lab_show(*state, MESSAGE_SHOW_DROPS, drops, COUNT(drops), sizeof(drops[0])),
		DROP_REASON_COUNT);
	assert_string_equal(drops[0].name, drop_label((enum drop_reason)0));
	assert_int_equal(lab_show(*state, MESSAGE_SHOW_WORKERS, &worker, 1, sizeof(worker)), 1);
	assert_int_equal(worker.core, 5);
	assert_int_equal(worker.flow_capacity, 1024);
	assert_int_equal(daemon.workers, 1);
	assert_int_equal(daemon.pid, ((struct lab *)*state)->pid);
	assert_string_equal(daemon.version, FULCRUM_VERSION);
}

static void the_configuration_that_is_shown_can_be_applied_again(void **state)
{
	struct config *wanted = lab_config_large(16, 4); // several messages
	struct config *shown;
	struct message_done done;

	assert_int_equal(lab_apply(*state, wanted, NULL), 0);
	shown = lab_shown_config(*state);
	assert_int_equal(config_diff(wanted, shown, NULL, NULL), 0);
	assert_int_equal(lab_apply(*state, shown, &done), 0);
	assert_int_equal(done.changes, 0);
	config_free(wanted);
	config_free(shown);
}

// "config <hex>\ntables <hex>\nremembered <hex>\n", together
static void read_digests(struct lab *lab, char out[256])
{
	const struct message_show show = {.what = MESSAGE_SHOW_DIGEST};
	size_t used = 0;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while (lab_receive(lab) == MESSAGE_TEXT)
		used += (size_t)snprintf(out + used, 256 - used, "%.*s\n", (int)lab->message.size,
			(const char *)lab->message.body);
	assert_int_equal(lab->message.type, MESSAGE_DONE);
	assert_int_equal(used, 2 * (strlen("config ") + 64 + 1) + strlen("remembered ") + 64 + 1);
}

#define CONFIG_PART 72 // bytes of the first line
#define TWO_PARTS   (2 * CONFIG_PART) // what was there before does not count

static void balancers_that_judge_alike_have_one_digest(void **state)
{
	static const char *const one =
		"services:\n"
		"  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n"
		"  - {name: t, vip: 203.0.113.10, protocol: tcp, port: 80, pool: q}\n"
		"pools:\n"
		"  - {name: p, health: {type: none}, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
		"  - {name: q, health: {type: none}, backends: [{name: c, address: 10.0.0.3}]}\n";
	static const char *const other = // the same in another order
		"pools:\n"
		"  - {name: q, health: {type: none}, backends: [{name: c, address: 10.0.0.3}]}\n"
		"  - {name: p, health: {type: none}, backends: [{name: b, address: 10.0.0.2}, {name: a, address: 10.0.0.1}]}\n"
		"services:\n"
		"  - {name: t, vip: 203.0.113.10, protocol: tcp, port: 80, pool: q}\n"
		"  - {name: s, vip: 203.0.113.10, protocol: tcp, port: 443, pool: p}\n";
	struct lab second;
	char here[256], there[256];

	lab_init(&second, &(struct lab_options){.workers = 1, .kernel_interface = "near"});
	lab_start(&second);
	assert_int_equal(lab_apply_text(&second, lab_two, NULL), 0); // other indexes
	assert_int_equal(lab_apply_text(&second, other, NULL), 0);
	assert_int_equal(lab_apply_text(*state, one, NULL), 0);
	read_digests(*state, here);
	read_digests(&second, there);
	assert_memory_equal(here, there, TWO_PARTS);
	// A weight is in both, and so is a state; with it again they are alike.
	assert_int_equal(lab_set_backend(*state, "b", CONFIG_STATE_UNSET, 50, NULL), 0);
	read_digests(*state, here);
	assert_memory_not_equal(here, there, CONFIG_PART);
	assert_memory_not_equal(here + CONFIG_PART, there + CONFIG_PART, CONFIG_PART);
	assert_int_equal(lab_set_backend(&second, "b", CONFIG_STATE_UNSET, 50, NULL), 0);
	read_digests(&second, there);
	assert_memory_equal(here, there, TWO_PARTS);
	lab_leave(&second);
	lab_free(&second);
}

#define TEST(name)           cmocka_unit_test_setup_teardown(name, lab_setup_usual, lab_teardown)
#define TEST_IN(place, name) cmocka_unit_test_setup_teardown(name, enter_##place, lab_teardown)

// The first piece has the key, which stands first.
static void begin_of_config(struct lab *lab, enum message_show_what what, char text[256])
{
	const struct message_show show = {.what = what};
	bool is_first = true;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while (lab_receive(lab) == MESSAGE_TEXT) {
		if (is_first)
			snprintf(text, 256, "%.*s", (int)lab->message.size,
				(const char *)lab->message.body);
		is_first = false;
	}
	assert_int_equal(lab->message.type, MESSAGE_DONE);
}

static void the_hash_key_is_shown_to_who_asks_for_secrets_alone(void **state)
{
	static const char yaml[] =
		"hash_key: \"00112233445566778899aabbccddeeff\"\nservices: []\npools: []\n";
	struct lab *lab = *state;
	struct config *config = NULL;
	struct message_done done;
	char text[256] = "";
	struct error err;

	assert_int_equal(lab_apply_text(lab, yaml, &done), 0);
	begin_of_config(lab, MESSAGE_SHOW_CONFIG, text);
	assert_null(strstr(text, "00112233"));
	assert_non_null(strstr(text, "hash_key: \"redacted: "));
	// Nobody applies it by mistake.
	assert_int_not_equal(
		config_load_text("shown", text, strlen(text), &config, NULL, NULL, &err), 0);
	begin_of_config(lab, MESSAGE_SHOW_SECRETS, text);
	assert_non_null(strstr(text, "hash_key: \"00112233445566778899aabbccddeeff\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN(near, balancers_that_judge_alike_have_one_digest),
		TEST_IN(near, memory_is_shown_as_it_is_taken),
		TEST(the_hash_key_is_shown_to_who_asks_for_secrets_alone),
		TEST(services_pools_and_ports_are_shown),
		TEST(zones_are_shown_as_each_service_has_them),
		TEST(backends_are_shown_with_their_shares_and_flows),
		TEST(flows_are_listed_to_the_limit),
		TEST(drops_workers_and_the_daemon_are_shown),
		TEST(the_configuration_that_is_shown_can_be_applied_again),
	};

	return lab_enter_namespace() ? cmocka_run_group_tests(tests, NULL, NULL) : LAB_SKIPPED;
}
