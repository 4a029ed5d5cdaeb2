// SPDX-License-Identifier: BSD-3-Clause
#include "generator.h"

#include "stage.h"

#include <math.h>
#include <packet/checksum.h>
#include <packet/headers.h>
#include <rte_ethdev.h>
#include <stdlib.h>

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

const struct mac generator_mac = {{2, 0, 0, 0, 0, 2}};

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

uint64_t generator_mix(uint64_t value)
{
	return mix(value);
}

struct draw {
	enum kind kind;
	uint32_t client_be;
	uint32_t vip_be;
	uint16_t port_be;
};

static inline uint64_t draw_flow(const struct generator *generator, uint64_t count, uint64_t bits)
{
	if (generator->draws != NULL)
		return generator->draws[count % GENERATOR_DRAWS];
	return (uint64_t)(((unsigned __int128)bits * generator->options.flows) >> 64);
}

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
			number = draw_flow(generator, count, bits);
	}
	spread = (uint32_t)number * 0x9e3779b1u;
	draw.client_be = be32(client_bases[draw.kind] + ((uint32_t)number & 0xffffff));
	draw.port_be = be16((uint16_t)(1024 + (number >> 24)));
	draw.vip_be =
		be32(VIP_BASE + (uint32_t)(((uint64_t)spread * generator->options.services) >> 32));
	return draw;
}

static inline void write_ipv4(
	struct generator *generator, const struct generator_shape *shape, uint8_t *bytes)
{
	struct draw draw = draw_packet(generator);
	struct ipv4_frame *frame = (struct ipv4_frame *)bytes;

	memcpy(bytes, shape->header, IPV4_COPY);
	frame->ip.source_be = draw.client_be;
	frame->ip.destination_be = draw.vip_be;
	frame->ip.checksum =
		(uint16_t)~checksum_fold((uint64_t)shape->size_sum + draw.client_be + draw.vip_be);
	frame->tcp.source_be = draw.port_be;
	frame->tcp.flags = tcp_flags[draw.kind];
}

static inline void write_ipv6(
	struct generator *generator, const struct generator_shape *shape, uint8_t *bytes)
{
	struct draw draw = draw_packet(generator);
	struct ipv6_frame *frame = (struct ipv6_frame *)bytes;

	memcpy(bytes, shape->header, IPV6_COPY);
	memcpy(frame->ip.source + 12, &draw.client_be, 4);
	memcpy(frame->ip.destination + 12, &draw.vip_be, 4);
	frame->tcp.source_be = draw.port_be;
	frame->tcp.flags = tcp_flags[draw.kind];
}

static inline const struct generator_shape *shape_of(const struct generator *generator)
{
	if (likely(generator->options.size != GENERATOR_IMIX))
		return &generator->shapes[0];
	return &generator->shapes[generator->pattern[generator->count % GENERATOR_PATTERN]];
}

static uint16_t receive(uint16_t port, uint16_t queue, struct rte_mbuf **mbufs, uint16_t count,
	uint16_t room, void *state)
{
	struct generator *generator = state;
	bool ipv4 = generator->options.family == ADDR_IPV4;

	(void)port, (void)queue, (void)count;
	room = RTE_MIN(room, (uint16_t)generator->options.burst);
	if (rte_pktmbuf_alloc_bulk(generator->buffers, mbufs, room) != 0)
		return 0;
	for (uint16_t i = 0; i < room; i++) {
		const struct generator_shape *shape = shape_of(generator);

		mbufs[i]->data_len = shape->size;
		mbufs[i]->pkt_len = shape->size;
		if (ipv4)
			write_ipv4(generator, shape, rte_pktmbuf_mtod(mbufs[i], uint8_t *));
		else
			write_ipv6(generator, shape, rte_pktmbuf_mtod(mbufs[i], uint8_t *));
	}
	return room;
}

static void make_ipv4(struct generator_shape *shape)
{
	struct ipv4_frame *frame = (struct ipv4_frame *)shape->header;

	memcpy(frame->eth.destination, generator_mac.bytes, sizeof(frame->eth.destination));
	frame->eth.type_be = be16(ETH_TYPE_IPV4);
	frame->ip.version_ihl = 0x45;
	frame->ip.length_be = be16((uint16_t)(shape->size - sizeof(frame->eth)));
	frame->ip.fragment_be = be16(IPV4_DF);
	frame->ip.ttl = 64;
	frame->ip.protocol = IP_TCP;
	frame->tcp.destination_be = be16(GENERATOR_PORT);
	frame->tcp.offset = 5 << 4;
	shape->size_sum = checksum_sum(&frame->ip, sizeof(frame->ip), 0);
}

static void make_ipv6(struct generator_shape *shape)
{
	struct ipv6_frame *frame = (struct ipv6_frame *)shape->header;

	memcpy(frame->eth.destination, generator_mac.bytes, sizeof(frame->eth.destination));
	frame->eth.type_be = be16(ETH_TYPE_IPV6);
	frame->ip.version_class_label_be = be32(6u << 28);
	frame->ip.length_be =
		be16((uint16_t)(shape->size - sizeof(frame->eth) - sizeof(frame->ip)));
	frame->ip.next = IP_TCP;
	frame->ip.hop_limit = 64;
	memcpy(frame->ip.source, ipv6_client, sizeof(ipv6_client));
	memcpy(frame->ip.destination, ipv6_vip, sizeof(ipv6_vip));
	frame->tcp.destination_be = be16(GENERATOR_PORT);
	frame->tcp.offset = 5 << 4;
}

static void make_shapes(struct generator *generator)
{
	static const uint8_t imix[GENERATOR_PATTERN] = {0, 1, 0, 0, 1, 0, 2, 0, 1, 0, 0, 1};
	bool ipv4 = generator->options.family == ADDR_IPV4;
	uint32_t small = ipv4 ? GENERATOR_SIZE_MIN : GENERATOR_SIZE_MIN_IPV6;
	uint32_t size = generator->options.size;
	const uint32_t sizes[GENERATOR_SHAPES] = {
		size == GENERATOR_IMIX ? small : RTE_MAX(size, small), 594, 1514};

	memcpy(generator->pattern, imix, sizeof(imix));
	for (uint32_t i = 0; i < GENERATOR_SHAPES; i++) {
		generator->shapes[i].size = (uint16_t)sizes[i];
		if (ipv4)
			make_ipv4(&generator->shapes[i]);
		else
			make_ipv6(&generator->shapes[i]);
	}
}

// Zipf's law as a continuous one, by the inverse of its distribution: flow number k about as often
// as 1 / (k + 1)^s.
static void draw_ahead(struct generator *generator)
{
	double s = generator->options.zipf, n = (double)generator->options.flows + 1;

	generator->draws = malloc(GENERATOR_DRAWS * sizeof(*generator->draws));
	need(generator->draws != NULL, "out of memory");
	for (uint32_t i = 0; i < GENERATOR_DRAWS; i++) {
		double u = (double)(mix(i) >> 11) * 0x1p-53;
		double rank = fabs(s - 1) < 1e-9 ? pow(n, u)
						 : pow(u * (pow(n, 1 - s) - 1) + 1, 1 / (1 - s));
		uint64_t number = (uint64_t)rank - 1;

		generator->draws[i] = (uint32_t)RTE_MIN(number, generator->options.flows - 1);
	}
}

static void open_port(struct generator *generator, uint32_t index)
{
	const struct rte_eth_conf conf = {0};
	uint16_t *port = &generator->port, queues = (uint16_t)(index + 1);
	char name[32];

	snprintf(name, sizeof(name), "%s%u", GENERATOR_DEVICE, index);
	need(rte_eth_dev_get_port_by_name(name, port) == 0, "DPDK has no null port");
	need(rte_eth_dev_configure(*port, queues, queues, &conf) == 0,
		"the null port has too few queues");
	for (uint16_t queue = 0; queue < queues; queue++)
		need(rte_eth_rx_queue_setup(*port, queue, 0, 0, NULL, generator->buffers) == 0 &&
				rte_eth_tx_queue_setup(*port, queue, 0, 0, NULL) == 0,
			"the null port has no queue");
	need(rte_eth_add_rx_callback(*port, (uint16_t)index, receive, generator) != NULL &&
			rte_eth_dev_start(*port) == 0,
		"the null port does not start");
}

void generator_open(
	struct generator *generator, uint32_t index, const struct generator_options *options)
{
	char name[32];

	*generator = (struct generator){.options = *options};
	generator->syn_below = (uint64_t)(options->syn_percent / 100 * 0x1p32);
	generator->new_below =
		generator->syn_below + (uint64_t)(options->miss_percent / 100 * 0x1p32);
	make_shapes(generator);
	if (options->zipf > 0)
		draw_ahead(generator);
	snprintf(name, sizeof(name), "generated%u", index);
	generator->buffers = rte_pktmbuf_pool_create(
		name, BUFFERS, BUFFER_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	need(generator->buffers != NULL, "no memory for buffers");
	open_port(generator, index);
}

void generator_close(struct generator *generator)
{
	need(rte_eth_dev_stop(generator->port) == 0, "the null port does not stop");
	need(rte_mempool_full(generator->buffers), "a buffer was lost");
	free(generator->draws);
}
