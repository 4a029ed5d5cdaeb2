// SPDX-License-Identifier: BSD-3-Clause
#include <packet/parse_common.h>
#include <pipeline/worker_private.h>

static bool checksum_is_known_good(const struct rte_mbuf *mbuf)
{
	return (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

// Buffers hold a whole frame of the port's MTU; a chain is seen only where a driver coalesces.
static bool is_whole(struct rte_mbuf *mbuf)
{
	return mbuf->nb_segs == 1 || rte_pktmbuf_linearize(mbuf) == 0;
}

// The kernel tells by itself what is not to it (RFC 1122 3.3.6); a VIP's packets never get there.
static void check_macs(
	struct worker *worker, uint32_t port, const uint8_t *frame, struct packet *packet)
{
	const struct mac *own = &worker->config.ports[port].mac;
	static const struct mac any;

	if (mac_equal(own, &any))
		return;
	if (frame_source_is_group(frame))
		packet->kind = PACKET_MAC_SOURCE;
	else if (frame_head(frame) != frame_head_for(own) &&
		 !snapshot_own_has_mac(&worker->snapshot->own, port, frame))
		packet->kind = PACKET_MAC_FOREIGN;
	else if (worker->config.ports[port].vlan_id == 0)
		worker->frame_heads[port] = frame_head(frame); // the next ones are to the same
}

// One 802.1Q tag with the port's VLAN. Behind a second tag is another network: the kernel may know
// it, a VIP is not there.
static bool is_of_vlan(const struct worker *worker, const struct rte_mbuf *mbuf,
	const struct packet *packet, uint16_t vlan_id)
{
	const struct eth_header *eth = rte_pktmbuf_mtod(mbuf, const struct eth_header *);
	struct addr destination;

	if ((packet->vlan_tci & VLAN_ID_MASK) != vlan_id || eth->type_be != be16(ETH_TYPE_VLAN))
		return false;
	if (packet->kind == PACKET_NOT_IP ||
		packet->l3_offset <= sizeof(*eth) + sizeof(struct vlan_header))
		return true;
	destination = packet_destination(packet);
	return snapshot_find_vip(&worker->snapshot->vips, &destination) == NULL;
}

// What is out of the ordinary. False: it is dropped, or for the kernel.
static __attribute__((noinline)) bool parse_uncommon(
	struct worker *worker, struct burst *burst, struct rte_mbuf *mbuf, struct packet *packet)
{
	uint16_t vlan_id = worker->config.ports[burst->port].vlan_id;
	enum drop_reason reason = DROP_SEGMENTS;

	if (!is_whole(mbuf) || parse_slowly(rte_pktmbuf_mtod(mbuf, const uint8_t *), mbuf->data_len,
				       checksum_is_known_good(mbuf), packet, &reason) != 0) {
		worker_drop(worker, mbuf, reason);
		return false;
	}
	if (vlan_id != 0 && !is_of_vlan(worker, mbuf, packet, vlan_id)) {
		worker_drop(worker, mbuf, DROP_VLAN_FOREIGN);
		return false;
	}
	if (packet->kind == PACKET_NOT_IP) {
		worker_punt(worker, burst->port, mbuf);
		return false;
	}
	check_macs(worker, burst->port, rte_pktmbuf_mtod(mbuf, const uint8_t *), packet);
	return true;
}

void stage_parse(struct worker *worker, struct burst *burst)
{
	uint64_t head = worker->frame_heads[burst->port];
	struct packet *packet = burst->packets; // that the next one to keep gets
	uint32_t kept = 0;

	for (uint32_t i = 0; i < burst->count; i++) {
		struct rte_mbuf *mbuf = burst->mbufs[i];
		bool keeps;

		if (i + 4 < burst->count)
			rte_prefetch0(rte_pktmbuf_mtod(burst->mbufs[i + 4], void *));
		burst->mbufs[kept] = mbuf;
		keeps = likely(mbuf->nb_segs == 1 &&
				frame_head(rte_pktmbuf_mtod(mbuf, const uint8_t *)) == head &&
				parse_common(rte_pktmbuf_mtod(mbuf, const uint8_t *),
					mbuf->data_len, checksum_is_known_good(mbuf), packet)) ||
			parse_uncommon(worker, burst, mbuf, packet);
		packet += keeps;
		kept += keeps;
	}
	burst->count = kept;
	if (unlikely(worker->config.ports[burst->port].partial))
		worker_complete_burst(worker, burst);
}

void stage_hash(struct worker *worker, struct burst *burst)
{
	hash_packets(&worker->snapshot->key, burst->packets, burst->count, burst->hashes);
	burst->begins = 0;
	for (uint32_t i = 0; i < burst->count; i++) {
		flow_prefetch(worker->flows, burst->hashes[i].flow);
		burst->begins += (burst->packets[i].tcp_flags & TCP_SYN) != 0;
	}
}
