// SPDX-License-Identifier: BSD-3-Clause
#include <frames/answer.h>
#include <judge/classify.h>
#include <packet/headers.h>
#include <pipeline/worker_private.h>

static uint8_t *l3_of(struct rte_mbuf *mbuf, const struct packet *packet)
{
	return rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset);
}

static bool has_room(const struct rte_mbuf *mbuf)
{
	return rte_pktmbuf_headroom(mbuf) >= ANSWER_GROWTH;
}

// The frame's header as it came: an answer may be written over it.
struct l2 {
	uint8_t bytes[sizeof(struct eth_header) + 2 * sizeof(struct vlan_header)];
};

static struct l2 l2_of(const struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct l2 l2;

	memcpy(l2.bytes, rte_pktmbuf_mtod(mbuf, const uint8_t *), packet->l3_offset);
	return l2;
}

// An answer to a group or to nobody's MAC would go to everybody, or to no one.
static bool can_be_answered(struct worker *worker, struct rte_mbuf *mbuf)
{
	if (frame_source_is_station(rte_pktmbuf_mtod(mbuf, const uint8_t *)))
		return true;
	worker_drop(worker, mbuf, DROP_MAC_SOURCE);
	return false;
}

// Sends the answer at 'l3' back to where the packet came from: MACs turned round, tags kept.
static void send_back(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct l2 *l2, uint8_t *l3, uint16_t size)
{
	uint8_t *frame = l3 - packet->l3_offset;

	memcpy(frame, l2->bytes + 6, 6);
	memcpy(frame + 6, l2->bytes, 6);
	memcpy(frame + 12, l2->bytes + 12, packet->l3_offset - 12u);
	worker_reframe(mbuf, frame, l3 + size);
	output_add(worker, &worker->answer[port], mbuf);
}

static void send_reset(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct l2 l2 = l2_of(mbuf, packet);
	uint16_t size = packet->l3_size;
	uint8_t *l3 = answer_reset(l3_of(mbuf, packet), packet, &size);

	send_back(worker, port, mbuf, packet, &l2, l3, size);
}

void worker_reset(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	if (!can_be_answered(worker, mbuf))
		return;
	if (!rate_take(&worker->reset_rate)) {
		worker_drop(worker, mbuf, DROP_RESET_RATE);
		return;
	}
	metrics_add(&worker->metrics->resets, 1);
	send_reset(worker, port, mbuf, packet);
}

static void send_no_port(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct l2 l2 = l2_of(mbuf, packet);
	uint16_t size = packet->l3_size;
	uint8_t *l3;

	if (!has_room(mbuf)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	l3 = answer_no_port(l3_of(mbuf, packet), packet, &size);
	send_back(worker, port, mbuf, packet, &l2, l3, size);
}

void worker_reject(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	bool is_udp = packet->kind == PACKET_UDP;

	if (!can_be_answered(worker, mbuf))
		return;
	if (!rate_take(&worker->reject_rate)) {
		worker_drop(worker, mbuf, is_udp ? DROP_ICMP_RATE : DROP_RESET_RATE);
		return;
	}
	if (is_udp && !has_room(mbuf)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	metrics_add(&worker->metrics->rejects, 1);
	if (is_udp)
		send_no_port(worker, port, mbuf, packet);
	else
		send_reset(worker, port, mbuf, packet);
}

void worker_echo(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct l2 l2 = l2_of(mbuf, packet);
	uint16_t size = packet->l3_size;
	uint8_t *l3;

	if (!can_be_answered(worker, mbuf))
		return;
	if (!rate_take(&worker->echo_rate)) {
		worker_drop(worker, mbuf, DROP_ICMP_RATE);
		return;
	}
	l3 = answer_echo(l3_of(mbuf, packet), packet, &size);
	if (l3 == NULL)
		worker_drop(worker, mbuf, DROP_ICMP_CHECKSUM);
	else
		send_back(worker, port, mbuf, packet, &l2, l3, size);
}

enum drop_reason worker_echo_fragment(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct l2 l2 = l2_of(mbuf, packet);
	uint16_t size = packet->l3_size;
	uint8_t *l3;

	if (!can_be_answered(worker, mbuf))
		return DROP_MAC_SOURCE;
	if (!rate_take(&worker->echo_rate)) {
		worker_drop(worker, mbuf, DROP_ICMP_RATE);
		return DROP_ICMP_RATE;
	}
	l3 = answer_echo_fragment(l3_of(mbuf, packet), packet, &size);
	send_back(worker, port, mbuf, packet, &l2, l3, size);
	return ECHO_ANSWERED;
}

static uint8_t ttl_of(const uint8_t *l3, const struct packet *packet)
{
	return packet->family == ADDR_IPV4 ? ((const struct ipv4_header *)l3)->ttl
					   : ((const struct ipv6_header *)l3)->hop_limit;
}

void worker_no_service(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	uint8_t left = ttl_of(l3_of(mbuf, packet), packet);
	bool is_udp = packet->kind == PACKET_UDP;

	if (!classify_ends_traceroute(worker->snapshot, packet, left)) {
		worker_drop(worker, mbuf, DROP_NO_SERVICE);
		return;
	}
	if (!can_be_answered(worker, mbuf))
		return;
	if (!rate_take(&worker->no_port_rate))
		worker_drop(worker, mbuf, is_udp ? DROP_ICMP_RATE : DROP_RESET_RATE);
	else if (is_udp)
		send_no_port(worker, port, mbuf, packet);
	else
		send_reset(worker, port, mbuf, packet);
}

void worker_too_big(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, uint16_t mtu)
{
	struct l2 l2 = l2_of(mbuf, packet);
	uint16_t size = packet->l3_size;
	uint8_t *l3;
	bool is_later = packet->kind == PACKET_LATER_FRAGMENT && packet->family == ADDR_IPV6;

	// RFC 1122 3.2.2, RFC 4443 2.4 e: no error about an error, nor, in IPv4, about a fragment
	// but the first. Under DSR there is no less to tell of than what every link takes.
	if ((packet->kind != PACKET_TCP && packet->kind != PACKET_UDP && !is_later) ||
		packet->l3_size <= mtu) {
		worker_drop(worker, mbuf, DROP_TOO_BIG);
		return;
	}
	if (!can_be_answered(worker, mbuf))
		return;
	if (!rate_take(&worker->too_big_rate)) {
		worker_drop(worker, mbuf, DROP_ICMP_RATE);
		return;
	}
	if (!has_room(mbuf)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	l3 = answer_too_big(l3_of(mbuf, packet), packet, mtu, &size);
	send_back(worker, port, mbuf, packet, &l2, l3, size);
}
