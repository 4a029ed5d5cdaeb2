// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/worker_private.h>

static bool checksum_is_known_good(const struct rte_mbuf *mbuf)
{
	return (mbuf->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD;
}

// Buffers hold a whole frame of the port's MTU; a chain is seen only where a driver coalesces.
static bool is_whole(struct rte_mbuf *mbuf)
{
	return likely(mbuf->nb_segs == 1) || rte_pktmbuf_linearize(mbuf) == 0;
}

void stage_parse(struct worker *worker, struct burst *burst)
{
	const struct pipeline_port *port = &worker->config.ports[burst->port];
	uint32_t kept = 0;

	for (uint32_t i = 0; i < burst->count; i++) {
		struct rte_mbuf *mbuf = burst->mbufs[i];
		struct packet *packet = &burst->packets[kept];
		enum drop_reason reason = DROP_SEGMENTS;

		if (i + 4 < burst->count)
			rte_prefetch0(rte_pktmbuf_mtod(burst->mbufs[i + 4], void *));
		if (unlikely(!is_whole(mbuf)) ||
			unlikely(packet_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *),
					 mbuf->data_len, checksum_is_known_good(mbuf), packet,
					 &reason) != 0)) {
			worker_drop(worker, mbuf, reason);
			continue;
		}
		if (unlikely(port->vlan_id != 0) &&
			(packet->vlan_tci & VLAN_ID_MASK) != port->vlan_id) {
			worker_drop(worker, mbuf, DROP_VLAN_FOREIGN);
			continue;
		}
		if (unlikely(packet->kind == PACKET_NOT_IP)) {
			worker_punt(worker, burst->port, mbuf);
			continue;
		}
		burst->mbufs[kept++] = mbuf;
	}
	burst->count = kept;
}

void stage_hash(struct worker *worker, struct burst *burst)
{
	hash_packets(&worker->snapshot->key, burst->packets, burst->count, burst->hashes);
	for (uint32_t i = 0; i < burst->count; i++) {
		flow_prefetch(worker->flows, burst->hashes[i].flow);
		if (burst->packets[i].tcp_flags & TCP_SYN) // it begins a flow, mostly
			flow_prefetch_client(worker->flows, burst->hashes[i].flow);
	}
}
