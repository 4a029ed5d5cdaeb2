// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <config/daemon.h>
#include <config/schema.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define WORKERS "workers: {cores: [1]}\n"
#define PORTS   "ports:\n  - {name: wire, device: net_null0}\n"

static int load(const char *text, struct daemon_config *config, struct error *err)
{
	return daemon_config_load_text("d.yaml", text, strlen(text), config, err);
}

static void a_bad_file_is_refused_where_it_is_wrong(void **state)
{
	static const struct {
		const char *text, *sentence;
	} rows[] = {
		{"", "1:1: there is nothing in this file: it must be a mapping (key: value)"},
		{"{}", "1:1: workers is missing: the threads that judge packets"},
		{PORTS, "1:1: workers is missing: the threads that judge packets"},
		{WORKERS, "1:1: ports is missing: the network ports"},
		{PORTS "workers: {}\n",
			"3:10: workers: cores is missing: one worker runs on each of them"},
		{PORTS "workers: 2\n", "3:10: workers must be a mapping (key: value), not text"},
		{PORTS "workers: {cores: 2}\n", "3:18: workers: cores must be a list, not text"},
		{PORTS "workers: {cores: []}\n",
			"3:18: workers: cores must have 1 to 64 entries, not 0"},
		{PORTS "workers: {cores: [a]}\n",
			"3:19: workers: cores must be 0 to 1023, not 'a'"},
		{PORTS "workers: {cores: [1, 1024]}\n",
			"3:22: workers: cores must be 0 to 1023, not '1024'"},
		{PORTS "workers: {cores: [1, 2, 1]}\n",
			"3:25: core 1 has a worker already: one worker a core"},
		{PORTS "workers: {cores: [1, 0]}\n",
			"3:22: core 0 is the control core: give the worker another one, or let it share by 'idle: sleep'"},
		{PORTS "control_core: 1\n" WORKERS,
			"4:19: core 1 is the control core: give the worker another one, or let it share by 'idle: sleep'"},
		{PORTS "workers: {cores: [1], idle: nap}\n",
			"3:29: workers: idle must be poll or sleep, not 'nap'"},
		{"\xef\xbb\xbf" WORKERS "ports: []\n",
			"2:8: ports must have 1 to 8 entries, not 0"},
		{WORKERS "ports: []\n", "2:8: ports must have 1 to 8 entries, not 0"},
		{WORKERS "ports: [{name: a, device: a}, 1, 2, 3, 4, 5, 6, 7, 8]\n",
			"2:8: ports must have 1 to 8 entries, not 9"},
		{WORKERS "ports: {name: a, device: b}\n",
			"2:8: ports must be a list, not a mapping (key: value)"},
		{WORKERS "ports: [{device: b}]\n",
			"2:9: port 1: name is missing: its name in `show` and in the log"},
		{WORKERS "ports: [{name: a}]\n",
			"2:9: port 'a': device is missing: a PCI address, or a DPDK virtual device with its arguments"},
		{WORKERS "ports: [{name: a, device: ''}]\n",
			"2:27: port 'a': device must be text of 1 to 127 printable characters, not ''"},
		{WORKERS "ports: [{name: a, device: x}, {name: a, device: y}]\n",
			"2:38: port 'a' is named twice"},
		{"workers: {cores: [1]}\nports: [{name: a, device: x, vlan: set}]\n",
			"2:36: port 'a': 'vlan: set' needs the vlan_id that its frames carry"},
		{"workers: {cores: [1]}\nports: [{name: a, device: x, vlan_id: 7}]\n",
			"2:39: port 'a': a vlan_id is for 'vlan: set' alone"},
		{"workers: {cores: [1]}\nports: [{name: a, device: x, vlan: set, vlan_id: 4095}]\n",
			"2:50: port 'a': vlan_id must be 1 to 4094, not '4095'"},
		{WORKERS "ports: [{name: a, device: x}, {name: b, device: x}]\n",
			"2:49: port 'b': its device is that of port 'a'"},
		{WORKERS
			"ports: [{name: a, device: x, kernel_interface: k}, {name: b, device: y, kernel_interface: k}]\n",
			"2:91: port 'b': its kernel_interface is that of port 'a'"},
		{WORKERS
			"ports: [{name: a, device: 'net_tap0,iface=t0,mac=fixed', kernel_interface: t0}]\n",
			"2:76: port 'a': kernel_interface is the wire's own name: give it another one"},
		{WORKERS "ports: [{name: a, device: x, kernel_interface: sixteen-letters-}]\n",
			"2:48: port 'a': kernel_interface must be 1 to 15 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not 'sixteen-letters-'"},
		{WORKERS "ports: [{name: a, device: x, kernel_interface: a/b}]\n",
			"2:48: port 'a': kernel_interface must be 1 to 15 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not 'a/b'"},
		{WORKERS "ports: [{name: a, device: x, mtu: 1279}]\n",
			"2:35: port 'a': mtu must be 1280 to 9216, not '1279'"},
		{WORKERS "ports: [{name: a, device: x, mtu: 70000}]\n",
			"2:35: port 'a': mtu must be 1280 to 9216, not '70000'"},
		{WORKERS "ports: [{name: a, device: x, rx_descriptors: 1}]\n",
			"2:46: port 'a': rx_descriptors must be 64 to 32768, not '1'"},
		{WORKERS "ports: [{name: a, device: x, speed: 10}]\n",
			"2:30: port 'a': unknown key 'speed': the keys here are name, device, kernel_interface, mtu, vlan, vlan_id, rx_descriptors, tx_descriptors"},
		{WORKERS PORTS "chanel: x\n", "4:1: unknown key 'chanel': did you mean 'channel'?"},
		{WORKERS PORTS "channel: ''\n",
			"4:10: channel must be text of 1 to 255 printable characters, not ''"},
		{WORKERS PORTS "channel_mode: 0888\n",
			"4:15: channel_mode must be an octal file mode from 0000 to 0777, not '0888'"},
		{WORKERS PORTS "channel_mode: 1777\n",
			"4:15: channel_mode must be an octal file mode from 0000 to 0777, not '1777'"},
		{WORKERS PORTS "channel_mode: rw\n",
			"4:15: channel_mode must be an octal file mode from 0000 to 0777, not 'rw'"},
		{WORKERS PORTS "eal: []\n", "4:6: eal must be a mapping (key: value), not a list"},
		{WORKERS PORTS "eal: {hugepages: yes}\n",
			"4:18: eal: hugepages must be auto, required or off, not 'yes'"},
		{WORKERS PORTS "eal: {memory: 512}\n",
			"4:15: eal: memory must be a size from 16MiB to 1TiB, not '512'"},
		{WORKERS PORTS "eal: {memory: 1GB}\n",
			"4:15: eal: memory must be a size from 16MiB to 1TiB, not '1GB'"},
		{WORKERS PORTS "eal: {prefix: a b}\n",
			"4:15: eal: prefix must be 1 to 31 characters of A-Z a-z 0-9 . _ -, beginning with a letter or a digit, not 'a b'"},
		{WORKERS PORTS "eal: {arguments: --no-pci}\n",
			"4:18: eal: arguments must be a list, not text"},
		{WORKERS PORTS "eal: {arguments: [[a]]}\n",
			"4:19: eal: arguments must be text of 1 to 63 printable characters, not a list"},
		{WORKERS PORTS "control_core: -1\n",
			"4:15: control_core must be 0 to 1023, not '-1'"},
		{WORKERS PORTS "flows: 1000\n",
			"4:8: flows must be 1024 to 2147483648, not '1000'"},
		{WORKERS PORTS "flows: 1M\n", "4:8: flows must be 1024 to 2147483648, not '1M'"},
		{WORKERS PORTS "backends_max: 0\n",
			"4:15: backends_max must be 1 to 2000000, not '0'"},
		{WORKERS PORTS "services_max: 65536\n",
			"4:15: services_max must be 1 to 65535, not '65536'"},
		{WORKERS PORTS "punt_rate: 0\n",
			"4:12: punt_rate must be 100 to 100000000, not '0'"},
		{WORKERS PORTS "metrics: 9110\n",
			"4:10: metrics must be an address and a port such as 127.0.0.1:9110, or off, not '9110'"},
		{WORKERS PORTS "metrics: 127.0.0.1:0\n",
			"4:10: metrics must be an address and a port such as 127.0.0.1:9110, or off, not '127.0.0.1:0'"},
		{WORKERS PORTS "metrics: localhost:9110\n",
			"4:10: metrics must be an address and a port such as 127.0.0.1:9110, or off, not 'localhost:9110'"},
		{WORKERS PORTS "log: verbose\n",
			"4:6: log must be info, debug, json or json_debug, not 'verbose'"},
		{WORKERS PORTS "log:\n",
			"4:5: log is empty: it must be info, debug, json or json_debug"},
		{WORKERS PORTS "services: []\n",
			"4:1: unknown key 'services': did you mean 'services_max'?"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct daemon_config config, before;
		struct error err = {""};

		memset(&config, 0x55, sizeof(config));
		before = config;
		assert_int_equal(load(rows[i].text, &config, &err), -EINVAL);
		assert_memory_equal(err.text, "d.yaml:", strlen("d.yaml:"));
		assert_string_equal(err.text + strlen("d.yaml:"), rows[i].sentence);
		assert_memory_equal(&config, &before, sizeof(config));
	}
}

static void what_the_file_leaves_out_has_its_default(void **state)
{
	struct daemon_config config;
	char text[ENDPOINT_TEXT_SIZE];

	memset(&config, 0x55, sizeof(config));
	assert_int_equal(load(WORKERS PORTS, &config, NULL), 0);
	assert_string_equal(config.channel, "/run/fulcrum/channel");
	assert_int_equal(config.channel_mode, 0600);
	assert_string_equal(config.state, "");
	assert_int_equal(config.hugepages, DAEMON_HUGEPAGES_AUTO);
	assert_int_equal(config.memory, 0);
	assert_string_equal(config.prefix, "fulcrum");
	assert_int_equal(config.eal_argument_count, 0);
	assert_int_equal(config.control_core, 0);
	assert_int_equal(config.worker_count, 1);
	assert_int_equal(config.worker_cores[0], 1);
	assert_int_equal(config.idle, DAEMON_IDLE_POLL);
	assert_int_equal(config.port_count, 1);
	assert_string_equal(config.ports[0].kernel_interface, "");
	assert_int_equal(config.ports[0].mtu, 1500);
	assert_int_equal(config.ports[0].rx_descriptors, 1024);
	assert_int_equal(config.ports[0].tx_descriptors, 1024);
	assert_int_equal(config.flows, 1000000);
	assert_int_equal(config.backends_max, 16384);
	assert_int_equal(config.services_max, 1024);
	assert_int_equal(config.punt_rate, 20000);
	assert_int_equal(config.new_flow_rate, 125000);
	assert_string_equal(endpoint_format(&config.metrics, text, sizeof(text)), "127.0.0.1:9110");
	assert_int_equal(config.log, DAEMON_LOG_INFO);
}

static void every_key_reaches_its_field(void **state)
{
	struct daemon_config config;
	char text[ENDPOINT_TEXT_SIZE];

	assert_int_equal(
		load("channel: /dev/shm/f\nchannel_mode: 660\nstate: /s\n"
		     "eal: {hugepages: off, memory: 1GiB, prefix: f2, arguments: [a, --b=c]}\n"
		     "control_core: 3\nworkers: {cores: [3, 1023], idle: sleep}\n"
		     "ports:\n"
		     "  - {name: a, device: '0000:3b:00.0', kernel_interface: k, mtu: 9000,\n"
		     "     rx_descriptors: 512, tx_descriptors: 256}\n"
		     "  - {name: b, device: 'net_tap0,iface=x'}\n"
		     "flows: 2147483648\nbackends_max: 5\nservices_max: 6\npunt_rate: 700\nnew_flow_rate: 800\nmetrics: '[::1]:99'\nlog: json_debug\n",
			&config, NULL),
		0);
	assert_string_equal(config.channel, "/dev/shm/f");
	assert_int_equal(config.channel_mode, 0660);
	assert_string_equal(config.state, "/s");
	assert_int_equal(config.hugepages, DAEMON_HUGEPAGES_OFF);
	assert_int_equal(config.memory, 1 << 30);
	assert_string_equal(config.prefix, "f2");
	assert_int_equal(config.eal_argument_count, 2);
	assert_string_equal(config.eal_arguments[0], "a");
	assert_string_equal(config.eal_arguments[1], "--b=c");
	assert_int_equal(config.control_core, 3);
	assert_int_equal(config.worker_count, 2);
	assert_int_equal(config.worker_cores[1], 1023);
	assert_int_equal(config.idle, DAEMON_IDLE_SLEEP);
	assert_int_equal(config.port_count, 2);
	assert_string_equal(config.ports[0].device, "0000:3b:00.0");
	assert_string_equal(config.ports[0].kernel_interface, "k");
	assert_int_equal(config.ports[0].mtu, 9000);
	assert_int_equal(config.ports[0].rx_descriptors, 512);
	assert_int_equal(config.ports[0].tx_descriptors, 256);
	assert_string_equal(config.ports[1].device, "net_tap0,iface=x");
	assert_int_equal(config.flows, 2147483648u);
	assert_int_equal(config.backends_max, 5);
	assert_int_equal(config.services_max, 6);
	assert_int_equal(config.punt_rate, 700);
	assert_int_equal(config.new_flow_rate, 800);
	assert_string_equal(endpoint_format(&config.metrics, text, sizeof(text)), "[::1]:99");
	assert_int_equal(config.log, DAEMON_LOG_JSON | DAEMON_LOG_DEBUG);
}

static void a_state_folder_may_be_none(void **state)
{
	struct daemon_config config;

	assert_int_equal(load("state: ''\n" WORKERS PORTS, &config, NULL), 0);
	assert_string_equal(config.state, "");
}

static void the_page_of_metrics_may_be_off(void **state)
{
	struct daemon_config config;

	assert_int_equal(load("metrics: off\n" WORKERS PORTS, &config, NULL), 0);
	assert_int_equal(config.metrics.port, 0);
}

// The files that come with the source work as they stand.
static void the_files_that_are_handed_out_are_right(void **state)
{
	static const char *const pools[] = {"pools-example.yaml", "quickstart.yaml"};
	static const char *const daemons[] = {
		"fulcrumd.yaml", "appliance.yaml", "virtual-machine.yaml", "container.yaml"};
	const char *root = getenv("SOURCE_ROOT");
	struct daemon_config daemon;
	struct error err = {""};
	char path[4096];

	if (root == NULL)
		skip();
	for (size_t i = 0; i < COUNT(daemons); i++) {
		snprintf(path, sizeof(path), "%s/config/%s", root, daemons[i]);
		if (daemon_config_load(path, &daemon, &err) != 0)
			fail_msg("%s", err.text);
	}
	for (size_t i = 0; i < COUNT(pools); i++) {
		struct config *config = NULL;

		snprintf(path, sizeof(path), "%s/config/%s", root, pools[i]);
		if (config_load_file(path, &config, NULL, NULL, &err) != 0)
			fail_msg("%s", err.text);
		config_free(config);
	}
}

// A key of the tables that the text does not show, or NULL.
static const char *missing_key(const struct schema *schema, const char *text)
{
	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		const char *inner = key->child != NULL ? missing_key(key->child, text) : NULL;
		char shown[CONFIG_NAME_SIZE];

		snprintf(shown, sizeof(shown), "%s:", key->name);
		if (inner != NULL)
			return inner;
		if (!key->inherited && strstr(text, shown) == NULL)
			return key->name;
	}
	return NULL;
}

static void the_examples_show_every_key(void **state)
{
	static const struct {
		const struct schema *schema;
		const char *path;
	} rows[] = {{&schema_pool_file, "config/pools-example.yaml"},
		{&schema_daemon_file, "config/fulcrumd.yaml"}};
	const char *root = getenv("SOURCE_ROOT");

	if (root == NULL)
		skip();
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[4096], text[16384] = "";
		const char *missing;
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", root, rows[i].path);
		file = fopen(path, "r");
		assert_non_null(file);
		assert_in_range(fread(text, 1, sizeof(text) - 1, file), 1, sizeof(text) - 2);
		fclose(file);
		missing = missing_key(rows[i].schema, text);
		if (missing != NULL)
			fail_msg("%s does not show '%s'", rows[i].path, missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_file_is_refused_where_it_is_wrong),
		cmocka_unit_test(what_the_file_leaves_out_has_its_default),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(a_state_folder_may_be_none),
		cmocka_unit_test(the_page_of_metrics_may_be_off),
		cmocka_unit_test(the_files_that_are_handed_out_are_right),
		cmocka_unit_test(the_examples_show_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
