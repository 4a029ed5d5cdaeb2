// SPDX-License-Identifier: BSD-3-Clause
#include <packet/headers.h>
#include <running/rss.h>

#include <rte_ethdev.h>
#include <rte_thash.h>
#include <string.h>

static uint64_t with_ports(const struct packet *packet)
{
	if (packet->family == ADDR_IPV4)
		return packet->payload_protocol == IP_TCP ? RTE_ETH_RSS_NONFRAG_IPV4_TCP
							  : RTE_ETH_RSS_NONFRAG_IPV4_UDP;
	return packet->payload_protocol == IP_TCP ? RTE_ETH_RSS_NONFRAG_IPV6_TCP
						  : RTE_ETH_RSS_NONFRAG_IPV6_UDP;
}

// The words that the key is laid over, in the processor's order: addresses, then ports.
static uint32_t write_words(const struct packet *packet, uint32_t words[9])
{
	const bool is_ipv4 = packet->family == ADDR_IPV4;
	const uint32_t count = is_ipv4 ? 1 : 4;
	uint32_t both = (uint32_t)be16(packet_source_port_be(packet)) << 16 |
			be16(packet_destination_port_be(packet));

	if (is_ipv4) {
		words[0] = packet->ipv4.source_be;
		words[1] = packet->ipv4.destination_be;
	} else {
		memcpy(words, packet->ipv6.source, 16);
		memcpy(words + 4, packet->ipv6.destination, 16);
	}
	for (uint32_t i = 0; i < 2 * count; i++)
		words[i] = be32(words[i]);
	words[2 * count] = both;
	return 2 * count;
}

uint32_t rss_worker(const struct rss_indirection *indirection, const struct packet *packet)
{
	const uint64_t addresses =
		packet->family == ADDR_IPV4 ? RTE_ETH_RSS_IPV4 : RTE_ETH_RSS_IPV6;
	uint32_t words[9];
	uint32_t count = write_words(packet, words);

	if (indirection->size == 1)
		return indirection->queues[0];
	if (indirection->size == 0 || (indirection->kinds & (with_ports(packet) | addresses)) == 0)
		return RSS_WORKER_UNKNOWN;
	count += (indirection->kinds & with_ports(packet)) != 0;
	return indirection->queues[rte_softrss(words, count, indirection->key) % indirection->size];
}
