// SPDX-License-Identifier: BSD-3-Clause
#include <encap/answer.h>
#include <pipeline/worker_private.h>

#define KEEP DROP_REASON_COUNT // the packet goes on

// RFC 4291 2.5.2, 2.5.3, 2.5.5, 2.7. Those beside multicast begin with 64 zero bits, as no client's does.
static bool ipv6_source_is_invalid(const uint8_t source[16])
{
	struct addr address;
	uint64_t upper;

	memcpy(&upper, source, sizeof(upper));
	if (likely(upper != 0))
		return source[0] == 0xff;
	address = addr_from_ipv6(source);
	return addr_is_unusable(&address);
}

// A source that no host can have (RFC 1122 3.2.1.3): an answer would go nowhere, or to everybody.
static bool source_is_invalid(const struct packet *packet)
{
	uint8_t first;

	if (unlikely(packet->family != ADDR_IPV4))
		return ipv6_source_is_invalid(packet->ipv6.source);
	first = (uint8_t)packet->ipv4.source_be; // the address's first byte on the wire
	return first == 0 || first == 127 || first >= 224;
}

// A packet for a VIP: its service, or why it has none.
static enum drop_reason find_service(struct worker *worker, const struct snapshot_vip *vip,
	const struct packet *packet, uint16_t *service)
{
	uint32_t protocol = packet->payload_protocol;

	switch (packet->kind) {
	case PACKET_ICMP_BAD_QUOTE:
		return DROP_ICMP_QUOTE;
	case PACKET_ICMP_FOREIGN:
		return DROP_ICMP_FOREIGN;
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
	if (unlikely(source_is_invalid(packet)))
		return DROP_SOURCE_INVALID;
	*service = snapshot_find_service(
		&worker->snapshot->vips, vip, protocol, be16(packet_destination_port_be(packet)));
	return likely(*service != SERVICE_NONE) ? KEEP : DROP_NO_SERVICE;
}

// Packets for a VIP that no service is asked about. True: it was one, and is gone.
static bool is_aside(struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct packet *packet = &burst->packets[i];
	struct rte_mbuf *mbuf = burst->mbufs[i];

	switch (packet->kind) {
	case PACKET_LATER_FRAGMENT:
		burst->later[burst->later_count++] = (struct later_fragment){mbuf, *packet};
		return true;
	case PACKET_ICMP_ECHO:
		if (source_is_invalid(packet))
			worker_drop(worker, mbuf, DROP_SOURCE_INVALID);
		else
			worker_echo(worker, burst->port, mbuf, packet);
		return true;
	case PACKET_ICMP_ERROR:
		if (answer_icmp_is_sound(
			    rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset), packet))
			return false;
		worker_drop(worker, mbuf, DROP_ICMP_CHECKSUM);
		return true;
	}
	return false;
}

void stage_classify(struct worker *worker, struct burst *burst)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];
		struct addr destination = packet_destination(packet);
		const struct snapshot_vip *vip =
			snapshot_find_vip(&worker->snapshot->vips, &destination);
		enum drop_reason reason;

		if (vip == NULL) {
			worker_punt(worker, burst->port, burst->mbufs[i]);
			continue;
		}
		if (unlikely(packet->kind != PACKET_TCP && packet->kind != PACKET_UDP) &&
			is_aside(worker, burst, i))
			continue;
		reason = find_service(worker, vip, packet, &burst->services[i]);
		if (unlikely(reason != KEEP)) {
			worker_drop(worker, burst->mbufs[i], reason);
			continue;
		}
		burst_keep(burst, kept++, i);
	}
	burst->count = kept;
}
