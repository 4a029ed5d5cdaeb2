// SPDX-License-Identifier: BSD-3-Clause
#include <capture/capture.h>
#include <pipeline/capture.h>

#include <stdio.h>

static uint32_t capture_protocol_of(const struct packet *packet)
{
	if (packet->kind != PACKET_ICMP_ERROR)
		return packet->payload_protocol;
	return packet->family == ADDR_IPV4 ? packet->ipv4.protocol : packet->ipv6.protocol;
}

static bool capture_has_protocol(const struct capture_filter *filter, uint32_t protocol)
{
	return (protocol == IP_TCP && filter->tcp) || (protocol == IP_UDP && filter->udp);
}

static bool capture_has_port(const struct capture_filter *filter, uint16_t port)
{
	uint32_t i = 0;

	while (i < filter->port_count && (port < filter->ports[i][0] || port > filter->ports[i][1]))
		i++;
	return i < filter->port_count;
}

// A later fragment has no ports: it is taken by its address and protocol alone.
static bool capture_takes_service(const struct capture_filter *filter, const struct packet *packet)
{
	uint16_t port = be16(packet_destination_port_be(packet));

	switch (packet->kind) {
	case PACKET_LATER_FRAGMENT:
		return packet->family == ADDR_IPV6 ||
		       capture_has_protocol(filter, packet->payload_protocol);
	case PACKET_TCP:
	case PACKET_UDP:
	case PACKET_ICMP_ERROR:
		return capture_has_protocol(filter, capture_protocol_of(packet)) &&
		       capture_has_port(filter, port);
	}
	return false;
}

static bool capture_takes(const struct worker *worker, const struct capture_filter *filter,
	const struct packet *packet)
{
	struct addr destination = packet_destination(packet);

	if (filter->vip.family == ADDR_NONE)
		return snapshot_find_vip(&worker->snapshot->vips, &destination) != NULL;
	return addr_equal(&filter->vip, &destination) && capture_takes_service(filter, packet);
}

// After stage_parse(), before anything is changed or dropped for its service.
void stage_capture(struct worker *worker, struct burst *burst)
{
	struct capture *capture = worker->capture;
	uint16_t port_id = worker->config.ports[burst->port].id;

	if (likely(capture == NULL))
		return;
	for (uint32_t i = 0; i < burst->count; i++) {
		struct rte_mbuf *mbuf = burst->mbufs[i];

		mbuf->ol_flags &= ~capture->mark;
		if (!capture_takes(worker, &capture->filter, &burst->packets[i]))
			continue;
		mbuf->ol_flags |= capture->mark;
		if (!capture->filter.drops_only)
			capture_packet(capture, mbuf, port_id, worker->config.index,
				CAPTURE_RECEIVED, NULL);
	}
}

void capture_sent(struct worker *worker, const struct output *output)
{
	struct capture *capture = worker->capture;

	if (capture->filter.drops_only)
		return;
	for (uint16_t i = 0; i < output->count; i++) {
		if ((output->mbufs[i]->ol_flags & capture->mark) != 0)
			capture_packet(capture, output->mbufs[i], output->port_id,
				worker->config.index, CAPTURE_SENT, NULL);
	}
}

void capture_dropped(struct worker *worker, const struct rte_mbuf *mbuf, enum drop_reason reason)
{
	struct capture *capture = worker->capture;
	uint16_t port_id = mbuf->port;
	char comment[128];

	if (capture->filter.vip.family != ADDR_NONE && (mbuf->ol_flags & capture->mark) == 0)
		return;
	if (!rte_eth_dev_is_valid_port(port_id)) // not every driver says where a packet came from
		port_id = worker->config.ports[worker->burst.port].id;
	snprintf(
		comment, sizeof(comment), "dropped: %s: %s", drop_label(reason), drop_text(reason));
	capture_packet(capture, mbuf, port_id, worker->config.index,
		reason == DROP_TX_FULL || reason == DROP_PUNT_FULL ? CAPTURE_SENT
								   : CAPTURE_RECEIVED,
		comment);
}

uint64_t capture_mark(const struct worker *worker, const struct rte_mbuf *mbuf)
{
	return worker->capture == NULL ? 0 : mbuf->ol_flags & worker->capture->mark;
}
