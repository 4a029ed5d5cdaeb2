// SPDX-License-Identifier: BSD-3-Clause
// Half-open probes through a worker: each leaves in the very headers that the same packet has when
// a client sends it; an answer comes back to who asked, once, and nothing that is no answer does.
#include "arrive.h"
#include "world.h"

#include <packet/checksum.h>
#include <packet/headers.h>

#include <stdlib.h>
#include <string.h>

static struct stage stage;
static struct world place = {.publisher = &stage.publisher};

// Of every tunnel and of DSR, with a tag and without, each the only backend of its service.
static const struct {
	const char *backend;
	const char *service;
	const char *vip;
	uint16_t port;
	uint32_t side;
} ways[] = {
	{"one/a", "web", "203.0.113.10", 443, WIRE},
	{"one6/a", "over6", "203.0.113.10", 8443, WIRE},
	{"one6/a", "web6", "2001:db8:1::10", 443, WIRE},
	{"one/a", "over4", "2001:db8:1::10", 8443, WIRE},
	{"tagged/a", "tagged", "203.0.113.10", 1000, WIRE},
	{"other-port/a", "other-port", "203.0.113.10", 1002, OTHER_WIRE},
	{"dsr/a", "dsr", "203.0.113.20", 80, WIRE},
	{"dsr6/a", "dsr6", "2001:db8:1::20", 80, WIRE},
};

static uint32_t index_of(char names[][2 * CONFIG_NAME_SIZE], const char *name)
{
	uint32_t i = 0;

	while (strcmp(names[i], name) != 0)
		need(++i < WORLD_NAMES_MAX, "there is no such name");
	return i;
}

static struct halfopen_connection connect_to(const char *vip, uint16_t port, uint16_t count)
{
	struct halfopen_connection out = {.own_port = RELAY_PORT_FIRST + 7, .vip_port = port};

	need(addr_parse(vip, &out.vip) == 0, "no VIP");
	addr_parse(out.vip.family == ADDR_IPV4 ? "10.0.0.9" : "fd00::9", &out.own);
	out.sequence = relay_sequence(stage.relay, &out, count);
	return out;
}

static struct relay_packet packet_for(uint32_t way, const struct halfopen_connection *connection)
{
	struct relay_packet packet = {
		.backend = backend_reference(index_of(place.backends, ways[way].backend), 0),
		.service = (uint16_t)index_of(place.services, ways[way].service),
	};

	packet.size = halfopen_write_syn(connection, packet.bytes);
	return packet;
}

// The worker's timer is due once a millisecond.
static struct rte_mbuf *poll_until_out(uint32_t side)
{
	struct rte_mbuf *out = NULL;

	for (uint64_t i = 0; out == NULL && i < 100000000; i++) {
		worker_poll(stage.worker);
		out = stage_take_out(&stage, side);
	}
	need(out != NULL, "nothing comes out");
	return out;
}

static void bring_in(const uint8_t *packet, uint16_t size)
{
	uint8_t frame[256] = {0x02, 0, 0, 0, 0, 0x02, 0x02, 0, 0, 0, 0, 0x01};
	uint16_t type_be = be16(packet[0] >> 4 == 4 ? ETH_TYPE_IPV4 : ETH_TYPE_IPV6);

	memcpy(frame + 12, &type_be, sizeof(type_be));
	memcpy(frame + 14, packet, size);
	arrive(&stage, FROM_WIRE, frame, size + 14u);
}

static void a_probe_leaves_like_a_clients_packet(void)
{
	for (uint32_t i = 0; i < RTE_DIM(ways); i++) {
		struct halfopen_connection connection =
			connect_to(ways[i].vip, ways[i].port, (uint16_t)i);
		struct relay_packet packet = packet_for(i, &connection);
		uint64_t flows = stage.metrics->flow_misses;
		struct rte_mbuf *probe, *client;

		need(relay_send(stage.relay, 0, &packet), "the relay is full");
		probe = poll_until_out(ways[i].side);
		need(stage.metrics->flow_misses == flows, "a probe is no flow");
		bring_in(packet.bytes, packet.size);
		client = poll_until_out(ways[i].side);
		need(probe->data_len == client->data_len &&
				memcmp(rte_pktmbuf_mtod(probe, void *),
					rte_pktmbuf_mtod(client, void *), probe->data_len) == 0,
			"a probe's headers are not a client's");
		rte_pktmbuf_free(probe);
		rte_pktmbuf_free(client);
	}
}

// What a backend answers: the packet turned round.
static uint16_t make_answer(
	const struct halfopen_connection *connection, uint8_t flags, uint8_t *out)
{
	struct halfopen_connection back = {.own = connection->vip,
		.vip = connection->own,
		.own_port = connection->vip_port,
		.vip_port = connection->own_port};
	uint16_t size = halfopen_write_reset(&back, out);
	struct tcp_header *tcp = (struct tcp_header *)(out + size - sizeof(*tcp));

	tcp->flags = flags;
	tcp->acknowledgment_be = be32(connection->sequence + 1);
	return size;
}

static void need_answer(const struct halfopen_connection *connection, uint8_t flags, bool comes)
{
	uint64_t strays = stage.metrics->dropped[DROP_PROBE_STRAY];
	struct halfopen_answer answer;
	struct relay_answer raw;
	uint8_t packet[128];

	bring_in(packet, make_answer(connection, flags, packet));
	worker_poll(stage.worker);
	need(stage_take_out(&stage, KERNEL) == NULL, "the kernel sees a probe's answer");
	need(relay_take(stage.relay, 0, &raw) == comes, "an answer that comes, or does not");
	need(stage.metrics->dropped[DROP_PROBE_STRAY] == strays + !comes, "strays are counted");
	if (!comes)
		return;
	need(halfopen_read(raw.bytes, raw.size, &answer), "an answer that cannot be read");
	need(memcmp(&answer.connection, connection, sizeof(*connection)) == 0,
		"an answer to somebody else");
	need(!relay_take(stage.relay, 0, &raw), "an answer comes once");
}

static void an_answer_comes_back(void)
{
	for (uint32_t i = 0; i < RTE_DIM(ways); i++) {
		struct halfopen_connection connection =
			connect_to(ways[i].vip, ways[i].port, (uint16_t)i);

		need_answer(&connection, TCP_SYN | TCP_ACK, true);
		need_answer(&connection, TCP_RST | TCP_ACK, true);
		need_answer(&connection, TCP_ACK, false);
		need_answer(&connection, TCP_SYN, false);
		connection.sequence++; // its lower half is what this process alone can tell
		need_answer(&connection, TCP_SYN | TCP_ACK, false);
		connection = connect_to(ways[i].vip, ways[i].port, (uint16_t)i);
		connection.own_port++;
		need_answer(&connection, TCP_SYN | TCP_ACK, false);
	}
}

// The host that a probe reached says that it cannot take the packet; the kernel hears it too.
static void an_icmp_error_comes_back(void)
{
	struct halfopen_connection connection = connect_to("203.0.113.10", 443, 1);
	uint8_t packet[128] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, IP_ICMP};
	struct halfopen_answer answer;
	struct relay_answer raw;
	struct ipv4_header ip;
	struct rte_mbuf *punted;
	uint16_t size;

	memcpy(packet + 12, (uint8_t[]){10, 0, 1, 11}, 4);
	memcpy(packet + 16, connection.own.bytes, 4);
	packet[20] = 11; // time exceeded
	size = (uint16_t)(28 + halfopen_write_syn(&connection, packet + 28));
	memcpy(&ip, packet, sizeof(ip));
	ip.length_be = be16(size);
	ip.checksum = (uint16_t)~checksum_ipv4_sum(&ip);
	memcpy(packet, &ip, sizeof(ip));
	bring_in(packet, size);
	punted = poll_until_out(KERNEL);
	rte_pktmbuf_free(punted);
	need(relay_take(stage.relay, 0, &raw), "the error does not come");
	need(halfopen_read(raw.bytes, raw.size, &answer) && answer.kind == HALFOPEN_ERROR,
		"the error cannot be read");
	packet[28 + 20 + 7] ^= 1; // the quoted sequence number
	bring_in(packet, size);
	rte_pktmbuf_free(poll_until_out(KERNEL));
	need(!relay_take(stage.relay, 0, &raw), "an error about another packet comes");
}

// A backend that went, or has no next hop, and a service that is none.
static void what_cannot_be_sent_is_forgotten(void)
{
	struct halfopen_connection connection = connect_to("203.0.113.10", 443, 1);
	struct relay_packet packet = packet_for(0, &connection);
	uint64_t made = stage.metrics->made;

	packet.backend = backend_reference(index_of(place.backends, "lost/a"), 0);
	relay_send(stage.relay, 0, &packet);
	packet.backend = backend_reference(index_of(place.backends, "one/a"), 3);
	relay_send(stage.relay, 0, &packet);
	packet.backend = BACKEND_INDEX_MASK;
	relay_send(stage.relay, 0, &packet);
	packet = packet_for(0, &connection);
	packet.service = WORLD_NAMES_MAX - 1;
	relay_send(stage.relay, 0, &packet);
	packet.service = UINT16_MAX;
	relay_send(stage.relay, 0, &packet);
	packet = packet_for(0, &connection);
	relay_send(stage.relay, 0, &packet);
	rte_pktmbuf_free(poll_until_out(WIRE)); // the last one alone
	need(stage.metrics->made == made + 1, "a probe to nobody was sent");
}

int main(void)
{
	const struct worker_config config = {.ports = {{.mac = WORLD_MAC}, {.mac = WORLD_MAC}}};
	struct error err;

	stage_open(&stage, 64, WORLD_NAMES_MAX, &config);
	if (world_publish(&place, POOLS_FILE, HOPS_FILE, &err) != 0)
		need(false, err.text);
	a_probe_leaves_like_a_clients_packet();
	an_answer_comes_back();
	an_icmp_error_comes_back();
	what_cannot_be_sent_is_forgotten();
	need(metrics_balanced(stage.metrics), "a packet left the path uncounted");
	stage_close(&stage);
	return 0;
}
