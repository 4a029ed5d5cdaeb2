// SPDX-License-Identifier: BSD-3-Clause
#include <packet/checksum.h>
#include <pipeline/worker_private.h>

// The client's segment, turned into the RST that its own kernel accepts: RFC 9293 3.10.7.1 for a
// connection that does not exist. With an ACK in it, its acknowledgment number is exactly what the client
// expects next, as RFC 5961 3.2 demands.
static void make_reset(struct tcp_header *reset, const struct tcp_header *segment, uint32_t payload)
{
	uint32_t length =
		payload + ((segment->flags & TCP_SYN) != 0) + ((segment->flags & TCP_FIN) != 0);

	*reset = (struct tcp_header){
		.source_be = segment->destination_be,
		.destination_be = segment->source_be,
		.offset = sizeof(*reset) / 4 << 4,
		.flags = TCP_RST,
	};
	if ((segment->flags & TCP_ACK) != 0) {
		reset->sequence_be = segment->acknowledgment_be;
	} else {
		reset->flags |= TCP_ACK;
		reset->acknowledgment_be = be32(be32(segment->sequence_be) + length);
	}
}

static void swap_macs(struct eth_header *eth)
{
	uint8_t destination[6];

	memcpy(destination, eth->destination, 6);
	memcpy(eth->destination, eth->source, 6);
	memcpy(eth->source, destination, 6);
}

static uint16_t tcp_checksum(const struct tcp_header *tcp, const struct packet *packet)
{
	struct addr source = packet_destination(packet);
	struct addr destination = packet_source(packet);
	uint32_t start = checksum_pseudo_header(&source, &destination, IP_TCP, sizeof(*tcp));

	return (uint16_t)~checksum_sum(tcp, sizeof(*tcp), start);
}

static size_t write_ipv4(uint8_t *at, const struct packet *packet)
{
	struct ipv4_header ip = {
		.version_ihl = 0x45,
		.length_be = be16(sizeof(ip) + sizeof(struct tcp_header)),
		.fragment_be = be16(IPV4_DF),
		.ttl = ENCAP_TTL,
		.protocol = IP_TCP,
		.source_be = packet->ipv4.destination_be,
		.destination_be = packet->ipv4.source_be,
	};

	ip.checksum = (uint16_t)~checksum_ipv4_sum(&ip);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

static size_t write_ipv6(uint8_t *at, const struct packet *packet)
{
	struct ipv6_header ip = {
		.version_class_label_be = be32(6u << 28),
		.length_be = be16(sizeof(struct tcp_header)),
		.next = IP_TCP,
		.hop_limit = ENCAP_TTL,
	};

	memcpy(ip.source, packet->ipv6.destination, 16);
	memcpy(ip.destination, packet->ipv6.source, 16);
	memcpy(at, &ip, sizeof(ip));
	return sizeof(ip);
}

void worker_reset(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	uint8_t *at = frame + packet->l3_offset;
	struct tcp_header segment;
	struct tcp_header reset;
	uint32_t payload;
	uint32_t size;

	memcpy(&segment, frame + packet->l4_offset, sizeof(segment));
	if ((segment.flags & TCP_RST) != 0 || !rate_take(&worker->reset_rate)) {
		worker_drop(worker, mbuf, DROP_RESET_RATE);
		return;
	}
	payload =
		packet->l3_offset + packet->l3_size - packet->l4_offset - (segment.offset >> 4) * 4;
	make_reset(&reset, &segment, payload);
	reset.checksum = tcp_checksum(&reset, packet);
	swap_macs((struct eth_header *)frame);
	at += packet->family == ADDR_IPV4 ? write_ipv4(at, packet) : write_ipv6(at, packet);
	memcpy(at, &reset, sizeof(reset));
	size = (uint32_t)(at - frame + sizeof(reset));
	mbuf->data_len = (uint16_t)size;
	mbuf->pkt_len = size;
	metrics_add(&worker->metrics->resets, 1);
	output_add(worker, &worker->answer[port], mbuf);
}
