// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>

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

static struct config *load(const char *text)
{
	struct config *config = NULL;
	struct error err = {""};

	if (config_load_text("good.yaml", text, strlen(text), &config, NULL, NULL, &err) != 0)
		fail_msg("%s\n%s", err.text, text);
	return config;
}

static const char *const pair =
	"services:\n"
	"  - {name: web, vip: 192.0.2.1, protocol: tcp, port: 443, target_port: 3080, pool: p}\n"
	"pools:\n"
	"  - {name: p, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n"
	"  - {name: q, backends: [{name: b, address: 10.0.0.3}, {name: c, address: 10.0.0.4}]}\n";

// --- Loading ---

static void what_a_file_leaves_out_has_its_default(void **state)
{
	struct config *config = load(pair);
	const struct config_service *service = &config->services[0];
	const struct config_pool *pool = &config->pools[0];

	assert_false(config->hash_key_set);
	assert_int_equal(service->forwarding, CONFIG_IPIP);
	assert_int_equal(service->affinity, CONFIG_FIVE_TUPLE);
	assert_int_equal(service->flow_ttl.new_s, 60);
	assert_int_equal(service->flow_ttl.established_s, 4 * 3600);
	assert_int_equal(service->flow_ttl.half_closed_s, 600);
	assert_int_equal(service->flow_ttl.closing_s, 600);
	assert_int_equal(service->flow_ttl.udp_s, 120);
	assert_int_equal(pool->health.type, CONFIG_PROBE_TCP);
	assert_int_equal(pool->health.port, 0);
	assert_int_equal(pool->health.interval_ms, 2000);
	assert_int_equal(pool->health.timeout_ms, 1000);
	assert_int_equal(pool->health.rise, 2);
	assert_int_equal(pool->health.fall, 3);
	assert_int_equal(pool->on_down, CONFIG_ON_DOWN_AUTO);
	assert_int_equal(pool->on_all_down, CONFIG_ALL_DOWN_SPREAD);
	assert_int_equal(pool->table_size, 65537);
	assert_int_equal(config->backends[0].weight, 100);
	assert_int_equal(config->backends[0].state, CONFIG_STATE_UNSET);
	assert_string_equal(config->backends[0].zone, "");
	config_free(config);
}

static void every_key_reaches_its_field(void **state)
{
	struct config *config = load(
		"hash_key: 000102030405060708090a0b0c0d0e0F\n"
		"services:\n"
		"  - {name: w, vip: '2001:db8::1', protocol: udp, ports: 100-200, forwarding: dsr,\n"
		"     pool: p, affinity: source_service,\n"
		"     flow_ttl: {new: 1s, established: 9h, half_closed: 4s, closing: 2s, udp: 3s}}\n"
		"pools:\n"
		"  - {name: p, on_down: reset, on_all_down: reject, oversize: reject, table_size: 655373,\n"
		"     health: {type: none, port: 9, interval: 250ms, timeout: 200ms, rise: 1, fall: 9},\n"
		"     backends: [{name: a, address: '2001:db8::a', zone: z, weight: 0, state: draining}]}\n");
	const struct config_service *service = &config->services[0];
	const struct config_pool *pool = &config->pools[0];
	const struct config_backend *backend = &config->backends[0];
	char text[ADDR_TEXT_SIZE];

	assert_true(config->hash_key_set);
	assert_int_equal(config->hash_key[15], 0x0f);
	assert_string_equal(service->name, "w");
	assert_string_equal(addr_format(&service->vip, text, sizeof(text)), "2001:db8::1");
	assert_int_equal(service->protocols[0], CONFIG_UDP);
	assert_int_equal(service->ports[0][0], 100);
	assert_int_equal(service->ports[0][1], 200);
	assert_int_equal(service->forwarding, CONFIG_DSR);
	assert_string_equal(service->pool, "p");
	assert_int_equal(service->affinity, CONFIG_SOURCE_SERVICE);
	assert_int_equal(service->flow_ttl.new_s, 1);
	assert_int_equal(service->flow_ttl.established_s, 32400);
	assert_int_equal(service->flow_ttl.half_closed_s, 4);
	assert_int_equal(service->flow_ttl.closing_s, 2);
	assert_int_equal(service->flow_ttl.udp_s, 3);
	assert_string_equal(pool->name, "p");
	assert_int_equal(pool->health.type, CONFIG_PROBE_NONE);
	assert_int_equal(pool->health.port, 9);
	assert_int_equal(pool->health.interval_ms, 250);
	assert_int_equal(pool->health.timeout_ms, 200);
	assert_int_equal(pool->health.rise, 1);
	assert_int_equal(pool->health.fall, 9);
	assert_int_equal(pool->on_down, CONFIG_ON_DOWN_RESET);
	assert_int_equal(pool->on_all_down, CONFIG_ALL_DOWN_REJECT);
	assert_int_equal(pool->oversize, CONFIG_OVERSIZE_REJECT);
	assert_int_equal(pool->table_size, 655373);
	assert_string_equal(backend->pool, "p");
	assert_string_equal(addr_format(&backend->address, text, sizeof(text)), "2001:db8::a");
	assert_string_equal(backend->zone, "z");
	assert_int_equal(backend->weight, 0);
	assert_int_equal(backend->state, CONFIG_STATE_DRAINING);
	config_free(config);
}

static void backends_stand_together_by_pool(void **state)
{
	struct config *config = load(pair);

	assert_int_equal(config->services[0].pool_index, 0);
	assert_int_equal(config->pools[1].first_backend, 2);
	assert_int_equal(config->pools[1].backend_count, 2);
	assert_int_equal(config->backends[1].pool_index, 0);
	assert_int_equal(config->backends[2].pool_index, 1);
	config_free(config);
}

// Everything here was refused by some draft of the rules, and must not be.
static void what_is_unusual_but_right_is_taken(void **state)
{
	static const char *const good[] = {
		"services: []\n",
		"pools: []\n",
		"{}\n",
		"\xef\xbb\xbfservices: []\n",
		"\xef\xbb\xbf# a comment\nservices: []\n",
		"\xef\xbb\xbf---\nservices: []\n",
		"services: []\r\npools: []\r\n",
		"%YAML 1.1\n---\nservices: []\n...\n",
		"{services: [], \"pools\": []} # both\n",
		"pools: [{name: p, backends: []}]\n",
		// Values in quotes, and anchors on everything.
		"services:\n  - {name: \"s\", vip: \"192.0.2.1\", protocol: 'tcp', port: \"80\", pool: &p p}\n"
		"pools:\n  - {name: *p, health: &h {rise: \"3\"}, backends: []}\n"
		"  - {name: q, health: *h, backends: &b [{name: a, address: 10.0.0.1}]}\n"
		"  - {name: r, health: *h, backends: *b}\n",
		// An anchor may be given again: the last one counts.
		"pools:\n  - {name: &n p, backends: []}\n  - {name: &n q, backends: []}\n"
		"services:\n  - {name: s, vip: 192.0.2.1, protocol: tcp, port: 80, pool: *n}\n",
		// One port for TCP and UDP, on two addresses, and ranges side by side.
		"services:\n"
		"  - {name: a, vip: 192.0.2.1, protocol: tcp, port: 53, pool: p}\n"
		"  - {name: b, vip: 192.0.2.1, protocol: udp, port: 53, pool: p}\n"
		"  - {name: c, vip: 192.0.2.2, protocol: udp, port: 53, pool: p}\n"
		"  - {name: d, vip: '2001:db8::1', protocol: udp, port: 53, pool: p}\n"
		"  - {name: e, vip: 192.0.2.1, protocol: tcp, ports: 54-60, pool: p}\n"
		"  - {name: f, vip: 192.0.2.1, protocol: tcp, ports: 61-61, pool: p}\n"
		"  - {name: g, vip: 192.0.2.3, protocol: tcp, ports: any, pool: p}\n"
		"pools: [{name: p, backends: [{name: a, address: 10.0.0.1}]}]\n",
		// One backend in two pools, a name in two pools, and both families behind a tunnel.
		"services: [{name: a, vip: 192.0.2.1, protocol: tcp, port: 53, pool: p}]\n"
		"pools:\n"
		"  - {name: p, backends: [{name: a, address: 10.0.0.1}, {name: b, address: '2001:db8::'}]}\n"
		"  - {name: q, backends: [{name: a, address: 10.0.0.1}]}\n",
		// A port of its own to probe.
		"services: [{name: a, vip: 192.0.2.1, protocol: udp, ports: any, pool: p}]\n"
		"pools: [{name: p, health: {port: 80}, backends: [{name: a, address: 10.0.0.1}]}]\n",
		// A name that YAML knows for something else.
		"services: [{name: 'null', vip: 192.0.2.1, protocol: udp, port: 1, pool: \"NULL\"}]\n"
		"pools: [{name: 'NULL', backends: [{name: 0x1F, address: 10.0.0.1, zone: 'null'}]}]\n",
	};

	for (size_t i = 0; i < COUNT(good); i++)
		config_free(load(good[i]));
}

// --- Writing ---

static char *write_text(const struct config *config)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(config_write(config, out), 0);
	fclose(out);
	return text;
}

static void assert_config_equal(const struct config *a, const struct config *b)
{
	assert_int_equal(a->hash_key_set, b->hash_key_set);
	assert_memory_equal(a->hash_key, b->hash_key, sizeof(a->hash_key));
	assert_int_equal(a->service_count, b->service_count);
	assert_int_equal(a->pool_count, b->pool_count);
	assert_int_equal(a->backend_count, b->backend_count);
	for (uint32_t i = 0; i < a->service_count; i++)
		assert_memory_equal(&a->services[i], &b->services[i], sizeof(a->services[i]));
	for (uint32_t i = 0; i < a->pool_count; i++)
		assert_memory_equal(&a->pools[i], &b->pools[i], sizeof(a->pools[i]));
	for (uint32_t i = 0; i < a->backend_count; i++)
		assert_memory_equal(&a->backends[i], &b->backends[i], sizeof(a->backends[i]));
}

// A different value in every key, so that one which is not written is missed.
static const char *const everything =
	"hash_key: 6f1c0a94d2b85e3770c4e1f89b26d5e2\n"
	"services:\n"
	"  - {name: a, vip: 192.0.2.1, protocol: udp, port: 53, target_port: 5353, pool: \"null\",\n"
	"     forwarding: dsr, affinity: source,\n"
	"     flow_ttl: {new: 61s, established: 2h, half_closed: 32s, closing: 31s, udp: 121s}}\n"
	"  - {name: b, vip: '2001:db8::', protocol: tcp, ports: any, pool: p}\n"
	"  - {name: d, vip: 192.0.2.2, protocol: [udp, tcp], ports: [80, 443, 8000-8010], pool: p,\n"
	"     announce: {mode: route, metric: 4294967295}}\n"
	"  - {name: e, vip: 192.0.2.3, protocol: [tcp], ports: [7-7], target_port: 8, pool: p}\n"
	"  - {name: c, vip: 192.0.2.1, protocol: tcp, ports: 1-65535, pool: p,\n"
	"     announce: {quorum: 3, quorum_up: 4, quorum_down: 2}}\n"
	"pools:\n"
	"  - {name: \"null\", on_down: rehash, on_all_down: drop, max_down_percent: 3, oversize: reject, table_size: 655373,\n"
	"     health: {type: none, port: 9, interval: 1500ms, timeout: 300ms, rise: 5, fall: 6, flap_limit: 0, flap_window: 2h,\n"
	"      flap_hold: 7s},\n"
	"     backends: [{name: x, address: 10.0.0.1, zone: \"Null\", weight: 7, state: active},\n"
	"                {name: y, address: 10.0.0.2, weight: 0, state: disabled}]}\n"
	"  - {name: p, health: {port: 1}, backends: [{name: z, address: '2001:db8:1::'}]}\n"
	"  - {name: web, health: {type: https, host: app.example.com, alpn: h2, ca: '/etc/my ca.pem', certificate: /c.pem, key: '/k 1.pem',\n"
	"     method: HEAD, path: '/a?b={c}&d=~#\\', status: [200, 204, 300-399]}, backends: []}\n"
	"  - {name: text, health: {type: http, path: /-, body: ' \"a\\\": [''~'']} #'}, backends: []}\n"
	"  - {name: rpc, health: {type: grpc, port: 1, service: a.b/C}, backends: []}\n"
	"  - {name: dns, health: {type: udp, port: 53, payload: 0x1234, expect: ' # '}, backends: []}\n"
	"  - {name: lone, health: {type: http, status: 201-299}, backends: []}\n"
	"  - {name: wide, health: {type: http, status: 204,\n"
	"     body: \"\u00e9\u65e5\\x85\\u2028\\ufeff\\x7f\\x01\\r\\n\\t\"}, backends: []}\n"
	"  - {name: redis, health: {type: tcp, port: 6379, payload: \"PING\\r\\n\", expect: \"+PONG\\r\"},\n"
	"     backends: [{name: r, address: 10.0.0.9, health: {port: 6380}}]}\n"
	"  - {name: tilde, health: {type: http, path: /~, body: '~'}, backends: []}\n"
	"  - {name: drawn, health: {type: none}, outer_source: ['2001:db8:f::/112', 10.200.0.0/16],\n"
	"     backends: [{name: x, address: 10.0.0.8}, {name: y, address: '2001:db8:1::8'}]}\n"
	"  - {name: drawn4, outer_source: 10.201.0.0/24, backends: []}\n"
	"  - {name: empty, backends: []}\n";

static void what_is_written_loads_as_what_it_was(void **state)
{
	const char *const texts[] = {"{}", pair, everything};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct config *config = load(texts[i]), *again;
		char *text = write_text(config);

		again = load(text);
		assert_config_equal(config, again);
		config_free(config);
		config_free(again);
		free(text);
	}
}

// --- Cloning, and finishing again ---

static void a_disk_that_is_full_is_told_as_that(void **state)
{
	struct config *config = load("services: []\npools: []\n");
	FILE *out = fopen("/dev/full", "we");

	assert_non_null(out);
	assert_int_equal(config_write(config, out), -ENOSPC);
	fclose(out);
	config_free(config);
}

static void a_clone_is_its_own_and_can_grow(void **state)
{
	struct config *config = load(everything), *clone = config_clone(config);
	struct config_backend backend = clone->backends[0];

	assert_config_equal(config, clone);
	backend.pool_index = 0;
	for (int i = 0; i < 100; i++) {
		snprintf(backend.name, sizeof(backend.name), "new-%d", i);
		memset(backend.name + strlen(backend.name), 0,
			sizeof(backend.name) - strlen(backend.name));
		backend.address.bytes[3] = (uint8_t)(100 + i);
		assert_int_equal(config_add_backend(clone, &backend), 0);
	}
	assert_int_equal(config_finish(clone, NULL), 0);
	assert_int_equal(clone->pools[0].backend_count, 102);
	assert_int_equal(clone->pools[1].first_backend, 102);
	assert_string_equal(clone->backends[101].name, "new-99");
	assert_string_equal(clone->backends[102].name, "z");
	assert_int_equal(config->backend_count, 6);
	config_free(clone);
	config_free(config);
}

// --- Comparing ---

struct told {
	char text[4096];
};

static void hear(void *context, const char *sentence)
{
	struct told *told = context;
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%s\n", sentence);
}

static void a_service_may_have_several_ports_and_both_protocols(void **state)
{
	static const char text[] = "services:\n"
				   "  - {name: web, vip: 192.0.2.1, protocol: %s, %s, pool: p}\n"
				   "pools:\n"
				   "  - {name: p, health: {type: none}, backends: []}\n";
	char before[512], after[512], *written;
	struct config *old, *new;
	struct told told = {""};

	snprintf(before, sizeof(before), text, "udp", "port: 443");
	snprintf(after, sizeof(after), text, "[tcp, udp]", "ports: [443, 80, 8000-8010]");
	old = load(before);
	new = load(after);
	assert_int_equal(new->services[0].protocol_count, 2);
	assert_int_equal(new->services[0].port_count, 3);
	assert_int_equal(new->services[0].ports[2][1], 8010);
	assert_int_equal(config_diff(old, new, hear, &told), 2);
	assert_string_equal(told.text, "service web: protocol udp -> [tcp, udp]\n"
				       "service web: ports 443 -> [443, 80, 8000-8010]\n");
	written = write_text(new);
	assert_non_null(strstr(written, "    protocol: [tcp, udp]\n"));
	assert_non_null(strstr(written, "    ports: [443, 80, 8000-8010]\n"));
	assert_null(strstr(written, "    port: "));
	free(written);
	config_free(old);
	config_free(new);
}

static void a_change_is_told_in_a_line(void **state)
{
	static const struct {
		const char *old, *new, *told;
	} rows[] = {
		{"port: 443", "port: 443", ""},
		{"port: 443", "port: 444", "service web: port 443 -> 444\n"},
		{"port: 443, target_port: 3080", "ports: 443-443",
			"service web: target_port 3080 -> none\n"},
		{"vip: 192.0.2.1", "vip: '2001:db8::1'",
			"service web: vip 192.0.2.1 -> 2001:db8::1\n"},
		{"pool: p}", "pool: p, flow_ttl: {udp: 90s}}",
			"service web: flow_ttl udp 2m -> 90s\n"},
		{"name: web", "name: api", "service api: added\nservice web: removed\n"},
		{"name: p, ", "name: p, health: {port: 1}, ", "pool p: health port none -> 1\n"},
		{"name: p, ", "name: p, health: {type: http, status: [204]}, ",
			"pool p: health type tcp -> http\npool p: health status none -> 204\n"},
		{"name: p, ", "name: p, health: {expect: \"a\\nb\"}, ",
			"pool p: health expect none -> 'a?b'\n"},
		{"pools:", "hash_key: 00000000000000000000000000000000\npools:",
			"hash_key: changed\n"},
		{"10.0.0.1}", "10.0.0.1, weight: 50}", "backend p/a: weight 100 -> 50\n"},
		{"10.0.0.1}", "10.0.0.1, zone: z}", "backend p/a: zone none -> z\n"},
		{"name: a,", "name: x,", "backend p/x: added\nbackend p/a: removed\n"},
		{", {name: b, address: 10.0.0.2}", "", "backend p/b: removed\n"},
		// What a file does not say of a state stays as it is.
		{"10.0.0.1}", "10.0.0.1, state: active}", ""},
		{"10.0.0.1}", "10.0.0.1, state: draining}",
			"backend p/a: state active -> draining\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *place = strstr(pair, rows[i].old);
		struct config *old = load(pair), *new;
		struct told told = {""};
		char text[2048];
		uint32_t lines = 0;

		assert_non_null(place);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(place - pair), pair, rows[i].new,
			place + strlen(rows[i].old));
		new = load(text);
		for (const char *line = rows[i].told; (line = strchr(line, '\n')) != NULL; line++)
			lines++;
		assert_int_equal(config_diff(old, new, hear, &told), lines);
		assert_string_equal(told.text, rows[i].told);
		assert_int_equal(config_diff(old, new, NULL, NULL), lines);
		config_free(old);
		config_free(new);
	}
}

static void a_state_that_is_left_out_stays_as_it_was(void **state)
{
	struct config *old = load(pair), *new = load(pair);

	old->backends[0].state = CONFIG_STATE_DRAINING;
	assert_int_equal(config_diff(old, new, NULL, NULL), 0);
	assert_int_equal(config_diff(new, old, NULL, NULL), 1);
	config_free(old);
	config_free(new);
}

// --- Finding ---

static void a_backend_is_found_by_its_name(void **state)
{
	static const struct {
		const char *name;
		int rc;
		uint32_t index;
		const char *sentence;
	} rows[] = {
		{"x", -ENOENT, 0, "there is no backend 'x'"},
		{"", -ENOENT, 0, "there is no backend ''"},
		{"p/", -ENOENT, 0, "there is no backend 'p/'"},
		{"/a", -ENOENT, 0, "there is no backend '/a'"},
		{"p/c", -ENOENT, 0, "there is no backend 'p/c'"},
		{"pp/a", -ENOENT, 0, "there is no backend 'pp/a'"},
		{"p/a/b", -ENOENT, 0, "there is no backend 'p/a/b'"},
		{"b", -EEXIST, 0, "several pools have a backend 'b': say p/b or q/b"},
		{"a", 0, 0, ""},
		{"c", 0, 3, ""},
		{"p/b", 0, 1, ""},
		{"q/b", 0, 2, ""},
	};
	struct config *config = load(pair);

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t index = 0;
		struct error err = {""};

		assert_int_equal(
			config_find_backend(config, rows[i].name, &index, &err), rows[i].rc);
		assert_string_equal(err.text, rows[i].sentence);
		if (rows[i].rc == 0)
			assert_int_equal(index, rows[i].index);
	}
	assert_ptr_equal(config_find_pool(config, "q"), &config->pools[1]);
	assert_null(config_find_pool(config, "r"));
	config_free(config);
}

static void a_state_has_a_name(void **state)
{
	assert_string_equal(config_state_name(CONFIG_STATE_ACTIVE), "active");
	assert_string_equal(config_state_name(CONFIG_STATE_DRAINING), "draining");
	assert_string_equal(config_state_name(CONFIG_STATE_DISABLED), "disabled");
	assert_string_equal(config_state_name(CONFIG_STATE_UNSET), "unset");
}

// Two pools; of the first one 'b' leaves, the second one leaves whole.
static void who_leaves_stands_behind_those_who_stay(void **state)
{
	static const char before[] =
		"pools:\n"
		"  - name: p\n    backends:\n"
		"      - {name: a, address: 10.0.1.1}\n      - {name: b, address: 10.0.1.2}\n"
		"  - name: q\n    backends: [{name: c, address: 10.0.2.1}]\n";
	static const char after[] = "pools:\n"
				    "  - name: o\n    backends: [{name: n, address: 10.0.3.1}]\n"
				    "  - name: p\n    backends: [{name: a, address: 10.0.1.1}]\n";
	static const struct {
		const char *name;
		uint32_t pool;
		enum config_backend_state state;
	} rows[] = {{"n", 0, CONFIG_STATE_UNSET}, {"a", 1, CONFIG_STATE_UNSET},
		{"b", 1, CONFIG_STATE_LEAVING}, {"c", 2, CONFIG_STATE_LEAVING}};
	static const uint32_t leaving[] = {1, 2}; // 'b' and 'c'
	struct config *from = NULL, *now = NULL, *all;

	assert_int_equal(config_load_text("t", before, strlen(before), &from, NULL, NULL, NULL), 0);
	assert_int_equal(config_load_text("t", after, strlen(after), &now, NULL, NULL, NULL), 0);
	all = config_with_leaving(now, from, leaving, COUNT(leaving));
	assert_non_null(all);
	assert_int_equal(all->pool_count, 3);
	assert_string_equal(all->pools[2].name, "q");
	assert_int_equal(all->backend_count, COUNT(rows));
	for (uint32_t i = 0; i < COUNT(rows); i++) {
		const struct config_pool *pool = &all->pools[rows[i].pool];

		assert_string_equal(all->backends[i].name, rows[i].name);
		assert_int_equal(all->backends[i].pool_index, rows[i].pool);
		assert_int_equal(all->backends[i].state, rows[i].state);
		assert_in_range(
			i, pool->first_backend, pool->first_backend + pool->backend_count - 1);
	}
	assert_int_equal(now->backend_count, 2); // as it was
	config_free(all);
	config_free(from);
	config_free(now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_file_leaves_out_has_its_default),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(backends_stand_together_by_pool),
		cmocka_unit_test(what_is_unusual_but_right_is_taken),
		cmocka_unit_test(what_is_written_loads_as_what_it_was),
		cmocka_unit_test(a_disk_that_is_full_is_told_as_that),
		cmocka_unit_test(a_clone_is_its_own_and_can_grow),
		cmocka_unit_test(a_service_may_have_several_ports_and_both_protocols),
		cmocka_unit_test(a_change_is_told_in_a_line),
		cmocka_unit_test(a_state_that_is_left_out_stays_as_it_was),
		cmocka_unit_test(a_backend_is_found_by_its_name),
		cmocka_unit_test(a_state_has_a_name),
		cmocka_unit_test(who_leaves_stands_behind_those_who_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
