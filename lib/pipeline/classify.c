// SPDX-License-Identifier: BSD-3-Clause
#include <frames/answer.h>
#include <judge/classify.h>
#include <packet/headers.h>
#include <pipeline/worker_private.h>

// A neighbour that has a VIP's MAC asks now and then whether it still holds, at the VIP itself (RFC
// 4861 7.3.3); the kernel answers where the VIP is announced by NDP. From a hop limit of 255 no
// router forwards it (7.1.1).
static bool is_solicitation(struct rte_mbuf *mbuf, const struct packet *packet)
{
	const struct ipv6_header *ip =
		rte_pktmbuf_mtod_offset(mbuf, const void *, packet->l3_offset);
	const struct icmp_header *icmp =
		rte_pktmbuf_mtod_offset(mbuf, const void *, packet->l4_offset);

	return packet->family == ADDR_IPV6 && packet->payload_protocol == IP_ICMPV6 &&
	       !packet->fragmented && icmp->type == 135 && icmp->code == 0 && ip->hop_limit == 255;
}

// An error's tuple has the addresses of the packet that it quotes; who sent the error is judged as
// well.
static enum drop_reason judge_error(
	const struct worker *worker, const uint8_t *l3, const struct packet *packet)
{
	struct packet outer = *packet;

	if (packet->family == ADDR_IPV4)
		outer.ipv4.source_be = ((const struct ipv4_header *)l3)->source_be;
	else
		memcpy(outer.ipv6.source, ((const struct ipv6_header *)l3)->source, 16);
	if (!answer_icmp_is_sound(l3, packet))
		return DROP_ICMP_CHECKSUM;
	return classify_source(worker->snapshot, &outer);
}

// Whether its first fragment can be for a service of the VIP, or an echo request. IPv6 does not
// say: RFC 8200 4.5.
static bool later_has_use(const struct snapshot_vip *vip, const struct packet *packet)
{
	if (packet->family == ADDR_IPV6)
		return true;
	switch (packet->payload_protocol) {
	case IP_TCP:
		return vip->tcp != 0;
	case IP_UDP:
		return vip->udp != 0;
	}
	return packet->payload_protocol == IP_ICMP;
}

// Packets for a VIP that no service is asked about. True: it was one, and is gone.
static bool is_aside(
	struct worker *worker, struct burst *burst, uint32_t i, const struct snapshot_vip *vip)
{
	const struct packet *packet = &burst->packets[i];
	struct rte_mbuf *mbuf = burst->mbufs[i];

	enum drop_reason reason = classify_source(worker->snapshot, packet);

	if (reason != CLASSIFY_KEEP &&
		(packet->kind == PACKET_LATER_FRAGMENT || packet->kind == PACKET_ICMP_ECHO)) {
		worker_drop(worker, mbuf, reason);
		return true;
	}
	switch (packet->kind) {
	case PACKET_LATER_FRAGMENT:
		if (!later_has_use(vip, packet)) {
			worker_drop(worker, mbuf, DROP_NO_SERVICE);
			return true;
		}
		burst->later[burst->later_count++] = (struct later_fragment){mbuf, *packet};
		return true;
	case PACKET_ICMP_ECHO:
		if (packet->fragmented)
			worker_echo_first(worker, burst->port, mbuf, packet);
		else
			worker_echo(worker, burst->port, mbuf, packet);
		return true;
	case PACKET_ICMP_ERROR:
		reason = judge_error(worker,
			rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset), packet);
		if (reason == CLASSIFY_KEEP)
			return false;
		worker_drop(worker, mbuf, reason);
		return true;
	case PACKET_OTHER:
		if (!is_solicitation(mbuf, packet))
			return false;
		worker_punt(worker, burst->port, mbuf);
		return true;
	}
	return false;
}

// The long way. False: the packet is gone.
static __attribute__((noinline)) bool classify_uncommon(
	struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct packet *packet = &burst->packets[i];
	struct addr destination = packet_destination(packet);
	const struct snapshot_vip *vip = snapshot_find_vip(&worker->snapshot->vips, &destination);
	enum drop_reason reason;

	if (vip == NULL) {
		worker_leave(worker, burst->port, burst->mbufs[i], packet);
		return false;
	}
	if (is_aside(worker, burst, i, vip))
		return false;
	reason = classify_service(worker->snapshot, vip, packet, &burst->services[i]);
	if (reason == CLASSIFY_KEEP)
		return true;
	if (reason == DROP_NO_SERVICE && packet->fragmented)
		worker_refuse_fragments(worker, packet, reason);
	if (reason == DROP_NO_SERVICE)
		worker_no_service(worker, burst->port, burst->mbufs[i], packet);
	else
		worker_drop(worker, burst->mbufs[i], reason);
	return false;
}

// The lines of the burst's services, and those that count for them.
static void prefetch_services(const struct worker *worker, const struct burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++) {
		uint16_t service = snapshot_prefetch_exact(worker->snapshot, &burst->packets[i]);

		if (likely(service != SERVICE_NONE))
			rte_prefetch0(&worker->metrics->services[service]);
	}
}

void stage_classify(struct worker *worker, struct burst *burst)
{
	const struct snapshot *snapshot = worker->snapshot;
	struct classify_last last = {.service = SERVICE_NONE};
	uint32_t kept = 0;

	if (snapshot_exact_is_large(snapshot))
		prefetch_services(worker, burst);
	for (uint32_t i = 0; i < burst->count; i++) {
		if (likely(classify_exact(
			    snapshot, &burst->packets[i], &last, &burst->services[i])) ||
			classify_uncommon(worker, burst, i))
			burst_keep(burst, kept++, i);
	}
	burst->count = kept;
}
