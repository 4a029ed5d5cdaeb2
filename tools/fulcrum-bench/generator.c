// SPDX-License-Identifier: BSD-3-Clause
#include "generator.h"

#include "stage.h"

#include <packet/checksum.h>
#include <packet/headers.h>
#include <rte_ethdev.h>

#define BUFFERS      511u
#define BUFFER_CACHE 128u

// Clients of each kind have a network of their own.
enum kind { KNOWN, SYN, MISS };
static const uint32_t client_bases[] = {[KNOWN] = 10u << 24, [SYN] = 11u << 24, [MISS] = 12u << 24};
static const uint8_t tcp_flags[] = {[KNOWN] = TCP_ACK, [SYN] = TCP_SYN, [MISS] = TCP_ACK};

#define VIP_BASE 0xc6120000u // 198.18.0.0, RFC 2544's for benchmarks

static const uint8_t ipv6_client[12] = {0x20, 0x01, 0x0d, 0xb8, 0, 1};
static const uint8_t ipv6_vip[12] = {0x20, 0x01, 0x0d, 0xb8, 0, 2};

struct ipv4_frame {
	struct eth_header eth;
	struct ipv4_header ip;
	struct tcp_header tcp;
} __attribute__((packed));

struct ipv6_frame {
	struct eth_header eth;
	struct ipv6_header ip;
	struct tcp_header tcp;
} __attribute__((packed));

// Copied as a whole, so that the compiler makes a few vector moves of it.
#define IPV4_COPY 64
#define IPV6_COPY 80
_Static_assert(sizeof(struct ipv4_frame) <= IPV4_COPY && sizeof(struct ipv6_frame) <= IPV6_COPY,
	"headers are copied whole");

struct addr generator_vip(enum addr_family family, uint32_t service)
{
	struct addr addr = {.family = ADDR_IPV6};
	uint32_t host_be = be32(VIP_BASE + service);

	if (family == ADDR_IPV4)
		return addr_from_ipv4_be(host_be);
	memcpy(addr.bytes, ipv6_vip, sizeof(ipv6_vip));
	memcpy(addr.bytes + sizeof(ipv6_vip), &host_be, sizeof(host_be));
	return addr;
}

// Source: Steele et al., "SplitMix64".
static inline uint64_t mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
	value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
	return value ^ (value >> 31);
}

struct draw {
	enum kind kind;
	uint32_t client_be;
	uint32_t vip_be;
	uint16_t port_be;
};

static inline struct draw draw_packet(struct generator *generator)
{
	uint64_t count = generator->count++, bits = mix(count), number = count;
	uint32_t spread;
	struct draw draw = {KNOWN};

	if (!generator->in_turn) {
		if ((uint32_t)bits < generator->syn_below)
			draw.kind = SYN;
		else if ((uint32_t)bits < generator->new_below)
			draw.kind = MISS;
		else
			number = (uint64_t)(((unsigned __int128)bits * generator->options.flows) >>
					    64);
	}
	spread = (uint32_t)number * 0x9e3779b1u;
	draw.client_be = be32(client_bases[draw.kind] + ((uint32_t)number & 0xffffff));
	draw.port_be = be16((uint16_t)(1024 + (number >> 24)));
	draw.vip_be =
		be32(VIP_BASE + (uint32_t)(((uint64_t)spread * generator->options.services) >> 32));
	return draw;
}

static inline void write_ipv4(struct generator *generator, uint8_t *bytes)
{
	struct draw draw = draw_packet(generator);
	struct ipv4_frame *frame = (struct ipv4_frame *)bytes;

	memcpy(bytes, generator->header, IPV4_COPY);
	frame->ip.source_be = draw.client_be;
	frame->ip.destination_be = draw.vip_be;
	frame->ip.checksum = (uint16_t)~checksum_fold(
		(uint64_t)generator->size_sum + draw.client_be + draw.vip_be);
	frame->tcp.source_be = draw.port_be;
	frame->tcp.flags = tcp_flags[draw.kind];
}

static inline void write_ipv6(struct generator *generator, uint8_t *bytes)
{
	struct draw draw = draw_packet(generator);
	struct ipv6_frame *frame = (struct ipv6_frame *)bytes;

	memcpy(bytes, generator->header, IPV6_COPY);
	memcpy(frame->ip.source + 12, &draw.client_be, 4);
	memcpy(frame->ip.destination + 12, &draw.vip_be, 4);
	frame->tcp.source_be = draw.port_be;
	frame->tcp.flags = tcp_flags[draw.kind];
}

static uint16_t receive(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
	uint16_t room, void *state)
{
	struct generator *generator = state;
	uint16_t size = (uint16_t)generator->options.size;
	bool ipv4 = generator->options.family == ADDR_IPV4;

	(void)port, (void)queue, (void)count;
	room = RTE_MIN(room, (uint16_t)generator->options.burst);
	if (rte_pktmbuf_alloc_bulk(generator->buffers, mbufs, room) != 0)
		return 0;
	for (uint16_t i = 0; i < room; i++) {
		mbufs[i]->data_len = size;
		mbufs[i]->pkt_len = size;
		if (ipv4)
			write_ipv4(generator, rte_pktmbuf_mtod(mbufs[i], uint8_t *));
		else
			write_ipv6(generator, rte_pktmbuf_mtod(mbufs[i], uint8_t *));
	}
	return room;
}

static void make_ipv4(struct generator *generator)
{
	struct ipv4_frame *frame = (struct ipv4_frame *)generator->header;

	frame->eth.type_be = be16(ETH_TYPE_IPV4);
	frame->ip.version_ihl = 0x45;
	frame->ip.length_be = be16((uint16_t)(generator->options.size - sizeof(frame->eth)));
	frame->ip.fragment_be = be16(IPV4_DF);
	frame->ip.ttl = 64;
	frame->ip.protocol = IP_TCP;
	frame->tcp.destination_be = be16(GENERATOR_PORT);
	frame->tcp.offset = 5 << 4;
	generator->size_sum = checksum_sum(&frame->ip, sizeof(frame->ip), 0);
}

static void make_ipv6(struct generator *generator)
{
	struct ipv6_frame *frame = (struct ipv6_frame *)generator->header;

	frame->eth.type_be = be16(ETH_TYPE_IPV6);
	frame->ip.version_class_label_be = be32(6u << 28);
	frame->ip.length_be =
		be16((uint16_t)(generator->options.size - sizeof(frame->eth) - sizeof(frame->ip)));
	frame->ip.next = IP_TCP;
	frame->ip.hop_limit = 64;
	memcpy(frame->ip.source, ipv6_client, sizeof(ipv6_client));
	memcpy(frame->ip.destination, ipv6_vip, sizeof(ipv6_vip));
	frame->tcp.destination_be = be16(GENERATOR_PORT);
	frame->tcp.offset = 5 << 4;
}

static void open_port(struct generator *generator)
{
	const struct rte_eth_conf conf = {0};
	uint16_t *port = &generator->port;

	need(rte_eth_dev_get_port_by_name(GENERATOR_DEVICE, port) == 0, "DPDK has no null port");
	need(rte_eth_dev_configure(*port, 1, 1, &conf) == 0 &&
			rte_eth_rx_queue_setup(*port, 0, 0, 0, NULL, generator->buffers) == 0 &&
			rte_eth_tx_queue_setup(*port, 0, 0, 0, NULL) == 0 &&
			rte_eth_add_rx_callback(*port, 0, receive, generator) != NULL &&
			rte_eth_dev_start(*port) == 0,
		"the null port does not start");
}

void generator_open(struct generator *generator, const struct generator_options *options)
{
	*generator = (struct generator){.options = *options};
	generator->syn_below = (uint64_t)(options->syn_percent / 100 * 0x1p32);
	generator->new_below =
		generator->syn_below + (uint64_t)(options->miss_percent / 100 * 0x1p32);
	if (options->family == ADDR_IPV4)
		make_ipv4(generator);
	else
		make_ipv6(generator);
	generator->buffers = rte_pktmbuf_pool_create(
		"generated", BUFFERS, BUFFER_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	need(generator->buffers != NULL, "no memory for buffers");
	open_port(generator);
}

void generator_close(struct generator *generator)
{
	need(rte_eth_dev_stop(generator->port) == 0, "the null port does not stop");
	need(rte_mempool_full(generator->buffers), "a buffer was lost");
}
