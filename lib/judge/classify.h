// SPDX-License-Identifier: BSD-3-Clause
#ifndef JUDGE_CLASSIFY_H
#define JUDGE_CLASSIFY_H

#include <rte_branch_prediction.h>
#include <snapshot/snapshot.h>
#include <string.h>

// Which service a packet for a VIP is for, by a snapshot, or the reason to drop it.

#define CLASSIFY_KEEP DROP_REASON_COUNT // the packet goes on

// Whether a packet's source may send to a VIP, or why not. A VIP or the balancer itself is no
// client: two services that answer whatever comes would talk to each other for ever
// (CVE-2024-2169). A flow that the table has was judged when it began, so this is asked where there
// is none.
enum drop_reason classify_source(const struct snapshot *snapshot, const struct packet *packet);

// Whether a packet without a service is answered: it came with a TTL or hop limit 'left' of 1, so
// it was sent to get just this far, as the last one of a traceroute is. UDP gets port unreachable
// then, and a SYN a reset.
bool classify_ends_traceroute(
	const struct snapshot *snapshot, const struct packet *packet, uint8_t left);

// True for nearly every IPv4 source, which has nothing in common with one that classify_source()
// refuses.
static inline bool classify_source_is_plain(
	const struct snapshot *snapshot, const struct packet *packet)
{
	return likely(packet->family == ADDR_IPV4) &&
	       likely(snapshot->own.is_first[(uint8_t)packet->ipv4.source_be] == 0);
}

// What was found for the packet before: mostly, the next one is for the same service.
struct classify_last {
	struct snapshot_endpoint endpoint;
	uint16_t service;
};

// The short way: true and the service of a TCP or UDP packet that has one of its own port. Where it
// is false, snapshot_find_vip() and classify_service() know why.
static inline bool classify_exact(const struct snapshot *snapshot, const struct packet *packet,
	struct classify_last *last, uint16_t *service)
{
	struct snapshot_endpoint endpoint = snapshot_endpoint_of(packet);

	if (!snapshot_endpoint_equal(&endpoint, &last->endpoint))
		*last = (struct classify_last){endpoint, snapshot_find_exact(snapshot, &endpoint)};
	*service = last->service;
	return last->service != SERVICE_NONE &&
	       (packet->kind == PACKET_TCP || packet->kind == PACKET_UDP);
}

// A packet for a VIP: its service, or why it has none.
static inline enum drop_reason classify_service(const struct snapshot *snapshot,
	const struct snapshot_vip *vip, const struct packet *packet, uint16_t *service)
{
	uint32_t protocol = packet->payload_protocol;

	switch (packet->kind) {
	case PACKET_ICMP_BAD_QUOTE:
		return DROP_ICMP_QUOTE;
	case PACKET_ICMP_FOREIGN:
		return DROP_ICMP_FOREIGN;
	case PACKET_SOURCE_ROUTED:
		return DROP_SOURCE_ROUTE;
	case PACKET_MAC_FOREIGN:
		return DROP_MAC_FOREIGN;
	case PACKET_MAC_SOURCE:
		return DROP_MAC_SOURCE;
	case PACKET_ICMP_ERROR:
		protocol =
			packet->family == ADDR_IPV4 ? packet->ipv4.protocol : packet->ipv6.protocol;
		break;
	case PACKET_TCP:
	case PACKET_UDP:
		break;
	default:
		return DROP_NO_SERVICE;
	}
	*service = snapshot_find_service(
		&snapshot->vips, vip, protocol, be16(packet_destination_port_be(packet)));
	return likely(*service != SERVICE_NONE) ? CLASSIFY_KEEP : DROP_NO_SERVICE;
}

#endif
