// SPDX-License-Identifier: BSD-3-Clause
// Whose a packet is: by the vectors that Microsoft published for makers of cards ("Verifying the
// RSS Hash Calculation").
#include <base/addr.h>
#include <judge/explain.h>
#include <packet/headers.h>
#include <rte_ethdev.h>
#include <running/rss.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALL_PORTS                                                      \
	(RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP | \
		RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP)

static const uint8_t key[40] = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25,
	0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb,
	0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

static const struct {
	const char *destination, *source;
	uint16_t destination_port, source_port;
	uint32_t by_addresses, by_ports;
} rows[] = {
	{"161.142.100.80", "66.9.149.187", 1766, 2794, 0x323e8fc2, 0x51ccc178},
	{"65.69.140.83", "199.92.111.2", 4739, 14230, 0xd718262a, 0xc626b0ea},
	{"12.22.207.184", "24.19.198.95", 38024, 12898, 0xd2d0a5de, 0x5c2b394a},
	{"209.142.163.6", "38.27.205.30", 2217, 48228, 0x82989176, 0xafc7327f},
	{"202.188.127.2", "153.39.163.191", 1303, 44251, 0x5d1809c5, 0x10e828a2},
	{"3ffe:2501:200:3::1", "3ffe:2501:200:1fff::7", 1766, 2794, 0x2cc18cd5, 0x40207d3d},
	{"ff02::1", "3ffe:501:8::260:97ff:fe40:efab", 4739, 14230, 0x0f0c461c, 0xdde51bbf},
	{"fe80::200:f8ff:fe21:67cf", "3ffe:1900:4545:3:200:f8ff:fe21:67cf", 38024, 44251,
		0x4b61e985, 0x02d1feef},
};

static struct packet packet_of(size_t row, uint8_t protocol)
{
	struct addr source, destination;
	struct packet packet;

	assert_int_equal(addr_parse(rows[row].source, &source), 0);
	assert_int_equal(addr_parse(rows[row].destination, &destination), 0);
	explain_make_packet(protocol, &source, rows[row].source_port, &destination,
		rows[row].destination_port, TCP_ACK, &packet);
	return packet;
}

// A card whose table tells the hash's last ten bits.
static struct rss_indirection spread_of(uint64_t kinds)
{
	struct rss_indirection spread = {.kinds = kinds, .size = RSS_TABLE_MAX};

	memcpy(spread.key, key, sizeof(key));
	for (uint32_t i = 0; i < spread.size; i++)
		spread.queues[i] = (uint16_t)i;
	return spread;
}

static void what_the_card_does_not_tell_is_unknown(void **state)
{
	const struct packet packet = packet_of(0, IP_TCP);
	struct rss_indirection spread = spread_of(ALL_PORTS);

	spread.size = 0;
	assert_int_equal(rss_worker(&spread, &packet), RSS_WORKER_UNKNOWN);
	spread = spread_of(ALL_PORTS & ~RTE_ETH_RSS_NONFRAG_IPV4_TCP);
	assert_int_equal(rss_worker(&spread, &packet), RSS_WORKER_UNKNOWN);
	spread = spread_of(0);
	assert_int_equal(rss_worker(&spread, &packet), RSS_WORKER_UNKNOWN);
}

static void one_queue_is_the_first_workers(void **state)
{
	const struct packet packet = packet_of(0, IP_TCP);
	const struct rss_indirection spread = {.size = 1};

	assert_int_equal(rss_worker(&spread, &packet), 0);
}

static void a_hash_is_as_cards_have_it(void **state)
{
	static const uint8_t protocols[] = {IP_TCP, IP_UDP};
	const struct rss_indirection ports = spread_of(ALL_PORTS);
	const struct rss_indirection addresses = spread_of(RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_IPV6);

	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t p = 0; p < COUNT(protocols); p++) {
			const struct packet packet = packet_of(i, protocols[p]);

			assert_int_equal(
				rss_worker(&ports, &packet), rows[i].by_ports % RSS_TABLE_MAX);
			assert_int_equal(rss_worker(&addresses, &packet),
				rows[i].by_addresses % RSS_TABLE_MAX);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_card_does_not_tell_is_unknown),
		cmocka_unit_test(one_queue_is_the_first_workers),
		cmocka_unit_test(a_hash_is_as_cards_have_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
