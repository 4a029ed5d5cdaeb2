// SPDX-License-Identifier: BSD-3-Clause
// What explain says of a packet, and what a worker then does with it: random configurations whose
// backends change, random packets, and after each the counters and the frame that came out.
#include "stage.h"

#include <judge/explain.h>
#include <packet/checksum.h>
#include <packet/headers.h>

#include <inttypes.h>
#include <stdlib.h>

#define CONFIGURATIONS 50
#define EDITIONS       4 // of each, so that there are previous tables
#define PACKETS        500 // an configuration
#define NAMES          64
#define CLIENT_MAC     0xfe // its last byte; no backend has it
#define CAPACITY       256 // small: full buckets and guests are met too

static struct stage stage;
static struct config *config;
static struct snapshot *current;
static uint64_t seed = 0x9e3779b97f4a7c15ull;
static uint32_t met[SELECT_VERDICTS], met_hits, met_previous, met_dropped, met_answered;

static uint32_t pick(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

static void write_service(FILE *file, uint32_t number)
{
	static const char *const affinities[] = {"five_tuple", "source", "source_service"};

	fprintf(file, "  - {name: s%u, vip: '%s', protocol: %s, ", number,
		number % 3 == 2 ? "2001:db8::10" : "203.0.113.10",
		number == 7  ? "[tcp, udp]"
		: number % 2 ? "udp"
			     : "tcp");
	if (number < 2)
		fputs("ports: [100-397, 399, 441], ", file);
	else
		fprintf(file, "port: %u, ", 440 + number);
	fprintf(file, "forwarding: %s, affinity: %s, pool: p%u}\n",
		number % 3 == 2 || pick(2) ? "ipip" : "dsr", affinities[pick(3)], number % 2);
}

static void write_pool(FILE *file, uint32_t number)
{
	static const char *const policies[] = {"keep", "rehash", "reset"};
	static const char *const last[] = {"spread", "drop", "reject"};
	uint32_t backends = 1 + pick(12);

	fprintf(file,
		"  - name: p%u\n    health: {type: none}\n    on_down: %s\n    on_all_down: %s\n    backends:\n",
		number, policies[pick(3)], last[pick(3)]);
	for (uint32_t i = 0; i < backends; i++)
		fprintf(file, "      - {name: b%u, address: 10.0.%u.%u, weight: %u}\n", i, number,
			i + 1, pick(4) * 50);
}

static void make_config(void)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	struct error err;

	need(file != NULL, "out of memory");
	fputs("services:\n", file);
	for (uint32_t i = 0; i < 8; i++)
		write_service(file, i);
	fputs("pools:\n", file);
	write_pool(file, 0);
	write_pool(file, 1);
	fclose(file);
	config_free(config);
	if (config_load_text("random", text, size, &config, NULL, NULL, &err) != 0)
		need(false, err.text);
	free(text);
}

// A backend's number stands in the last byte of its MAC address.
static void publish(const struct snapshot *previous)
{
	struct snapshot_backend_input backends[NAMES] = {{0}};
	uint16_t services[NAMES];
	struct snapshot_input input = {.config = config,
		.backends = backends,
		.services = services,
		.backend_capacity = NAMES,
		.service_capacity = NAMES,
		.version = 1};
	struct error err;

	for (uint32_t i = 0; i < config->backend_count; i++)
		backends[i] = (struct snapshot_backend_input){
			.reference = backend_reference(i, 0),
			.status = pick(3) ? BACKEND_UP : BACKEND_UP + (enum backend_status)pick(5),
			.resolved = pick(8) != 0,
			.mtu = 1500,
			.vlan_tci = ENCAP_VLAN_NONE,
			.next_hop_mac = {{2, 0, 0, 0, 0, (uint8_t)i}},
			.outer_source = {.bytes = {10, 0, 0, 9}, .family = ADDR_IPV4},
		};
	for (uint32_t i = 0; i < config->service_count; i++)
		services[i] = (uint16_t)i;
	if (snapshot_build(&input, previous, &current, &err) != 0)
		need(false, err.text);
	publisher_publish(&stage.publisher, current);
}

static struct addr make_address(bool is_ipv6, bool is_vip)
{
	static const uint8_t vip[16] = {0x20, 1, 0xd, 0xb8, [15] = 0x10};
	uint8_t bytes[16] = {0x20, 1, 0xd, 0xb8, 1, [15] = (uint8_t)pick(5)};

	if (is_ipv6)
		return addr_from_ipv6(is_vip ? vip : bytes);
	if (is_vip)
		return addr_from_ipv4_be(be32(0xcb00710a));
	return addr_from_ipv4_be(be32((pick(50) ? 0xc6336400 : 0x7f000000) + pick(5)));
}

static struct packet make_packet(void)
{
	static const uint8_t flags[] = {
		TCP_SYN, TCP_ACK, TCP_ACK, TCP_ACK, TCP_ACK | TCP_FIN, TCP_RST, TCP_SYN | TCP_ACK};
	bool is_ipv6 = pick(3) == 0;
	struct addr source = make_address(is_ipv6, pick(40) == 0);
	struct addr destination = make_address(is_ipv6, pick(30) != 0);
	struct packet packet;

	explain_make_packet(pick(2) ? IP_TCP : IP_UDP, &source, (uint16_t)(1000 + pick(4)),
		&destination, (uint16_t)(pick(2) ? 440 + pick(9) : 395 + pick(8)),
		flags[pick(sizeof(flags))], &packet);
	return packet;
}

// The frame's size.
static uint32_t write_frame(const struct packet *packet, uint8_t ttl, uint8_t frame[128])
{
	bool is_tcp = packet->kind == PACKET_TCP, is_ipv4 = packet->family == ADDR_IPV4;
	uint32_t payload = is_tcp ? sizeof(struct tcp_header) : sizeof(struct udp_header);
	struct ipv4_header *ip = (void *)(frame + 14);
	struct ipv6_header *ip6 = (void *)(frame + 14);
	uint8_t *l4 = frame + 14 + (is_ipv4 ? sizeof(*ip) : sizeof(*ip6));
	uint16_t ports[2] = {packet_source_port_be(packet), packet_destination_port_be(packet)};

	memset(frame, 0, 128);
	frame[6] = 2; // an answer goes to somebody
	frame[11] = CLIENT_MAC;
	frame[12] = is_ipv4 ? 0x08 : 0x86;
	frame[13] = is_ipv4 ? 0x00 : 0xdd;
	if (is_ipv4) {
		*ip = (struct ipv4_header){.version_ihl = 0x45,
			.ttl = ttl,
			.length_be = be16((uint16_t)(sizeof(*ip) + payload)),
			.protocol = packet->payload_protocol,
			.source_be = packet->ipv4.source_be,
			.destination_be = packet->ipv4.destination_be};
		ip->checksum = (uint16_t)~checksum_ipv4_sum(ip);
	} else {
		ip6->version_class_label_be = be32(6u << 28);
		ip6->length_be = be16((uint16_t)payload);
		ip6->next = packet->payload_protocol;
		ip6->hop_limit = ttl;
		memcpy(ip6->source, packet->ipv6.source, 16);
		memcpy(ip6->destination, packet->ipv6.destination, 16);
	}
	memcpy(l4, ports, sizeof(ports));
	if (is_tcp) {
		((struct tcp_header *)l4)->offset = 5 << 4;
		((struct tcp_header *)l4)->flags = packet->tcp_flags;
	} else {
		((struct udp_header *)l4)->length_be = be16((uint16_t)payload);
	}
	return (uint32_t)(l4 - frame) + payload;
}

struct seen {
	uint64_t hits, previous, resets, rejects;
	uint64_t dropped[DROP_REASON_COUNT];
};

static struct seen look(void)
{
	struct seen seen = {stage.metrics->flow_hits, stage.metrics->previous_table,
		stage.metrics->resets, stage.metrics->rejects, {0}};

	memcpy(seen.dropped, stage.metrics->dropped, sizeof(seen.dropped));
	return seen;
}

// What came out of a side: the last byte of its destination's MAC, or -1. And the protocol that it
// is of.
static int take_protocol(uint32_t side, uint8_t *protocol)
{
	struct rte_mbuf *mbuf = stage_take_out(&stage, side);
	const uint8_t *frame;
	int last;

	if (mbuf == NULL)
		return -1;
	frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	last = frame[5];
	*protocol = frame[14 + (frame[12] == 0x08 ? 9 : 6)];
	rte_pktmbuf_free(mbuf);
	return last;
}

static int take_out(uint32_t side)
{
	uint8_t protocol;

	return take_protocol(side, &protocol);
}

// No service has it, and yet it is not dropped, unless there were too many such answers.
static void check_traceroute(const struct packet *packet, const struct seen *before)
{
	bool is_udp = packet->kind == PACKET_UDP;
	uint8_t icmp = packet->family == ADDR_IPV4 ? IP_ICMP : IP_ICMPV6;
	enum drop_reason limit = is_udp ? DROP_ICMP_RATE : DROP_RESET_RATE;
	const struct seen after = look();
	uint8_t protocol = 0;
	int out = take_protocol(WIRE, &protocol);

	met_answered += out == CLIENT_MAC;
	need(after.dropped[DROP_NO_SERVICE] == before->dropped[DROP_NO_SERVICE],
		"it was to be answered");
	if (after.dropped[limit] != before->dropped[limit])
		return;
	need(out == CLIENT_MAC, "the client was to be answered");
	need(protocol == (is_udp ? icmp : IP_TCP), "it was answered by another thing");
}

static void check_flow(const struct explained_flow *flow, const struct seen *before)
{
	const struct seen after = look();
	int out = take_out(WIRE);

	met[flow->result.verdict]++;
	met_hits += flow->result.hit;
	met_previous += flow->result.by_previous;
	need(after.hits - before->hits == flow->result.hit, "the flow table says another thing");
	need(after.previous - before->previous == flow->result.by_previous,
		"the previous table says another thing");
	if (flow->result.verdict == SELECT_RESET)
		need(after.resets - before->resets + after.dropped[DROP_RESET_RATE] -
					before->dropped[DROP_RESET_RATE] ==
				1,
			"there was to be a reset");
	else if (flow->result.verdict == SELECT_REJECT)
		need(after.rejects - before->rejects + after.dropped[DROP_RESET_RATE] -
					before->dropped[DROP_RESET_RATE] +
					after.dropped[DROP_ICMP_RATE] -
					before->dropped[DROP_ICMP_RATE] ==
				1,
			"it was to be rejected");
	else if (flow->reason != DROP_REASON_COUNT)
		need(after.dropped[flow->reason] - before->dropped[flow->reason] == 1 && out == -1,
			"it was to be dropped by the pool's state");
	else
		need(out == (int)(flow->result.backend & BACKEND_INDEX_MASK),
			"it went to another backend");
}

static void check(const struct packet *packet, uint8_t ttl)
{
	size_t flows_size = flow_table_footprint(CAPACITY);
	struct seen before = look(), after;
	struct explanation explanation;
	struct explained_flow flow;
	uint8_t frame[128], *flows = malloc(flows_size);

	need(flows != NULL, "out of memory");
	memcpy(flows, stage.flow_memory, flows_size);
	explain_packet(current, packet, ttl, &explanation);
	if (explanation.is_vip && explanation.reason == DROP_REASON_COUNT)
		explain_flow(&explanation, stage.config.flows, worker_now_s(), &flow);
	need(memcmp(flows, stage.flow_memory, flows_size) == 0, "explain wrote to the flow table");
	free(flows);
	stage_bring_in(&stage, WIRE,
		stage_make(&stage, frame, write_frame(packet, ttl, frame), RTE_PKTMBUF_HEADROOM));
	worker_poll(stage.worker);
	after = look();
	if (!explanation.is_vip) {
		need(take_out(KERNEL) != -1, "it was to go to the kernel");
	} else if (explanation.ends_traceroute) {
		check_traceroute(packet, &before);
	} else if (explanation.reason != DROP_REASON_COUNT) {
		met_dropped++;
		need(after.dropped[explanation.reason] - before.dropped[explanation.reason] == 1,
			"it was to be dropped by its service");
	} else {
		check_flow(&flow, &before);
	}
}

static void run_configuration(void)
{
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct packet packet = make_packet();

		check(&packet, pick(3) == 0 ? 1 : (uint8_t)pick(256));
	}
}

int main(void)
{
	const struct worker_config worker = {0};

	stage_open(&stage, CAPACITY, NAMES, &worker);
	for (uint32_t c = 0; c < CONFIGURATIONS; c++) {
		make_config();
		stage_forget(&stage);
		for (uint32_t e = 0; e < EDITIONS; e++) {
			publish(e == 0 ? NULL : current);
			run_configuration();
		}
	}
	printf("%u packets: %u hits, %u by the previous table, %u without a backend, %u resets, %u rejected, %u ends of a traceroute\n",
		CONFIGURATIONS * EDITIONS * PACKETS, met_hits, met_previous, met[SELECT_NO_BACKEND],
		met[SELECT_RESET], met[SELECT_REJECT], met_answered);
	need(met[SELECT_FORWARD] > 1000 && met[SELECT_NO_BACKEND] > 100 &&
			met[SELECT_RESET] > 100 && met[SELECT_REJECT] > 100,
		"not every verdict was met often enough");
	need(met_hits > 1000 && met_previous > 100 && met_dropped > 100 && met_answered > 50,
		"not every way was met often enough");
	config_free(config);
	stage_close(&stage);
	return 0;
}
