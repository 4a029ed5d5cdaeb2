// SPDX-License-Identifier: BSD-3-Clause
// The agent's YAML: what is wrong is said with its place, and nothing wrong is taken.
#include <base/error.h>

#include <errno.h>
#include <netinet/in.h>
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

#include "config.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define VIPS         "vips: [{address: 203.0.113.10}]\n"
#define ETH0         "interfaces: [eth0]\n"
#define FROM         "balancers: [10.0.0.2]\n"

// Reads 'text' as a file; the sentence is without the file's name.
static int read_text(const char *text, struct config *config, char *sentence, size_t size)
{
	char path[] = "/tmp/backend-config-XXXXXX";
	int fd = mkstemp(path);
	struct error err = {""};
	int result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	config_init(config);
	result = config_read(config, path, &err);
	unlink(path);
	if (result < 0)
		assert_memory_equal(err.text, path, strlen(path));
	snprintf(sentence, size, "%s", result < 0 ? err.text + strlen(path) : "");
	return result;
}

struct bad_case {
	const char *text;
	const char *sentence; // as it begins
};

static const struct bad_case bad_cases[] = {
	{"", ":1:1: the file is empty"},
	{"- eth0\n", ":1:1: a mapping is wanted here"},
	{"interfaces: [eth0\n", ":2:1: did not find expected ',' or ']'"},
	{VIPS, ":1:1: no interface is named"},
	{ETH0, ":1:1: no VIP is named"},
	{ETH0 "vips: []\n", ":1:1: no VIP is named"},
	{"interfaces: eth0\n" VIPS, ":1:13: a list is wanted here"},
	{"interfaces: [[eth0]]\n" VIPS, ":1:14: a single value is wanted here"},
	{"interfaces: [eth0, eth0]\n" VIPS, ":1:20: interface 'eth0' is named twice"},
	{"interfaces: [an-interface-that-is-long]\n" VIPS,
		":1:14: 'an-interface-that-is-long' is no name"},
	{"interfaces: [\"\"]\n" VIPS, ":1:14: '' is no name of an interface"},
	{"interfaces: [\"e\\0\"]\n" VIPS, ":1:14: a single value is wanted here"},
	{ETH0 "interface: [eth0]\n" VIPS,
		":2:1: unknown key 'interface'; known are interfaces, pin,"},
	{ETH0 ETH0 VIPS, ":2:1: 'interfaces' is given twice (first at line 1)"},
	{ETH0 "pin: bpf\n" VIPS, ":2:6: 'bpf' is no absolute path"},
	{ETH0 "pin: /\n" VIPS, ":2:6: '/' is no absolute path"},
	{ETH0 "metrics: 9111\n" VIPS,
		":2:10: '9111' is no address and port such as 127.0.0.1:9111"},
	{ETH0 "metrics: 127.0.0.1:0\n" VIPS, ":2:10: '127.0.0.1:0' is no address and port"},
	{"interfaces: [\"\\e]0;x\\a\"]\n" VIPS, ":1:14: '?]0;x?' is no name of an interface"},
	{ETH0 "filters_ahead: [0]\n" VIPS, ":2:17: '0' is no priority of a tc filter"},
	{ETH0 "filters_ahead: [7, xpd]\n" VIPS, ":2:20: 'xpd' is no priority of a tc filter"},
	{ETH0 "filters_ahead: 7\n" VIPS, ":2:16: a list is wanted here"},
	{ETH0 "manage_addresses: 1\n" VIPS, ":2:19: either true or false"},
	{ETH0 "tunnel_addresses: [10.0.0]\n" VIPS, ":2:20: '10.0.0' is no IPv4 or IPv6 address"},
	{ETH0 "balancers: [10.0.0.0/33]\n" VIPS,
		":2:13: '10.0.0.0/33' is no address and no prefix"},
	{ETH0 "balancers: [10.0.0.1/24]\n" VIPS,
		":2:13: '10.0.0.1/24' is no address and no prefix"},
	{ETH0 "balancers: [10.0.0.0/]\n" VIPS, ":2:13: '10.0.0.0/' is no address and no prefix"},
	{ETH0 VIPS, ":1:1: no balancer is named, so anybody could send tunnel packets"},
	{ETH0 "tunnel_addresses: [10.0.1.11]\n" VIPS, ":1:1: no balancer is named, so anybody"},
	{ETH0 "balancers: [0.0.0.0/0]\n" VIPS, ":2:13: 0.0.0.0/0 is everybody: name the"},
	{ETH0 "balancers: [\"::/0\"]\n" VIPS, ":2:13: ::/0 is everybody: name the"},
	{ETH0 "balancers: [224.0.0.5]\n" VIPS, ":2:13: 224.0.0.5 cannot be a balancer"},
	{ETH0 "allow_sources: [10.0.1.1/24]\n" VIPS, ":2:17: '10.0.1.1/24' is no address and no"},
	{ETH0 "balancers: []\n" VIPS, ":2:12: no balancer is named, so no tunnel packet"},
	{"interfaces: [lo]\n" VIPS, ":1:14: lo is no interface that packets of clients"},
	{ETH0 "tunnel_addresses: [127.0.0.1]\n" VIPS, ":2:20: 127.0.0.1 cannot be a tunnel's end"},
	{ETH0 "tunnel_addresses: [ff02::1]\n" VIPS, ":2:20: ff02::1 cannot be a tunnel's end"},
	{ETH0 "tunnel_addresses: [203.0.113.10]\n" VIPS,
		":3:8: 203.0.113.10 is a tunnel address and a VIP"},
	{ETH0 VIPS "tunnel_addresses: [10.0.1.11, 203.0.113.10]\n",
		":3:31: 203.0.113.10 is a tunnel address and a VIP"},
	{ETH0 "vips:\n  - {address: 203.0.113.10, protocol: tcp, port: 443, target_port: 3080}\n"
	      "  - {address: 203.0.113.10}\n",
		":4:5: 203.0.113.10: port 443 leads to tcp port 3080 (line 3), but every port"},
	{ETH0 "vips:\n  - {address: 203.0.113.10, protocol: tcp}\n"
	      "  - {address: 203.0.113.10, protocol: tcp, port: 443, target_port: 3080}\n",
		":4:5: 203.0.113.10: port 443 leads to tcp port 3080 (line 4), but every port"},
	{ETH0 "vips: {address: 203.0.113.10}\n", ":2:7: a list is wanted here"},
	{ETH0 "vips: [203.0.113.10]\n", ":2:8: a mapping is wanted here"},
	{ETH0 "vips: [{address: \"fe80::10\"}]\n", ":2:8: fe80::10 cannot be a VIP"},
	{ETH0 "tunnel_addresses: [169.254.1.1]\n" VIPS,
		":2:20: 169.254.1.1 cannot be a tunnel's end"},
	{"\xef\xbb\xbfinterface: [eth0]\n" VIPS, ":1:1: unknown key 'interface'"},
	{"\xef\xbb\xbf# a comment\n" ETH0 "vips: [{weight: 1}]\n", ":3:9: unknown key 'weight'"},
	{ETH0 "vips: [{port: 443, protocol: tcp}]\n", ":2:8: the VIP's 'address' is missing"},
	{ETH0 "vips: [{address: web}]\n", ":2:18: 'web' is no IPv4 or IPv6 address"},
	{ETH0 "vips: [{address: 127.0.0.1}]\n", ":2:8: 127.0.0.1 cannot be a VIP"},
	{ETH0 "vips: [{address: 203.0.113.10, port: 443}]\n", ":2:8: a port wants its 'protocol'"},
	{ETH0 "vips: [{address: 203.0.113.10, protocol: tcp, target_port: 443}]\n",
		":2:8: a 'target_port' wants the 'port'"},
	{ETH0 "vips: [{address: 203.0.113.10, protocol: sctp}]\n", ":2:42: the protocol is either"},
	{ETH0 "vips: [{address: 203.0.113.10, protocol: tcp, port: 0}]\n", ":2:53: '0' is no port"},
	{ETH0 "vips: [{address: 203.0.113.10, protocol: tcp, port: 65536}]\n",
		":2:53: '65536' is no"},
	{ETH0 "vips: [{address: 203.0.113.10, mss: 87}]\n",
		":2:37: the MSS is auto, off, or a number"},
	{ETH0 "vips: [{address: 203.0.113.10, protocol: udp, mss: 1400}]\n",
		":2:8: an MSS is TCP's"},
	{ETH0 "vips: [{address: 203.0.113.10, weight: 1}]\n",
		":2:32: unknown key 'weight'; known are address, protocol, port, target_port, mss"},
	{ETH0 "vips:\n  - {address: 203.0.113.10}\n  - {address: 203.0.113.10}\n",
		":4:5: 203.0.113.10, protocol *, every port, is named twice (line 3)"},
	{ETH0 "vips:\n  - {address: 203.0.113.10, protocol: tcp, port: 443}\n"
	      "  - {address: 203.0.113.10, protocol: tcp, port: 443, target_port: 1}\n",
		":4:5: 203.0.113.10, tcp port 443, is named twice (line 3)"},
	{ETH0 "vips:\n  - {address: 203.0.113.10, protocol: tcp, port: 443, target_port: 3080}\n"
	      "  - {address: 203.0.113.10, protocol: tcp, port: 3080}\n",
		":4:5: 203.0.113.10: port 3080 leads to tcp port 3080, as port 443 does (line 3)"},
};

static void what_is_wrong_is_said_with_its_place(void **state)
{
	struct config config;
	char sentence[256];

	for (size_t i = 0; i < COUNT(bad_cases); i++) {
		int result = read_text(bad_cases[i].text, &config, sentence, sizeof(sentence));
		size_t length = strlen(bad_cases[i].sentence);

		if (result != -EINVAL || strncmp(sentence, bad_cases[i].sentence, length) != 0)
			fail_msg("case %zu:\n%ssays %d '%s'\nnot '%s'", i, bad_cases[i].text,
				result, sentence, bad_cases[i].sentence);
	}
}

static void a_file_that_is_not_there_is_no_syntax_error(void **state)
{
	struct config config;
	struct error err;

	config_init(&config);
	assert_int_equal(config_read(&config, "/nowhere/backend.yaml", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/backend.yaml: cannot be read"));
}

static void what_is_left_out_has_its_default(void **state)
{
	struct config config;
	char sentence[256];

	assert_int_equal(read_text(ETH0 FROM VIPS, &config, sentence, sizeof(sentence)), 0);
	assert_string_equal(config.pin, CONFIG_PIN_DEFAULT);
	assert_true(config.manage_addresses);
	assert_false(config.tunnels_given);
	assert_int_equal(config.balancer_count, 1);
	assert_int_equal(config.allowed_count, 0);
	assert_int_equal(config.vip_count, 1);
	assert_int_equal(config.vips[0].protocol, 0);
	assert_int_equal(config.vips[0].port, 0);
	assert_int_equal(config.vips[0].mss, CONFIG_MSS_AUTO);
}

static void a_mark_of_byte_order_is_no_text(void **state)
{
	struct config config;
	char sentence[256];

	assert_int_equal(
		read_text("\xef\xbb\xbf" ETH0 FROM VIPS, &config, sentence, sizeof(sentence)), 0);
	assert_int_equal(config.vip_count, 1);
}

static void every_key_is_read(void **state)
{
	static const char text[] =
		"interfaces: [eth0, eth1.100]\n"
		"pin: /run/bpf/\n"
		"manage_addresses: false\n"
		"tunnel_addresses: []\n"
		"balancers: [10.0.0.0/8, \"fd00:10::/64\", 192.0.2.1]\n"
		"allow_sources: [10.0.1.0/24]\n"
		"filters_ahead: [7, tcx]\n"
		"metrics: \"[::1]:9111\"\n"
		"vips:\n"
		"  - {address: 203.0.113.10, protocol: tcp, port: 443, target_port: 3080, mss: 1300}\n"
		"  - {address: 203.0.113.10, protocol: udp, port: 443, target_port: 3080}\n"
		"  - {address: \"2001:db8::10\", mss: off}\n";
	struct config config;
	char sentence[256];

	assert_int_equal(read_text(text, &config, sentence, sizeof(sentence)), 0);
	assert_int_equal(config.interface_count, 2);
	assert_string_equal(config.interfaces[1], "eth1.100");
	assert_string_equal(config.pin, "/run/bpf");
	assert_false(config.manage_addresses);
	assert_true(config.tunnels_given);
	assert_int_equal(config.tunnel_count, 0);
	assert_int_equal(config.balancer_count, 3);
	assert_int_equal(config.balancers[1].length, 64);
	assert_int_equal(config.balancers[2].length, 32);
	assert_int_equal(config.allowed_count, 1);
	assert_int_equal(config.allowed[0].length, 24);
	assert_int_equal(config.ahead_count, 2);
	assert_int_equal(config.ahead[1], FB_AHEAD_TCX);
	assert_int_equal(config.metrics.port, 9111);
	assert_int_equal(config.vip_count, 3);
	assert_int_equal(config.vips[0].target_port, 3080);
	assert_int_equal(config.vips[0].mss, 1300);
	assert_int_equal(config.vips[1].protocol, IPPROTO_UDP);
	assert_int_equal(config.vips[2].address.family, ADDR_IPV6);
	assert_int_equal(config.vips[2].mss, CONFIG_MSS_OFF);
}

static void more_vips_than_fit_are_refused(void **state)
{
	struct config_vip vip = {.protocol = IPPROTO_TCP, .mss = CONFIG_MSS_AUTO};
	static struct config config;
	struct error err;

	config_init(&config);
	assert_int_equal(addr_parse("203.0.113.10", &vip.address), 0);
	for (int i = 1; i <= FB_VIPS_MAX; i++) {
		vip.port = vip.target_port = i;
		assert_int_equal(config_add_vip(&config, &vip, &err), 0);
	}
	vip.port = vip.target_port = FB_VIPS_MAX + 1;
	assert_int_equal(config_add_vip(&config, &vip, &err), -EINVAL);
}

static void the_example_is_right(void **state)
{
	struct config config;
	struct error err = {""};

	config_init(&config);
	if (config_read(&config, EXAMPLE, &err) < 0)
		fail_msg("%s", err.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(a_file_that_is_not_there_is_no_syntax_error),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(a_mark_of_byte_order_is_no_text),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(more_vips_than_fit_are_refused),
		cmocka_unit_test(the_example_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
