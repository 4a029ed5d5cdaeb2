// SPDX-License-Identifier: BSD-3-Clause
#include <needs/needs.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void the_cards_of_a_port_are_its_device_or_a_bonds_members(void **state)
{
	static const struct {
		const char *device;
		uint32_t count;
		const char *cards[2];
	} rows[] = {
		{"net_tap0,iface=ftap0", 0, {NULL}},
		{"net_bonding0,mode=4,slave=eth0", 0, {NULL}},
		{"0000:03:00.0", 1, {"0000:03:00.0"}},
		{"0000:AF:1f.7,rss=1", 1, {"0000:af:1f.7"}},
		{"net_bonding0,mode=4,slave=0000:03:00.0,slave=0000:03:00.1", 2,
			{"0000:03:00.0", "0000:03:00.1"}},
	};
	char cards[NEEDS_CARDS_MAX][NEEDS_CARD_SIZE];
	struct daemon_port port;

	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(&port, 0, sizeof(port));
		snprintf(port.device, sizeof(port.device), "%s", rows[i].device);
		assert_int_equal(needs_cards(&port, cards), rows[i].count);
		for (uint32_t c = 0; c < rows[i].count; c++)
			assert_string_equal(cards[c], rows[i].cards[c]);
		assert_int_equal(needs_is_card(rows[i].device), i == 2 || i == 3);
	}
}

static void memory_grows_with_workers_and_is_what_the_file_sets(void **state)
{
	struct daemon_config config = {.worker_count = 1,
		.flows = 65536,
		.backends_max = 64,
		.services_max = 64,
		.port_count = 1};
	uint64_t one, two;

	config.ports[0].mtu = 1500;
	config.ports[0].rx_descriptors = config.ports[0].tx_descriptors = 1024;
	one = needs_memory(&config);
	config.worker_count = 2;
	two = needs_memory(&config);
	assert_true(one > 96 << 20);
	assert_int_equal(two - one, one - (96 << 20));
	config.memory = 12345;
	assert_int_equal(needs_memory(&config), 12345);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cards_of_a_port_are_its_device_or_a_bonds_members),
		cmocka_unit_test(memory_grows_with_workers_and_is_what_the_file_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
