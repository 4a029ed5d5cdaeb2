// SPDX-License-Identifier: BSD-3-Clause
// What a change takes out of service, and where somebody should be asked.
#include <config/loss.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BACKENDS_OF(pool, list) "  - {name: " pool ", health: {type: none}, backends: [" list "]}\n"
#define A                       "{name: a, address: 10.0.0.1, state: active}"
#define B                       "{name: b, address: 10.0.0.2, state: active}"
#define C                       "{name: c, address: 10.0.0.3, state: active}"
#define D                       "{name: d, address: 10.0.0.4, state: active}"
#define WEB                     "  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
#define SSH                     "  - {name: ssh, vip: 203.0.113.10, protocol: tcp, port: 22, pool: ssh}\n"
#define DNS                     "  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: ssh}\n"
#define WEB_POOL                BACKENDS_OF("web", A ", " B ", " C ", " D)
#define SSH_POOL                BACKENDS_OF("ssh", A ", " B)

static const char usual[] = "services:\n" WEB SSH DNS "pools:\n" WEB_POOL SSH_POOL;

static const struct {
	const char *what, *old, *new, *told; // "": nobody needs to be asked
} cases[] = {
	{"nothing changes", usual, usual, ""},
	{"nothing is left", usual, "services: []\npools: []\n",
		"3 of 3 services, and 4 of the 4 backends of pool 'web', and most of 1 pool more"},
	{"services go, pools stay", usual, "services:\n" WEB "pools:\n" WEB_POOL SSH_POOL,
		"2 of 3 services"},
	{"one service of three goes", usual, "services:\n" WEB SSH "pools:\n" WEB_POOL SSH_POOL,
		""},
	{"half of a pool goes", usual,
		"services:\n" WEB SSH DNS "pools:\n" BACKENDS_OF("web", A ", " B) SSH_POOL, ""},
	{"more than half of a pool goes", usual,
		"services:\n" WEB SSH DNS "pools:\n" BACKENDS_OF("web", A) SSH_POOL,
		"3 of the 4 backends of pool 'web'"},
	{"a pool is emptied", usual,
		"services:\n" WEB SSH DNS "pools:\n" BACKENDS_OF("web", "") SSH_POOL,
		"1 of 3 services, and 4 of the 4 backends of pool 'web'"},
	{"a pool and its service go", usual, "services:\n" SSH DNS "pools:\n" SSH_POOL,
		"1 of 3 services, and 4 of the 4 backends of pool 'web'"},
	{"all are disabled", "services:\n" WEB "pools:\n" WEB_POOL,
		"services:\n" WEB "pools:\n"
		"  - {name: web, health: {type: none}, backends: [{name: a, address: 10.0.0.1, state: disabled}, "
		"{name: b, address: 10.0.0.2, state: draining}, {name: c, address: 10.0.0.3, weight: 0, state: active}, "
		"{name: d, address: 10.0.0.4, state: disabled}]}\n",
		"1 of 1 service, and 4 of the 4 backends of pool 'web'"},
	{"all have another address", "services:\n" WEB "pools:\n" BACKENDS_OF("web", A),
		"services:\n" WEB
		"pools:\n" BACKENDS_OF("web", "{name: a, address: 10.0.0.9, state: active}"),
		"1 of the 1 backends of pool 'web'"},
	{"names of services are none of anybody's business", usual,
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"  - {name: y, vip: 203.0.113.10, protocol: tcp, port: 22, pool: ssh}\n"
		"  - {name: z, vip: 203.0.113.10, protocol: udp, port: 53, pool: ssh}\n"
		"pools:\n" WEB_POOL SSH_POOL,
		""},
	{"a service gets another port, and another another VIP", usual,
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 444, pool: web}\n"
		"  - {name: ssh, vip: 203.0.113.11, protocol: tcp, port: 22, pool: ssh}\n"
		"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: ssh}\n"
		"pools:\n" WEB_POOL SSH_POOL,
		"2 of 3 services"},
	{"a range takes two services over", usual,
		"services:\n" DNS
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: 1-1000, pool: web}\n"
		"pools:\n" WEB_POOL SSH_POOL,
		""},
	{"a range shrinks",
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: 1-1000, pool: web}\n"
		"pools:\n" WEB_POOL,
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: 1-999, pool: web}\n"
		"pools:\n" WEB_POOL,
		"1 of 1 service"},
	{"two services become one, of several ports and both protocols", usual,
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: [udp, tcp], ports: [53, 443, 20-22], pool: web}\n"
		"pools:\n" WEB_POOL SSH_POOL,
		""},
	{"a service loses its UDP",
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: [tcp, udp], ports: [53, 443], pool: web}\n"
		"pools:\n" WEB_POOL,
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: [53, 443], pool: web}\n"
		"pools:\n" WEB_POOL,
		"1 of 1 service"},
	{"and one of its ports",
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: [53, 443, 8000-8010], pool: web}\n"
		"pools:\n" WEB_POOL,
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: [53, 443, 8000-8009], pool: web}\n"
		"pools:\n" WEB_POOL,
		"1 of 1 service"},
	{"a range is cut in three",
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: 1-1000, pool: web}\n"
		"pools:\n" WEB_POOL,
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: [500, 1-499], pool: web}\n"
		"  - {name: y, vip: 203.0.113.10, protocol: [udp, tcp], ports: 501-1000, pool: web}\n"
		"pools:\n" WEB_POOL,
		""},
	{"services come to a pool without anybody", usual,
		"services:\n"
		"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: web}\n"
		"  - {name: ssh, vip: 203.0.113.10, protocol: tcp, port: 22, pool: no}\n"
		"  - {name: dns, vip: 203.0.113.10, protocol: udp, port: 53, pool: no}\n"
		"pools:\n" WEB_POOL SSH_POOL BACKENDS_OF("no", ""),
		"2 of 3 services"},
	{"who was out before is not taken out",
		"services:\n" WEB "pools:\n" BACKENDS_OF("web", A
			", {name: b, address: 10.0.0.2, state: disabled}, {name: c, address: 10.0.0.3, "
			"weight: 0, state: active}"),
		"services:\n" WEB "pools:\n" BACKENDS_OF("web", A), ""},
	{"nobody uses the pool", "services:\n" WEB "pools:\n" WEB_POOL SSH_POOL,
		"services:\n" WEB "pools:\n" WEB_POOL, ""},
	{"there was nothing", "services: []\npools: []\n", usual, ""},
};

static struct config *load(const char *yaml)
{
	struct config *config;
	struct error err;

	if (config_load_text("test.yaml", yaml, strlen(yaml), &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}

static void what_is_taken_out_is_told(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct config *old = load(cases[i].old), *new = load(cases[i].new);
		struct config_loss loss;
		char text[512];

		assert_int_equal(config_find_loss(old, new, NULL, NULL, &loss), 0);
		config_loss_format(&loss, text, sizeof(text));
		if (config_loss_is_heavy(&loss) != (cases[i].told[0] != '\0'))
			fail_msg("%s: '%s'", cases[i].what, text);
		if (config_loss_is_heavy(&loss) && strcmp(text, cases[i].told) != 0)
			fail_msg("%s: '%s', not '%s'", cases[i].what, text, cases[i].told);
		config_free(old);
		config_free(new);
	}
}

static void collect(void *context, const char *sentence)
{
	strcat(strcat(context, sentence), "\n");
}

static void the_port_that_is_lost_is_named(void **state)
{
	static const char before[] =
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: [tcp, udp], ports: [53, 8000-8010], pool: web}\n"
		"pools:\n" WEB_POOL;
	static const char after[] =
		"services:\n"
		"  - {name: x, vip: 203.0.113.10, protocol: tcp, ports: [53, 8000-8010], pool: web}\n"
		"  - {name: y, vip: 203.0.113.10, protocol: udp, port: 53, pool: web}\n"
		"pools:\n" WEB_POOL;
	struct config *old = load(before), *new = load(after);
	struct config_loss loss;
	char text[4096] = "";

	assert_int_equal(config_find_loss(old, new, collect, text, &loss), 0);
	assert_string_equal(text,
		"service 'x' (203.0.113.10, udp, ports 8000-8010) would be served no longer\n");
	config_free(old);
	config_free(new);
}

static void each_is_named(void **state)
{
	struct config *old = load(usual), *new = load("services: []\npools: []\n");
	struct config_loss loss;
	char text[4096] = "";

	assert_int_equal(config_find_loss(old, new, collect, text, &loss), 0);
	assert_string_equal(text,
		"service 'web' (203.0.113.10, tcp, port 443) would be served no longer\n"
		"service 'ssh' (203.0.113.10, tcp, port 22) would be served no longer\n"
		"service 'dns' (203.0.113.10, udp, port 53) would be served no longer\n"
		"pool 'web': 4 of the 4 backends would take no new connections: a, b, c, d\n"
		"pool 'ssh': 2 of the 2 backends would take no new connections: a, b\n");
	config_free(old);
	config_free(new);
}

// Of very many a few lines, that fit into what they are written to.
static void very_many_are_counted(void **state)
{
	struct config *old = load("services:\n" WEB "pools:\n" BACKENDS_OF("web", "")), *new;
	struct config_loss loss;
	char text[65536] = "";
	struct error err;

	for (uint32_t i = 1; i < 100; i++) {
		struct config_service service = old->services[0];

		memset(service.name, 'n', CONFIG_NAME_SIZE - 1);
		snprintf(service.name + CONFIG_NAME_SIZE - 8, 8, "%07u", i);
		service.ports[0][0] = service.ports[0][1] = (uint16_t)(1000 + i);
		assert_int_equal(config_add_service(old, &service), 0);
	}
	for (uint32_t i = 0; i < 300; i++) {
		struct config_backend backend = {.pool = "web",
			.weight = 1,
			.state = CONFIG_STATE_ACTIVE,
			.address = addr_from_ipv4_be(htobe32(0x0a000001 + i))};

		memset(backend.name, 'b', CONFIG_NAME_SIZE - 1);
		snprintf(backend.name + CONFIG_NAME_SIZE - 8, 8, "%07u", i);
		assert_int_equal(config_add_backend(old, &backend), 0);
	}
	if (config_finish(old, &err) != 0)
		fail_msg("%s", err.text);
	new = load("services: []\npools: []\n");
	assert_int_equal(config_find_loss(old, new, collect, text, &loss), 0);
	assert_int_equal(loss.services_gone, 100);
	assert_int_equal(loss.backends_gone, 300);
	assert_non_null(strstr(text, "and 80 services more\n"));
	assert_non_null(strstr(text, "7 and 292 more\n"));
	config_free(old);
	config_free(new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_out_is_told),
		cmocka_unit_test(each_is_named),
		cmocka_unit_test(the_port_that_is_lost_is_named),
		cmocka_unit_test(very_many_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
