// SPDX-License-Identifier: BSD-3-Clause
// cluster.yaml: what is wrong is said with its place, and what is right renders to what the ports
// say.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#include "render.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NAME_RULE    "1 to 63 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit"
#define ADDRESS_RULE "an IPv4 or IPv6 address that a host can have beyond its own link"

#define DOMAIN "domain: teleport.example.com\n"
// Lines 2 and 3, with further keys in front.
#define PROXY_KEYS(keys) \
	"proxy: {" keys  \
	"vips: [203.0.113.10], instances: [{name: p1, address: 10.0.1.11, zone: a}]}\n"
#define AUTH_KEYS(keys) \
	"auth: {" keys "vips: [10.0.9.10], instances: [{name: a1, address: 10.0.1.21, zone: a}]}\n"
#define PROXY       PROXY_KEYS("")
#define AUTH        AUTH_KEYS("")
#define WHOLE(keys) DOMAIN keys PROXY AUTH
// An instance's keys, behind column 3 of line 5.
#define INSTANCE(keys) DOMAIN AUTH "proxy:\n  vips: [203.0.113.10]\n  instances: [{" keys "}]\n"
#define SECOND(keys)                                                            \
	DOMAIN AUTH "proxy:\n  vips: [203.0.113.10]\n  balancers: [10.0.0.2]\n" \
		    "  instances:\n  - {name: p1, address: 10.0.1.11, zone: a}\n  - {" keys "}\n"

struct told {
	char text[4096];
	size_t skip; // the file's name and a colon
};

static void hear(void *context, const char *sentence)
{
	struct told *told = context;
	size_t used = strlen(told->text);

	snprintf(told->text + used, sizeof(told->text) - used, "%s%s", used > 0 ? "\n" : "",
		sentence + told->skip);
}

// What is said of a text as a file, in order; "" of a right one, which '*out' then is.
static void load(const char *text, struct told *told, struct cluster **out)
{
	char path[] = "/tmp/cluster-XXXXXX";
	struct error err = {""};
	int fd = mkstemp(path), rc;

	*told = (struct told){.skip = strlen(path) + 1};
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	*out = NULL;
	rc = cluster_load(path, out, hear, told, &err);
	unlink(path);
	assert_int_equal(rc == 0, told->text[0] == '\0');
	assert_int_equal(rc == 0, *out != NULL);
}

static struct cluster *load_right(const char *text)
{
	struct cluster *cluster;
	struct told told;

	load(text, &told, &cluster);
	if (cluster == NULL)
		fail_msg("of\n%swas said\n%s", text, told.text);
	return cluster;
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
	static const struct {
		const char *text, *sentences;
	} cases[] = {
		{"", "1:1: there is nothing in this file: it must be a mapping (key: value)"},
		{"- a\n", "1:1: a file must be a mapping (key: value), not a list"},
		{DOMAIN PROXY, "1:1: auth is missing: the Auth Service pool"},
		{DOMAIN AUTH, "1:1: proxy is missing: the Proxy Service pool"},
		{PROXY AUTH,
			"1:1: domain is missing: the name that users and agents connect to, such as teleport.example.com"},
		{DOMAIN "domain: b.example.com\n" PROXY AUTH,
			"2:1: key 'domain' is given twice (first at line 1)"},
		{"domain: https://teleport.example.com\n" PROXY AUTH,
			"1:9: domain must be 1 to 253 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not 'https://teleport.example.com'"},
		{"domain: teleport\n" PROXY AUTH,
			"1:9: domain must be a DNS name of two labels or more, such as teleport.example.com, not 'teleport'"},
		{"domain: 203.0.113.10\n" PROXY AUTH,
			"1:9: domain must be a DNS name of two labels or more, such as teleport.example.com, not '203.0.113.10'"},
		{"domain: tele_port.example.com\n" PROXY AUTH,
			"1:9: domain must be a DNS name of two labels or more, such as teleport.example.com, not 'tele_port.example.com'"},
		{"domain: teleport..com\n" PROXY AUTH,
			"1:9: domain must be a DNS name of two labels or more, such as teleport.example.com, not 'teleport..com'"},
		{"domain: a.-b.com\n" PROXY AUTH,
			"1:9: domain must be a DNS name of two labels or more, such as teleport.example.com, not 'a.-b.com'"},
		{WHOLE("domian: x\n"), "2:1: unknown key 'domian': did you mean 'domain'?"},
		{WHOLE("edition: pro\n"),
			"2:10: edition must be community or enterprise, not 'pro'"},
		{WHOLE("tls_routing: maybe\n"), "2:14: tls_routing must be on or off, not 'maybe'"},
		{WHOLE("ssh_service: [on]\n"), "2:14: ssh_service must be on or off, not a list"},
		{WHOLE("hash_key: 1234\n"),
			"2:11: hash_key must be 32 hexadecimal digits, not '1234'"},
		{WHOLE("dns: cname\n"), "2:6: dns must be a mapping (key: value), not text"},
		{WHOLE("dns: {form: mx}\n"), "2:13: dns: form must be address or cname, not 'mx'"},
		{WHOLE("dns: {form: cname}\n"),
			"2:13: dns: 'form: cname' needs a target: the domain name of the load balancer"},
		{WHOLE("dns: {target: lb.example.net}\n"),
			"2:15: dns: a target is for 'form: cname' alone: the form is address"},
		{WHOLE("dns: {form: cname, target: lb}\n"),
			"2:28: dns: target must be a DNS name such as lb.example.net, not 'lb'"},
		{WHOLE("dns: {form: cname, target: lb.Teleport.example.com}\n"),
			"2:28: dns: target must not be 'teleport.example.com' or a name below it: its records would point at themselves"},
		{WHOLE("dns: {ttl: 0s}\n"),
			"2:12: dns: ttl must be a whole number of s, m, h or d, from 1s to 7d, not '0s'"},
		{DOMAIN "proxy: {}\n" AUTH,
			"2:8: proxy: vips is missing: the addresses of the load balancer, IPv4 or IPv6\n"
			"2:8: proxy: instances is missing: its hosts"},
		{DOMAIN PROXY_KEYS("vip: 10.0.0.1, ") AUTH,
			"2:9: proxy: unknown key 'vip': did you mean 'vips'?"},
		{DOMAIN "proxy: {vips: [], instances: [{name: p1, address: 10.0.1.11, zone: a}]}\n" AUTH,
			"2:15: proxy: vips must have 1 to 8 entries, not 0"},
		{DOMAIN "proxy: {vips: [lb.example.net], instances: [{name: p1, address: 10.0.1.11, zone: a}]}\n" AUTH,
			"2:16: proxy: vips must be " ADDRESS_RULE ", not 'lb.example.net'"},
		{DOMAIN "proxy: {vips: [203.0.113.10, 203.0.113.10], instances: [{name: p1, address: 10.0.1.11, zone: a}]}\n" AUTH,
			"2:30: proxy: VIP 203.0.113.10 is given twice"},
		{DOMAIN PROXY
			"auth: {vips: [203.0.113.10], instances: [{name: a1, address: 10.0.1.21, zone: a}]}\n",
			"3:15: auth: VIP 203.0.113.10 is the public balancer's: the private one needs its own"},
		{DOMAIN "proxy: {vips: [203.0.113.10], instances: []}\n" AUTH,
			"2:42: proxy: instances must have 1 to 1000 entries, not 0"},
		{DOMAIN "proxy: {vips: [203.0.113.10], instances: p1}\n" AUTH,
			"2:42: proxy: instances must be a list, not text"},
		{DOMAIN PROXY_KEYS("balancers: [203.0.113.10], ") AUTH,
			"2:21: proxy: 203.0.113.10 is a VIP: give the balancer's own address"},
		{DOMAIN PROXY_KEYS("balancers: [10.0.0.2, 10.0.0.2], ") AUTH,
			"2:31: proxy: balancer 10.0.0.2 is given twice"},
		{DOMAIN PROXY_KEYS("balancers: [10.0.0.0/24], ") AUTH,
			"2:21: proxy: balancers must be " ADDRESS_RULE ", not '10.0.0.0/24'"},
		{DOMAIN PROXY_KEYS("forwarding: nat, ") AUTH,
			"2:21: proxy: forwarding must be ipip or dsr, not 'nat'"},
		{DOMAIN PROXY_KEYS("ports: [mysql, redis], ") AUTH,
			"2:24: proxy: ports must be kubernetes, mysql, postgres or mongo, not 'redis'"},
		{DOMAIN PROXY_KEYS("ports: [mysql, mysql], ") AUTH,
			"2:24: proxy: proxy-mysql is named twice"},
		{DOMAIN PROXY AUTH_KEYS("ports: [mysql], "),
			"3:8: auth: unknown key 'ports': the keys here are vips, balancers, forwarding, interface, diagnostics_port, flow_lifetime, on_down, announce, health, instances, storage_file"},
		{DOMAIN PROXY_KEYS("interface: ethernet-interface-0, ") AUTH,
			"2:20: proxy: interface must be 1 to 15 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not 'ethernet-interface-0'"},
		{DOMAIN PROXY_KEYS("diagnostics_port: 3080, ") AUTH,
			"2:27: proxy: diagnostics_port 3080 is the port of proxy-https"},
		{DOMAIN PROXY AUTH_KEYS("diagnostics_port: 0, "),
			"3:26: auth: diagnostics_port must be 1 to 65535, not '0'"},
		{DOMAIN PROXY_KEYS("flow_lifetime: 15m, ") AUTH,
			"2:24: proxy: flow_lifetime must be a whole number of s, m, h or d, from 16m to 9h, not '15m'"},
		{DOMAIN PROXY_KEYS("on_down: drop, ") AUTH,
			"2:18: proxy: on_down must be keep, rehash or reset, not 'drop'"},
		{DOMAIN PROXY_KEYS("announce: {quorum: 2}, ") AUTH,
			"2:28: proxy: announce: quorum 2 is more than the pool's 1 instances: the VIP would never be announced"},
		{DOMAIN PROXY_KEYS("announce: {mode: bgp}, ") AUTH,
			"2:26: proxy: announce: mode must be none, arp or route, not 'bgp'"},
		{DOMAIN PROXY_KEYS("health: {timeout: 3s}, ") AUTH,
			"2:27: proxy: health: timeout 3s is longer than interval 2s: probes would overlap"},
		{DOMAIN PROXY_KEYS("health: {type: tcp}, ") AUTH,
			"2:18: proxy: health: unknown key 'type': the keys here are via, interval, timeout, rise, fall, ca"},
		{DOMAIN PROXY_KEYS("diagnostics_port: 3000, health: {ca: /ca.pem}, ") AUTH,
			"2:46: proxy: health: a ca has no use where the diagnostics_port 3000 is asked: that is plain HTTP"},
		{DOMAIN PROXY_KEYS("key_file: tls.key, ") AUTH,
			"2:19: proxy: key_file must be a whole path without blanks and quotes, such as /etc/teleport-tls/tls.key, not 'tls.key'"},
		{DOMAIN PROXY AUTH_KEYS("storage_file: /nowhere/storage.yaml, "),
			"3:22: auth: storage_file: /nowhere/storage.yaml: No such file or directory"},
		{INSTANCE("address: 10.0.1.11, zone: a"),
			"5:15: proxy: instance 1: name is missing: its name, which no other instance of either pool has"},
		{INSTANCE("name: p1, zone: a"),
			"5:15: proxy: instance 'p1': address is missing: its own address, IPv4 or IPv6"},
		{INSTANCE("name: p1, address: 10.0.1.11"),
			"5:15: proxy: instance 'p1': zone is missing: the zone or data centre that it stands in"},
		{INSTANCE("name: p/1, address: 10.0.1.11, zone: a"),
			"5:22: proxy: instance 'p/1': name must be " NAME_RULE ", not 'p/1'"},
		{INSTANCE("name: p1, address: 10.0.1.11, zone: a, weight: 1e3"),
			"5:63: proxy: instance 'p1': weight must be 0 to 65535, not '1e3'"},
		{INSTANCE("name: p1, address: 10.0.1.11, zone: a, state: down"),
			"5:62: proxy: instance 'p1': state must be active, draining or disabled, not 'down'"},
		{INSTANCE("name: p1, address: 203.0.113.10, zone: a"),
			"5:35: proxy: instance 'p1': address 203.0.113.10 is a VIP: give the instance's own address"},
		{INSTANCE(
			 "name: a1, address: 10.0.1.11, zone: a"), // the auth pool is the second, wherever it stands
			"2:46: auth: instance 'a1': is named twice (first at line 5)"},
		{SECOND("name: p1, address: 10.0.1.12, zone: b"),
			"8:12: proxy: instance 'p1': is named twice (first at line 7)"},
		{SECOND("name: p2, address: 10.0.1.11, zone: b"),
			"8:25: proxy: instance 'p2': address 10.0.1.11 is that of instance 'p1' (line 7)"},
		{SECOND("name: p2, address: 10.0.0.2, zone: b"),
			"8:25: proxy: instance 'p2': address 10.0.0.2 is a balancer's: give the instance's own address"},
		{DOMAIN AUTH
			"proxy: {forwarding: dsr, vips: [\"2001:db8::1\"], instances: [{name: p1, address: 10.0.1.11, zone: a}]}\n",
			"3:81: proxy: instance 'p1': 'forwarding: dsr' needs an address of the VIPs' family, which 10.0.1.11 is not"},
	};
	uint32_t wrong = 0;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cluster *cluster;
		struct told told;

		load(cases[i].text, &told, &cluster);
		cluster_free(cluster);
		if (strcmp(told.text, cases[i].sentences) == 0)
			continue;
		print_error("of\n%swas said\n%s\nnot\n%s\n", cases[i].text, told.text,
			cases[i].sentences);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void what_is_left_out_has_its_default(void **state)
{
	struct cluster *cluster = load_right(WHOLE(""));
	const struct cluster_pool *proxy = &cluster->pools[CLUSTER_PROXY];

	assert_string_equal(cluster->name, "teleport.example.com");
	assert_true(cluster->tls_routing);
	assert_int_equal(proxy->on_down, CONFIG_ON_DOWN_KEEP);
	assert_int_equal(cluster->pools[CLUSTER_AUTH].on_down, CONFIG_ON_DOWN_RESET);
	assert_int_equal(proxy->flow_lifetime_s, 4 * 3600);
	assert_string_equal(proxy->instances[0].interface, "eth0");
	cluster_free(cluster);
}

static const struct render_file *find(const struct render *render, const char *path)
{
	for (size_t i = 0; i < render->count; i++)
		if (strcmp(render->files[i].path, path) == 0)
			return &render->files[i];
	fail_msg("there is no %s", path);
	return NULL;
}

static void render_text(const char *text, struct render *out)
{
	struct cluster *cluster = load_right(text);
	struct error err = {""};

	if (render_cluster(cluster, out, &err) != 0)
		fail_msg("%s", err.text);
	cluster_free(cluster);
}

static struct config *pool_file(const struct render *render, const char *path)
{
	const struct render_file *file = find(render, path);
	struct config *config = NULL;
	struct error err = {""};

	if (config_load_text(path, file->text, file->size, &config, NULL, NULL, &err) != 0)
		fail_msg("%s", err.text);
	return config;
}

static void check_services(const char *text, const char *path, const uint16_t (*ports)[2])
{
	struct render render;
	struct config *config;

	render_text(text, &render);
	config = pool_file(&render, path);
	for (uint32_t i = 0; i < config->service_count; i++) {
		const struct config_service *service = &config->services[i];

		assert_int_equal(service->ports[0][0], ports[i][0]);
		assert_int_equal(
			service->target_port != 0 ? service->target_port : service->ports[0][0],
			ports[i][1]);
		assert_int_equal(service->affinity, CONFIG_FIVE_TUPLE);
		assert_true(service->flow_ttl.established_s > 15 * 60);
	}
	assert_int_equal(ports[config->service_count][0], 0);
	config_free(config);
	render_free(&render);
}

static void the_ports_are_those_of_the_document(void **state)
{
	static const uint16_t routed[][2] = {{443, 3080}, {0}};
	static const uint16_t separate[][2] = {{443, 3080}, {3023, 3023}, {3024, 3024}, {0}};
	static const uint16_t all[][2] = {{443, 3080}, {3023, 3023}, {3024, 3024}, {3026, 3026},
		{3036, 3036}, {5432, 5432}, {27017, 27017}, {0}};
	static const uint16_t auth[][2] = {{3025, 3025}, {0}};

	check_services(WHOLE(""), "proxy-lb.yaml", routed);
	check_services(WHOLE("tls_routing: off\n"), "proxy-lb.yaml", separate);
	check_services(DOMAIN "tls_routing: off\n" PROXY_KEYS(
			       "ports: [mongo, postgres, mysql, kubernetes], ") AUTH,
		"proxy-lb.yaml", all);
	check_services(WHOLE(""), "auth-lb.yaml", auth);
}

static void each_port_is_probed_by_its_own_protocol(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t port;
		const char *alpn, *expect;
	} wanted[] = {{CONFIG_PROBE_TLS, 3080, "http/1.1", ""},
		{CONFIG_PROBE_TCP, 3023, "", "SSH-2.0-"}, {CONFIG_PROBE_TCP, 3024, "", "SSH-2.0-"},
		{CONFIG_PROBE_TCP, 3036, "", ""}};
	struct render render;
	struct config *config;

	render_text(DOMAIN "tls_routing: off\n" PROXY_KEYS("ports: [mysql], ") AUTH, &render);
	config = pool_file(&render, "proxy-lb.yaml");
	assert_int_equal(config->pool_count, COUNT(wanted));
	for (size_t i = 0; i < COUNT(wanted); i++) {
		assert_int_equal(config->pools[i].health.type, wanted[i].type);
		assert_int_equal(config->pools[i].health.via, CONFIG_VIA_FORWARDING);
		assert_int_equal(config->pools[i].health.port, wanted[i].port);
		assert_string_equal(config->pools[i].health.alpn, wanted[i].alpn);
		assert_string_equal(config->pools[i].health.expect, wanted[i].expect);
	}
	config_free(config);
	render_free(&render);
}

static void a_diagnostics_port_is_asked_for_all_ports(void **state)
{
	struct render render;
	struct config *config;

	render_text(
		DOMAIN "tls_routing: off\n" PROXY_KEYS("diagnostics_port: 3000, ") AUTH, &render);
	config = pool_file(&render, "proxy-lb.yaml");
	for (uint32_t i = 0; i < config->pool_count; i++) {
		assert_int_equal(config->pools[i].health.type, CONFIG_PROBE_HTTP);
		assert_int_equal(config->pools[i].health.port, 3000);
		assert_string_equal(config->pools[i].health.path, "/readyz");
	}
	assert_non_null(
		strstr(find(&render, "teleport-proxy.yaml")->text, "diag_addr: \"0.0.0.0:3000\""));
	config_free(config);
	render_free(&render);
}

static void a_vip_is_announced_alike_by_all_ports(void **state)
{
	struct render render;
	struct config *config;

	render_text(DOMAIN "tls_routing: off\n" PROXY_KEYS("announce: {mode: route, hold: 5s}, ")
			    AUTH,
		&render);
	config = pool_file(&render, "proxy-lb.yaml");
	for (uint32_t i = 0; i < config->service_count; i++) {
		assert_int_equal(config->services[i].announce.mode, CONFIG_ANNOUNCE_ROUTE);
		assert_int_equal(config->services[i].announce.quorum, 1);
		assert_int_equal(config->services[i].announce.hold_ms, 5000);
	}
	config_free(config);
	config = pool_file(&render, "auth-lb.yaml");
	assert_int_equal(config->services[0].announce.mode, CONFIG_ANNOUNCE_NONE);
	config_free(config);
	render_free(&render);
}

static void a_state_is_that_of_all_ports(void **state)
{
	struct render render;
	struct config *config;

	render_text(DOMAIN AUTH
		"tls_routing: off\nproxy: {vips: [203.0.113.10], instances: [{name: p1, address: 10.0.1.11, zone: a, state: draining}]}\n",
		&render);
	config = pool_file(&render, "proxy-lb.yaml");
	assert_int_equal(config->backend_count, 3);
	for (uint32_t i = 0; i < config->backend_count; i++)
		assert_int_equal(config->backends[i].state, CONFIG_STATE_DRAINING);
	config_free(config);
	render_free(&render);
}

static void records_name_the_vips_or_the_balancer(void **state)
{
	static const struct {
		const char *text, *records;
	} cases[] = {
		{DOMAIN AUTH
			"proxy: {vips: [203.0.113.10, \"2001:db8::1\"], instances: [{name: p1, address: 10.0.1.11, zone: a}]}\n",
			"\nteleport.example.com. 300 IN A 203.0.113.10\n"
			"teleport.example.com. 300 IN AAAA 2001:db8::1\n"
			"*.teleport.example.com. 300 IN A 203.0.113.10\n"
			"*.teleport.example.com. 300 IN AAAA 2001:db8::1\n"},
		{WHOLE("dns: {form: cname, target: lb.example.net, ttl: 1h}\n"),
			"\nteleport.example.com. 3600 IN CNAME lb.example.net.\n"
			"*.teleport.example.com. 3600 IN CNAME lb.example.net.\n"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct render render;

		render_text(cases[i].text, &render);
		assert_non_null(strstr(find(&render, "dns.zone")->text, cases[i].records));
		render_free(&render);
	}
}

static void proxy_protocol_is_off_and_no_auth_runs_on_a_proxy(void **state)
{
	struct render render;
	const char *proxy, *auth;

	render_text(WHOLE("edition: enterprise\ntls_routing: off\n"), &render);
	proxy = find(&render, "teleport-proxy.yaml")->text;
	auth = find(&render, "teleport-auth.yaml")->text;
	assert_non_null(strstr(proxy, "proxy_protocol: \"off\""));
	assert_non_null(strstr(auth, "proxy_protocol: \"off\""));
	assert_non_null(strstr(
		proxy, "auth_service:\n  enabled: false\n  proxy_listener_mode: separate\n"));
	assert_non_null(strstr(auth, "license_file: \"/var/lib/teleport/license.pem\""));
	assert_non_null(strstr(auth, "proxy_service:\n  enabled: false\n"));
	assert_non_null(strstr(proxy, "public_addr: \"teleport.example.com:443\""));
	render_free(&render);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(the_ports_are_those_of_the_document),
		cmocka_unit_test(each_port_is_probed_by_its_own_protocol),
		cmocka_unit_test(a_diagnostics_port_is_asked_for_all_ports),
		cmocka_unit_test(a_vip_is_announced_alike_by_all_ports),
		cmocka_unit_test(a_state_is_that_of_all_ports),
		cmocka_unit_test(records_name_the_vips_or_the_balancer),
		cmocka_unit_test(proxy_protocol_is_off_and_no_auth_runs_on_a_proxy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
