// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/worker_private.h>

static inline __attribute__((always_inline)) void forward(struct worker *worker, uint32_t port,
	struct rte_mbuf *mbuf, const struct packet *packet, const struct target *target)
{
	uint32_t index = target->backend & BACKEND_INDEX_MASK;
	const struct snapshot_backend *backend = &worker->snapshot->backends[index];
	const struct snapshot_service *service = &worker->snapshot->services[target->service];
	bool tunnels = service->forwarding == CONFIG_IPIP;
	uint8_t *inner = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset);
	uint8_t *frame;

	if (unlikely(backend->port == BACKEND_PORT_NONE)) {
		worker_drop(worker, mbuf, DROP_NO_NEXT_HOP);
		return;
	}
	if (unlikely(packet->l3_size + (tunnels ? encap_overhead(&backend->encap) : 0) >
		     backend->mtu)) {
		worker_oversize(worker, port, mbuf, packet, target);
		return;
	}
	if (unlikely(inner - (uint8_t *)mbuf->buf_addr < ENCAP_ROOM)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	frame = tunnels ? encap_ipip(&backend->encap, inner, packet->family, packet->l3_size,
				  target->entropy & service->drawn_be)
			: encap_dsr(&backend->encap, inner, packet->family);
	worker_reframe(mbuf, frame, inner + packet->l3_size);
	if (unlikely(worker->config.ports[port].vlan_kept) && packet->vlan_tci != 0 &&
		!worker_push_tag(mbuf, packet->vlan_tci)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	metrics_add_packet(&worker->metrics->services[target->service], packet->l3_size);
	metrics_add_packet(&worker->metrics->backends[index], packet->l3_size);
	output_add(worker, &worker->wire[backend->port], mbuf);
}

void worker_forward(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target)
{
	forward(worker, port, mbuf, packet, target);
}

void stage_forward(struct worker *worker, struct burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];
		const struct target target = {
			.backend = burst->backends[i],
			.entropy = (uint32_t)burst->hashes[i].flow,
			.service = burst->services[i],
		};

		forward(worker, burst->port, burst->mbufs[i], packet, &target);
		if (unlikely(packet->fragmented))
			worker_first_fragment(worker, packet, &target);
	}
	burst->count = 0;
}
