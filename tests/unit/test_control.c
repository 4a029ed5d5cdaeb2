// SPDX-License-Identifier: BSD-3-Clause
// The whole control room, asked over its channel as fulcrumctl asks.
#include "control_lab.h"

#include <arpa/inet.h>
#include <channel/segment.h>
#include <errno.h>
#include <fcntl.h>
#include <health/health.h>
#include <packet/drop.h>
#include <setjmp.h>
#include <signal.h>
#include <snapshot/capture.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SKIPPED      77
#define KILLS        100 // or as many as $FULCRUM_KILLS says

static const char two[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
	"pools:\n"
	"  - name: web\n"
	"    health: {type: none}\n"
	"    backends:\n"
	"      - {name: a, address: 10.0.0.1}\n"
	"      - {name: b, address: 10.0.0.2, weight: 300, zone: z}\n";

static int kills(void)
{
	const char *wanted = getenv("FULCRUM_KILLS");

	return wanted != NULL ? atoi(wanted) : KILLS;
}

static int enter_with(void **state, const struct lab_options *options)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	lab_init(lab, options);
	lab_start(lab);
	*state = lab;
	return 0;
}

static int enter(void **state)
{
	return enter_with(state,
		&(struct lab_options){.workers = 1, .has_flows = true, .kernel_interface = "near"});
}

static int enter_small(void **state)
{
	return enter_with(
		state, &(struct lab_options){.backends_max = 3, .services_max = 2, .workers = 2});
}

static int enter_wide(void **state)
{
	return enter_with(state, &(struct lab_options){.services_max = 300, .workers = 1});
}

static int enter_near(void **state)
{
	return enter_with(
		state, &(struct lab_options){
			       .backends_max = 200, .workers = 1, .kernel_interface = "near"});
}

static int enter_stuck(void **state)
{
	return enter_with(state, &(struct lab_options){.workers = 1, .has_stuck_worker = true});
}

static int leave(void **state)
{
	struct lab *lab = *state;

	lab_leave(lab);
	lab_free(lab);
	free(lab);
	return 0;
}

static struct message_row_daemon daemon_row(struct lab *lab)
{
	struct message_row_daemon row;

	assert_int_equal(lab_show(lab, MESSAGE_SHOW_VERSION, &row, 1, sizeof(row)), 1);
	return row;
}

static struct message_row_backend backend_row(struct lab *lab, const char *name)
{
	struct message_row_backend rows[16];
	uint32_t count = lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 16, sizeof(rows[0]));

	for (uint32_t i = 0; i < count; i++) {
		if (strcmp(rows[i].name, name) == 0)
			return rows[i];
	}
	fail_msg("there is no backend %s", name);
	return rows[0];
}

static void assert_untouched(struct lab *lab, uint64_t version, uint32_t backends)
{
	struct message_row_backend rows[16];

	assert_int_equal(daemon_row(lab).config_version, version);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 16, sizeof(rows[0])), backends);
}

// --- Bad requests ---

static void assert_refused(struct lab *lab, int code, const char *words)
{
	assert_int_equal(lab_finish(lab, NULL), -1);
	if (strstr(lab_error(lab), words) == NULL)
		fail_msg("'%s' is not in '%s'", words, lab_error(lab));
	assert_int_equal(lab_error_code(lab), code);
}

static void a_commit_without_a_begin_is_refused(void **state)
{
	struct config *config = lab_config(two);

	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_refused(*state, EPROTO, "without a transaction");
	assert_untouched(*state, 0, 0);
	config_free(config);
}

static void a_transaction_that_is_not_whole_is_refused(void **state)
{
	struct config *config = lab_config(two);

	for (int more = 0; more <= 2; more += 2) {
		lab_begin(*state, config, 0);
		for (int i = 0; i < more; i++)
			lab_send_records(*state, config);
		lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
		assert_refused(*state, EPROTO, "not whole");
		assert_untouched(*state, 0, 0);
	}
	config_free(config);
}

static void records_of_any_bytes_are_refused(void **state)
{
	struct message_apply begin = {.service_count = 1, .pool_count = 1, .backend_count = 1};
	uint8_t bytes[CHANNEL_MESSAGE_MAX];

	srand(3);
	for (int i = 0; i < 200; i++) {
		for (size_t b = 0; b < sizeof(bytes); b++)
			bytes[b] = i == 0 ? 0xff : (uint8_t)rand();
		lab_send(*state, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
		assert_int_equal(lab_finish(*state, NULL), 0);
		lab_send(*state, MESSAGE_APPLY_SERVICE, bytes, sizeof(struct config_service));
		lab_send(*state, MESSAGE_APPLY_POOL, bytes, sizeof(struct config_pool));
		lab_send(*state, MESSAGE_APPLY_BACKEND, bytes, sizeof(struct config_backend));
		lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
		assert_refused(*state, EINVAL, "record");
	}
	assert_untouched(*state, 0, 0);
}

static void a_header_of_wrong_bytes_is_refused(void **state)
{
	struct message_apply begin = {.hash_key_set = 7};

	lab_send(*state, MESSAGE_APPLY_BEGIN, &begin, sizeof(begin));
	assert_refused(*state, EINVAL, "hash_key_set");
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_refused(*state, EPROTO, "without a transaction");
}

static void a_kind_that_cannot_be_shown_is_refused(void **state)
{
	static const uint32_t kinds[] = {0, MESSAGE_SHOW_DIGEST + 1, 64, UINT32_MAX};

	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct message_show show = {.what = kinds[i]};

		lab_send(*state, MESSAGE_SHOW, &show, sizeof(show));
		assert_refused(*state, EINVAL, "nothing of that kind");
	}
}

// Each makes one field of a good request bad.
static void spoil_path(struct message_capture *request)
{
	snprintf(request->path, sizeof(request->path), "here.pcapng");
}

static void spoil_path_end(struct message_capture *request)
{
	memset(request->path, '/', sizeof(request->path));
}

static void spoil_path_name(struct message_capture *request)
{
	snprintf(request->path, sizeof(request->path), "/nowhere/crontab");
}

static void spoil_path_bare(struct message_capture *request)
{
	snprintf(request->path, sizeof(request->path), ".pcapng");
}

static void spoil_packets(struct message_capture *request)
{
	request->packets = 0;
}

static void spoil_packets_many(struct message_capture *request)
{
	request->packets = UINT32_MAX;
}

static void spoil_duration(struct message_capture *request)
{
	request->duration_ms = UINT32_MAX;
}

static void spoil_snap_size(struct message_capture *request)
{
	request->snap_size = CAPTURE_SNAP_MAX + 1;
}

static void spoil_service(struct message_capture *request)
{
	memset(request->service, 'x', sizeof(request->service));
}

static void a_capture_that_cannot_be_is_refused(void **state)
{
	static const struct {
		void (*spoil)(struct message_capture *request);
		const char *sentence;
	} cases[] = {
		{spoil_path, "absolute path"},
		{spoil_path_end, "absolute path"},
		{spoil_path_name, "*.pcapng"},
		{spoil_path_bare, "absolute path"},
		{spoil_packets, "1 to 1000000 packets"},
		{spoil_packets_many, "1 to 1000000 packets"},
		{spoil_duration, "an hour"},
		{spoil_snap_size, "64 to 16384 bytes"},
		{spoil_service, "no service 'xxx"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct message_capture request = {.path = "/nowhere/a.pcapng",
			.packets = 1,
			.duration_ms = 1,
			.snap_size = CAPTURE_SNAP_DEFAULT};

		cases[i].spoil(&request);
		lab_send(*state, MESSAGE_CAPTURE_BEGIN, &request, sizeof(request));
		assert_refused(*state, EINVAL, cases[i].sentence);
	}
}

static void a_change_of_no_backend_is_refused(void **state)
{
	static const struct {
		const char *name;
		uint32_t state;
		uint32_t weight;
		int code;
	} cases[] = {
		{"", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"/", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"c", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"web/", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"web/c", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"other/a", CONFIG_STATE_DRAINING, UINT32_MAX, ENOENT},
		{"a", CONFIG_STATE_DISABLED + 1, UINT32_MAX, EINVAL},
		{"a", UINT32_MAX, UINT32_MAX, EINVAL},
		{"a", CONFIG_STATE_UNSET, 65536, EINVAL},
	};
	struct message_backend_set endless = {.state = CONFIG_STATE_DRAINING};

	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(lab_set_backend(*state, cases[i].name, cases[i].state,
					 cases[i].weight, NULL),
			-1);
		assert_int_equal(lab_error_code(*state), cases[i].code);
	}
	memset(endless.name, 'a', sizeof(endless.name));
	lab_send(*state, MESSAGE_BACKEND_SET, &endless, sizeof(endless));
	assert_refused(*state, ENOENT, "there is no backend");
	assert_untouched(*state, 1, 2);
}

static void more_than_the_daemon_has_room_for_is_refused(void **state)
{
	static const struct {
		uint32_t services;
		uint32_t backends;
		const char *words;
	} cases[] = {{3, 1, "services_max"}, {1, 4, "backends_max"}, {2, 2, "backends_max"}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *config = lab_config_large(cases[i].services, cases[i].backends);

		assert_int_equal(lab_apply(*state, config, NULL), -1);
		assert_int_equal(lab_error_code(*state), ENOSPC);
		assert_non_null(strstr(lab_error(*state), cases[i].words));
		config_free(config);
	}
	assert_untouched(*state, 0, 0);
}

// 300 services of 65,534 ports each have more pages of ports than a snapshot can number.
static void what_no_snapshot_can_hold_is_refused_and_changes_nothing(void **state)
{
	struct config *wide = lab_config_large(300, 0);
	struct config *narrow = lab_config_large(300, 0);

	for (uint32_t i = 0; i < wide->service_count; i++) {
		wide->services[i].port_first = 1;
		wide->services[i].port_last = 65534;
	}
	assert_int_equal(lab_apply(*state, narrow, NULL), 0);
	assert_int_equal(lab_apply(*state, wide, NULL), -1);
	assert_int_equal(lab_error_code(*state), E2BIG);
	assert_untouched(*state, 1, 0);
	lab_kill(*state);
	lab_start(*state);
	assert_untouched(*state, 1, 0);
	config_free(wide);
	config_free(narrow);
}

// --- Applying ---

static void versions_count_the_applies_that_change_something(void **state)
{
	struct message_done done;

	assert_int_equal(daemon_row(*state).config_version, 0);
	assert_int_equal(daemon_row(*state).applied_s, 0);
	assert_int_equal(lab_apply_text(*state, "services: []\n", &done), 0);
	assert_int_equal(done.version, 1);
	assert_int_equal(done.changes, 0);
	assert_int_equal(lab_apply_text(*state, two, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 4);
	assert_int_equal(lab_apply_text(*state, two, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 0);
	assert_true(daemon_row(*state).applied_s > 0);
	assert_true(daemon_row(*state).apply_us > 0);
}

static void what_changed_is_answered_line_by_line(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config(two);

	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_receive(lab), MESSAGE_TEXT);
	assert_memory_equal(lab->message.body, "service web: added", lab->message.size);
	assert_int_equal(lab_finish(lab, NULL), 0);
	config_free(config);
}

static void a_version_that_is_not_in_force_is_refused(void **state)
{
	struct config *config = lab_config(two);

	assert_int_equal(lab_apply(*state, config, NULL), 0);
	lab_begin(*state, config, 7);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_refused(*state, ESTALE, "version 1 is in force, not 7");
	lab_begin(*state, config, 1);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_finish(*state, NULL), 0);
	config_free(config);
}

static void an_abort_or_another_begin_forgets_the_records(void **state)
{
	struct config *config = lab_config(two);

	lab_begin(*state, config, 0);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_ABORT, NULL, 0);
	assert_int_equal(lab_finish(*state, NULL), 0);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_refused(*state, EPROTO, "without a transaction");
	lab_begin(*state, config, 0);
	lab_send_records(*state, config);
	assert_int_equal(lab_apply(*state, config, NULL), 0);
	assert_untouched(*state, 1, 2);
	config_free(config);
}

static void every_name_can_change_when_there_is_no_room_for_both(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	char yaml[512];

	for (size_t i = 0; i < 30; i++) {
		const char *n = names[i % COUNT(names)];

		snprintf(yaml, sizeof(yaml),
			"pools:\n  - name: p%s\n    health: {type: none}\n    backends: "
			"[{name: %s1, address: 10.0.0.1}, {name: %s2, address: 10.0.0.2}, "
			"{name: %s3, address: 10.0.0.3}]\n",
			n, n, n, n);
		assert_int_equal(lab_apply_text(*state, yaml, NULL), 0);
	}
	assert_untouched(*state, 30, 3);
}

static void a_large_configuration_is_applied_whole(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(16, 4);
	struct message_row_pool rows[16];

	assert_int_equal(lab_apply(lab, config, NULL), 0);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_POOLS, rows, 16, sizeof(rows[0])), 16);
	for (int i = 0; i < 16; i++)
		assert_int_equal(rows[i].backends, 4);
	config_free(config);
}

// Nobody has to look twice: its next hop is known before it is in force.
static void a_new_backend_serves_when_the_apply_is_answered(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(3, 50);
	struct message_row_backend rows[150];

	assert_int_equal(lab_apply(lab, config, NULL), 0);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, rows, 150, sizeof(rows[0])), 150);
	for (int i = 0; i < 150; i++)
		assert_in_range(rows[i].share_ppm, 19000, 21000);
	config_free(config);
}

static int plan(
	struct lab *lab, const char *yaml, struct message_row_plan *row, struct message_done *done)
{
	struct config *config = lab_config(yaml);
	enum message_type type;

	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	config_free(config);
	lab_send(lab, MESSAGE_PLAN, NULL, 0);
	while ((type = lab_receive(lab)) != MESSAGE_DONE) {
		if (type == MESSAGE_ERROR)
			return -1;
		if (type == MESSAGE_ROW_PLAN)
			memcpy(row, lab->message.body, sizeof(*row));
	}
	memcpy(done, lab->message.body, sizeof(*done));
	return 0;
}

static void a_plan_is_told_and_changes_nothing(void **state)
{
	static const char *const three =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends: [{name: a, address: 10.0.0.1}, {name: c, address: 10.0.0.3}]\n";
	struct message_row_plan row = {.slots = 1};
	struct message_done done;

	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	assert_int_equal(plan(*state, two, &row, &done), 0);
	assert_int_equal(done.changes, 0);
	assert_int_equal(row.slots, 1); // there was no row
	for (int i = 0; i < 3; i++) {
		assert_int_equal(plan(*state, three, &row, &done), 0);
		assert_int_equal(done.version, 1);
		assert_int_equal(done.changes, 2);
		assert_string_equal(row.pool, "web");
		assert_int_equal(row.slots, 65537);
		// The three quarters that b had, and what a new member takes from a.
		assert_in_range(row.slots_moved, 65537 * 75 / 100, 65537 * 85 / 100);
		assert_untouched(*state, 1, 2);
	}
	lab_send(*state, MESSAGE_PLAN, NULL, 0); // of nothing
	assert_int_equal(lab_finish(*state, NULL), -1);
	assert_int_equal(lab_error_code(*state), EPROTO);
	assert_int_equal(lab_apply_text(*state, three, &done), 0);
	assert_int_equal(done.changes, 2);
	assert_int_equal(done.version, 2);
}

// "config <hex>\ntables <hex>\n", together
static void read_digests(struct lab *lab, char out[256])
{
	const struct message_show show = {.what = MESSAGE_SHOW_DIGEST};
	size_t used = 0;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while (lab_receive(lab) == MESSAGE_TEXT)
		used += (size_t)snprintf(out + used, 256 - used, "%.*s\n", (int)lab->message.size,
			(const char *)lab->message.body);
	assert_int_equal(lab->message.type, MESSAGE_DONE);
	assert_int_equal(used, 2 * (strlen("config ") + 64 + 1));
}

#define CONFIG_PART 72 // bytes of the first line

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
	assert_int_equal(lab_apply_text(&second, two, NULL), 0); // other indexes
	assert_int_equal(lab_apply_text(&second, other, NULL), 0);
	assert_int_equal(lab_apply_text(*state, one, NULL), 0);
	read_digests(*state, here);
	read_digests(&second, there);
	assert_string_equal(here, there);
	// A weight is in both, and so is a state; with it again they are alike.
	assert_int_equal(lab_set_backend(*state, "b", CONFIG_STATE_UNSET, 50, NULL), 0);
	read_digests(*state, here);
	assert_memory_not_equal(here, there, CONFIG_PART);
	assert_string_not_equal(here + CONFIG_PART, there + CONFIG_PART);
	assert_int_equal(lab_set_backend(&second, "b", CONFIG_STATE_UNSET, 50, NULL), 0);
	read_digests(&second, there);
	assert_string_equal(here, there);
	lab_leave(&second);
	lab_free(&second);
}

// --- What is shown ---

static void services_pools_and_ports_are_shown(void **state)
{
	struct message_row_service service;
	struct message_row_pool pool;
	struct message_row_port port;

	assert_int_equal(lab_show(*state, MESSAGE_SHOW_SERVICES, &service, 1, sizeof(service)), 0);
	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
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

	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	do {
		a = backend_row(*state, "a");
		b = backend_row(*state, "b");
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

	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
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
	struct message_row_daemon daemon = daemon_row(*state);

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

static struct config *shown_config(struct lab *lab)
{
	struct message_show show = {.what = MESSAGE_SHOW_CONFIG};
	struct config *config;
	struct error err;
	char *text = NULL;
	size_t size = 0;

	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	while (lab_receive(lab) == MESSAGE_TEXT) {
		text = realloc(text, size + lab->message.size);
		memcpy(text + size, lab->message.body, lab->message.size);
		size += lab->message.size;
	}
	if (config_load_text("shown", text, size, &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	free(text);
	return config;
}

static void the_configuration_that_is_shown_can_be_applied_again(void **state)
{
	struct config *wanted = lab_config_large(16, 4); // several messages
	struct config *shown;
	struct message_done done;

	assert_int_equal(lab_apply(*state, wanted, NULL), 0);
	shown = shown_config(*state);
	assert_int_equal(config_diff(wanted, shown, NULL, NULL), 0);
	assert_int_equal(lab_apply(*state, shown, &done), 0);
	assert_int_equal(done.changes, 0);
	config_free(wanted);
	config_free(shown);
}

// --- One backend ---

static void an_operators_state_stays_over_an_apply_and_a_restart(void **state)
{
	struct lab *lab = *state;
	struct message_done done;

	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
	assert_int_equal(
		lab_set_backend(lab, "web/a", CONFIG_STATE_DRAINING, UINT32_MAX, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 1);
	assert_int_equal(backend_row(lab, "a").state, CONFIG_STATE_DRAINING);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_DRAINING, UINT32_MAX, &done), 0);
	assert_int_equal(done.version, 2);
	assert_int_equal(done.changes, 0);
	assert_int_equal(lab_apply_text(lab, two, &done), 0);
	assert_int_equal(done.changes, 0);
	lab_kill(lab);
	lab_start(lab);
	assert_int_equal(backend_row(lab, "a").state, CONFIG_STATE_DRAINING);
	assert_int_equal(daemon_row(lab).config_version, 2);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_ACTIVE, UINT32_MAX, &done), 0);
	assert_int_equal(done.version, 3);
	assert_int_equal(backend_row(lab, "a").state, CONFIG_STATE_ACTIVE);
}

static void a_change_is_remembered_over_a_restart(void **state)
{
	static const char one[] =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: none}\n"
		"    backends:\n"
		"      - {name: b, address: 10.0.0.2, weight: 300, zone: z}\n"
		"      - {name: c, address: 10.0.0.3}\n";
	struct lab *lab = *state;

	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
	assert_int_equal(lab_apply_text(lab, one, NULL), 0);
	lab_kill(lab);
	lab_start(lab);
	assert_int_equal(daemon_row(lab).config_version, 2);
	// It is no longer asked for; connections that it had go on.
	assert_int_equal(backend_row(lab, "a").state, CONFIG_STATE_LEAVING);
	assert_int_equal(backend_row(lab, "b").state, CONFIG_STATE_ACTIVE);
	assert_int_equal(backend_row(lab, "c").state, CONFIG_STATE_ACTIVE);
	while (backend_row(lab, "c").share_ppm == 0)
		;
	assert_int_equal(backend_row(lab, "a").share_ppm, 0);
	lab_stop(lab);
}

static void a_drained_or_disabled_backend_has_no_share(void **state)
{
	static const uint32_t states[] = {CONFIG_STATE_DRAINING, CONFIG_STATE_DISABLED};
	struct message_row_backend row;

	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	while (backend_row(*state, "a").share_ppm == 0)
		;
	for (size_t i = 0; i < COUNT(states); i++) {
		assert_int_equal(lab_set_backend(*state, "a", states[i], UINT32_MAX, NULL), 0);
		row = backend_row(*state, "a");
		assert_int_equal(row.share_ppm, 0);
		assert_int_equal(row.state, states[i]);
		assert_int_equal(row.health, HEALTH_UP);
		assert_int_equal(backend_row(*state, "b").share_ppm, 1000000);
	}
}

static void a_weight_moves_the_shares(void **state)
{
	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	while (backend_row(*state, "a").share_ppm == 0)
		;
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_UNSET, 300, NULL), 0);
	assert_in_range(backend_row(*state, "a").share_ppm, 499000, 501000);
	assert_int_equal(lab_set_backend(*state, "a", CONFIG_STATE_UNSET, 0, NULL), 0);
	assert_int_equal(backend_row(*state, "a").share_ppm, 0);
}

// --- Health ---

static int listen_on(const char *address, uint16_t port)
{
	struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int one = 1;

	inet_pton(AF_INET, address, &name.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static void wait_for_health(struct lab *lab, const char *name, uint8_t health)
{
	time_t until = time(NULL) + 20;

	while (backend_row(lab, name).health != health) {
		if (time(NULL) > until)
			fail_msg("%s never had health %u", name, health);
	}
}

static void probes_find_out_who_is_up(void **state)
{
	static const char probed[] =
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 8443, pool: web}\n"
		"pools:\n"
		"  - name: web\n"
		"    health: {type: tcp, interval: 100ms, timeout: 90ms, rise: 2, fall: 2}\n"
		"    backends: [{name: a, address: 10.9.9.8}, {name: c, address: 10.9.9.9}]\n";
	int fd;

	lab_shell("ip addr replace 10.9.9.8/32 dev lo && ip addr replace 10.9.9.9/32 dev lo");
	fd = listen_on("10.9.9.9", 8443);
	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	assert_int_equal(backend_row(*state, "a").health, HEALTH_UP);
	assert_int_equal(lab_apply_text(*state, probed, NULL), 0);
	// Another address is another backend: nothing is known of it.
	wait_for_health(*state, "c", HEALTH_UP);
	wait_for_health(*state, "a", HEALTH_DOWN);
	close(fd);
	wait_for_health(*state, "c", HEALTH_DOWN);
	// And the probes end with the pool.
	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	assert_int_equal(backend_row(*state, "a").health, HEALTH_UP);
}

static void a_pool_without_a_service_is_explained(void **state)
{
	assert_int_equal(
		lab_apply_text(*state,
			"pools:\n  - name: web\n    backends: [{name: a, address: 10.0.0.1}]\n",
			NULL),
		0);
	assert_non_null(strstr(backend_row(*state, "a").reason, "no port to probe"));
	assert_int_equal(backend_row(*state, "a").health, HEALTH_UNKNOWN);
}

// --- Clients that die or do not read ---

static void apply_for_ever(struct lab *lab, const struct config *a, const struct config *b)
{
	for (;;) {
		lab_apply(lab, a, NULL);
		lab_apply(lab, b, NULL);
	}
}

static void a_client_killed_at_any_moment_leaves_a_whole_configuration(void **state)
{
	struct lab *lab = *state;
	struct config *few = lab_config_large(2, 3);
	struct config *many = lab_config_large(16, 4);
	struct message_done done;

	srand(4);
	assert_int_equal(lab_apply(lab, few, NULL), 0);
	lab_leave(lab);
	for (int i = 0; i < kills(); i++) {
		struct timespec life = {.tv_nsec = rand() % 20000000};
		struct config *running;
		pid_t client = fork();

		if (client == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			apply_for_ever(lab, few, many);
		}
		nanosleep(&life, NULL);
		kill(client, SIGKILL);
		waitpid(client, NULL, 0);
		running = shown_config(lab);
		assert_true(config_diff(running, few, NULL, NULL) == 0 ||
			    config_diff(running, many, NULL, NULL) == 0);
		config_free(running);
		lab_leave(lab);
	}
	assert_int_equal(lab_apply(lab, few, &done), 0);
	config_free(few);
	config_free(many);
}

static void scribble(const char *path, const struct config *config, int rounds)
{
	int fd = open(path, O_RDWR);
	uint8_t *segment =
		mmap(NULL, sizeof(struct segment), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	for (int i = 0; i < rounds; i++) {
		size_t first = offsetof(struct segment, session);
		size_t at = first + (size_t)rand() % (sizeof(struct segment) - first);

		// Most often the numbers, which stand in the first page.
		if (rand() % 4 != 0)
			at = first + (size_t)rand() % (4096 - first);
		segment[at] = (uint8_t)rand();
		if (rand() % 16 == 0)
			memcpy(segment + offsetof(struct segment, request_data) + rand() % 4096,
				config->services, sizeof(*config->services));
	}
	_exit(0);
}

// Whatever becomes of it: it ends by a signal.
static void ask_for_ever(const char *path)
{
	struct channel_message message = {
		.type = MESSAGE_SHOW, .size = sizeof(struct message_show)};
	struct message_show show = {.what = MESSAGE_SHOW_BACKENDS};
	struct channel_client *client;

	memcpy(message.body, &show, sizeof(show));
	for (;;) {
		struct channel_message reply;

		if (channel_client_open(path, 100, &client, NULL) != 0)
			continue;
		while (channel_client_send(client, &message, 100, NULL) == 0 &&
			channel_client_receive(client, &reply, 100, NULL) == 0)
			;
		channel_client_close(client);
	}
}

static void any_bytes_in_the_segment_leave_a_daemon_that_serves(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(16, 4);
	struct config *running;

	assert_int_equal(lab_apply(lab, config, NULL), 0);
	lab_leave(lab);
	for (int i = 0; i < kills(); i++) {
		pid_t writer, client = fork();

		if (client == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			ask_for_ever(lab->channel);
		}
		srand((unsigned int)i);
		writer = fork();
		if (writer == 0)
			scribble(lab->channel, config, 20000);
		waitpid(writer, NULL, 0);
		kill(client, SIGKILL);
		waitpid(client, NULL, 0);
	}
	running = shown_config(lab);
	assert_int_equal(config_diff(running, config, NULL, NULL), 0);
	config_free(running);
	config_free(config);
}

// Requests go on until the ring is full, and the answers fill theirs: then both sides wait for us.
static void answers_wait_for_a_client_that_does_not_read(void **state)
{
	struct lab *lab = *state;
	struct message_show show = {.what = MESSAGE_SHOW_DROPS};
	struct error err;
	uint32_t sent = 0, answered = 0;

	lab_join(lab);
	lab->message = (struct channel_message){.type = MESSAGE_SHOW, .size = sizeof(show)};
	memcpy(lab->message.body, &show, sizeof(show));
	while (channel_client_send(lab->client, &lab->message, 200, &err) == 0)
		sent++;
	assert_true(sent > 1000);
	while (answered < sent) {
		assert_int_equal(lab_finish(lab, NULL), 0);
		answered++;
	}
	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
}

static void requests_behind_a_commit_are_answered_after_it(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config(two);
	struct message_show show = {.what = MESSAGE_SHOW_VERSION};
	struct message_row_daemon row;

	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	lab_send(lab, MESSAGE_SHOW, &show, sizeof(show));
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_int_equal(lab_finish(lab, NULL), 0);
	assert_int_equal(lab_receive(lab), MESSAGE_ROW_DAEMON);
	memcpy(&row, lab->message.body, sizeof(row));
	assert_int_equal(row.config_version, 1);
	assert_int_equal(lab_finish(lab, NULL), 0);
	assert_refused(lab, EPROTO, "without a transaction");
	config_free(config);
}

static void a_worker_that_does_not_run_is_told_of(void **state)
{
	struct config *config = lab_config(two);

	lab_begin(*state, config, 0);
	lab_send_records(*state, config);
	lab_send(*state, MESSAGE_APPLY_COMMIT, NULL, 0);
	assert_refused(*state, ETIMEDOUT, "a worker");
	assert_untouched(*state, 1, 2);
	config_free(config);
}

// --- Starting again ---

static void a_daemon_that_was_killed_goes_on_where_it_was(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config_large(16, 4);
	struct config *running;
	struct message_done done;
	uint64_t applied_s;

	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
	assert_int_equal(lab_apply(lab, config, NULL), 0);
	applied_s = daemon_row(lab).applied_s;
	for (int i = 0; i < 3; i++) {
		lab_kill(lab);
		lab_start(lab);
		running = shown_config(lab);
		assert_int_equal(config_diff(running, config, NULL, NULL), 0);
		config_free(running);
		assert_int_equal(daemon_row(lab).config_version, 2);
		assert_int_equal(daemon_row(lab).applied_s, applied_s);
	}
	assert_int_equal(lab_apply(lab, config, &done), 0);
	assert_int_equal(done.changes, 0);
	config_free(config);
}

static void a_state_that_cannot_be_saved_is_told_and_tried_again(void **state)
{
	struct lab *lab = *state;
	struct config *config = lab_config(two);
	struct message_done done;
	bool warned = false;

	lab_shell("rm -rf %s && touch %s", lab->state, lab->state);
	lab_begin(lab, config, 0);
	lab_send_records(lab, config);
	lab_send(lab, MESSAGE_APPLY_COMMIT, NULL, 0);
	while (lab_receive(lab) == MESSAGE_TEXT)
		warned |= memmem(lab->message.body, lab->message.size, "warning", 7) != NULL;
	assert_true(warned);
	lab_shell("rm %s", lab->state);
	assert_int_equal(lab_apply(lab, config, &done), 0);
	assert_int_equal(done.changes, 0);
	lab_kill(lab);
	lab_start(lab);
	assert_untouched(lab, 1, 2);
	config_free(config);
}

static uint32_t explain(struct lab *lab, const struct message_explain *request,
	struct message_row_explain *packet, struct message_row_explain_flow *flow)
{
	uint32_t flows = 0;

	lab_join(lab);
	lab_send(lab, MESSAGE_EXPLAIN, request, sizeof(*request));
	assert_int_equal(lab_receive(lab), MESSAGE_ROW_EXPLAIN);
	memcpy(packet, lab->message.body, sizeof(*packet));
	while (lab_receive(lab) == MESSAGE_ROW_EXPLAIN_FLOW) {
		memcpy(flow, lab->message.body, sizeof(*flow));
		flows++;
	}
	assert_int_equal(lab->message.type, MESSAGE_DONE);
	return flows;
}

static void a_packet_is_explained_step_by_step(void **state)
{
	struct lab *lab = *state;
	struct message_explain request = {
		.source_port = 40000, .destination_port = 443, .protocol = CONFIG_TCP};
	struct message_row_explain packet;
	struct message_row_explain_flow flow;

	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
	addr_parse("198.51.100.7", &request.source);
	addr_parse("203.0.113.10", &request.destination);
	do { // until the next hop is known
		assert_int_equal(explain(lab, &request, &packet, &flow), 1);
	} while (flow.port[0] == '\0');
	assert_string_equal(packet.service, "web");
	assert_string_equal(packet.pool, "web");
	assert_int_equal(packet.slots, 65537);
	assert_string_equal(flow.backend, packet.current);
	assert_int_equal(flow.is_known, 0);
	assert_string_equal(flow.port, "wan");
	assert_string_equal(flow.next_hop_mac, "02:00:00:00:00:02");
	assert_int_equal(flow.path_mtu - flow.room, 20);

	request.destination_port = 80;
	assert_int_equal(explain(lab, &request, &packet, &flow), 0);
	assert_string_equal(packet.drop, drop_label(DROP_NO_SERVICE));
	addr_parse("203.0.113.11", &request.destination);
	assert_int_equal(explain(lab, &request, &packet, &flow), 0);
	assert_int_equal(packet.to_kernel, 1);
	addr_parse("2001:db8::1", &request.destination);
	lab_send(lab, MESSAGE_EXPLAIN, &request, sizeof(request));
	assert_int_equal(lab_finish(lab, NULL), -1);
	assert_int_equal(lab_error_code(lab), EINVAL);
}

static uint32_t history(struct lab *lab, struct message_row_history rows[16])
{
	return lab_show(lab, MESSAGE_SHOW_HISTORY, rows, 16, sizeof(*rows));
}

static int rollback(struct lab *lab, uint64_t version, struct message_done *done)
{
	const struct message_rollback request = {.version = version};

	lab_join(lab);
	lab_send(lab, MESSAGE_ROLLBACK, &request, sizeof(request));
	return lab_finish(lab, done);
}

static void an_earlier_version_comes_back_also_after_a_restart(void **state)
{
	struct lab *lab = *state;
	struct message_row_backend backends[2];
	struct message_row_history rows[16];
	struct message_done done;

	assert_int_equal(lab_apply_text(lab, two, NULL), 0);
	assert_int_equal(lab_set_backend(lab, "a", CONFIG_STATE_DISABLED, 7, &done), 0);
	assert_int_equal(rollback(lab, done.version + 1, NULL), -1);
	assert_int_equal(lab_error_code(lab), ENOENT);
	lab_leave(lab);
	lab_stop(lab);
	lab_start(lab);

	assert_int_equal(history(lab, rows), 2);
	assert_int_equal(rows[0].version, done.version);
	assert_int_equal(rows[0].running, 1);
	assert_int_equal(rows[0].uid, getuid());
	assert_int_equal(rows[0].pid, getpid());
	assert_int_equal(rows[1].running, 0);
	assert_int_equal(rollback(lab, rows[1].version, &done), 0);
	assert_int_equal(done.changes, 2);
	assert_int_equal(lab_show(lab, MESSAGE_SHOW_BACKENDS, backends, 2, sizeof(*backends)), 2);
	assert_int_equal(backends[0].state, CONFIG_STATE_ACTIVE);
	assert_int_equal(backends[0].weight, 100);
	assert_int_equal(history(lab, rows), 3);
	assert_int_equal(rows[0].version, done.version);
}

static void the_last_ten_versions_are_kept(void **state)
{
	struct message_row_history rows[16];
	struct message_done done;

	assert_int_equal(lab_apply_text(*state, two, NULL), 0);
	for (uint32_t weight = 1; weight <= 12; weight++)
		assert_int_equal(lab_set_backend(*state, "a", 0, weight, &done), 0);
	assert_int_equal(history(*state, rows), 10);
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(rows[i].version, done.version - i);
	assert_int_equal(rollback(*state, rows[9].version, NULL), 0);
	assert_int_equal(rollback(*state, rows[9].version, NULL), -1);
}

#define TEST(name)           cmocka_unit_test_setup_teardown(name, enter, leave)
#define TEST_IN(place, name) cmocka_unit_test_setup_teardown(name, enter_##place, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_earlier_version_comes_back_also_after_a_restart),
		TEST(the_last_ten_versions_are_kept),
		TEST(a_packet_is_explained_step_by_step),
		TEST(a_commit_without_a_begin_is_refused),
		TEST(a_transaction_that_is_not_whole_is_refused),
		TEST(records_of_any_bytes_are_refused),
		TEST(a_header_of_wrong_bytes_is_refused),
		TEST(a_kind_that_cannot_be_shown_is_refused),
		TEST(a_capture_that_cannot_be_is_refused),
		TEST(a_change_of_no_backend_is_refused),
		TEST_IN(small, more_than_the_daemon_has_room_for_is_refused),
		TEST_IN(wide, what_no_snapshot_can_hold_is_refused_and_changes_nothing),
		TEST(versions_count_the_applies_that_change_something),
		TEST(what_changed_is_answered_line_by_line),
		TEST(a_version_that_is_not_in_force_is_refused),
		TEST(an_abort_or_another_begin_forgets_the_records),
		TEST_IN(small, every_name_can_change_when_there_is_no_room_for_both),
		TEST(a_large_configuration_is_applied_whole),
		TEST_IN(near, balancers_that_judge_alike_have_one_digest),
		TEST(a_plan_is_told_and_changes_nothing),
		TEST_IN(near, a_new_backend_serves_when_the_apply_is_answered),
		TEST(services_pools_and_ports_are_shown),
		TEST(zones_are_shown_as_each_service_has_them),
		TEST(backends_are_shown_with_their_shares_and_flows),
		TEST(flows_are_listed_to_the_limit),
		TEST(drops_workers_and_the_daemon_are_shown),
		TEST(the_configuration_that_is_shown_can_be_applied_again),
		TEST(an_operators_state_stays_over_an_apply_and_a_restart),
		TEST(a_change_is_remembered_over_a_restart),
		TEST(a_drained_or_disabled_backend_has_no_share),
		TEST(a_weight_moves_the_shares),
		TEST(probes_find_out_who_is_up),
		TEST(a_pool_without_a_service_is_explained),
		TEST(a_client_killed_at_any_moment_leaves_a_whole_configuration),
		TEST(any_bytes_in_the_segment_leave_a_daemon_that_serves),
		TEST(answers_wait_for_a_client_that_does_not_read),
		TEST(requests_behind_a_commit_are_answered_after_it),
		TEST_IN(stuck, a_worker_that_does_not_run_is_told_of),
		TEST(a_daemon_that_was_killed_goes_on_where_it_was),
		TEST(a_state_that_cannot_be_saved_is_told_and_tried_again),
	};

	if (!lab_enter_namespace()) {
		printf("skipped: this user may not make a network namespace\n");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
