// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/worker_private.h>

static void count(struct worker *worker, uint16_t service, uint32_t backend, uint16_t bytes)
{
	struct metrics_traffic *s = &worker->metrics->services[service];
	struct metrics_traffic *b = &worker->metrics->backends[backend];

	metrics_add(&s->packets, 1);
	metrics_add(&s->bytes, bytes);
	metrics_add(&b->packets, 1);
	metrics_add(&b->bytes, bytes);
}

void worker_reframe(struct rte_mbuf *mbuf, uint8_t *frame, const uint8_t *end)
{
	mbuf->data_off = (uint16_t)(frame - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)(end - frame);
	mbuf->pkt_len = mbuf->data_len;
}

void worker_forward(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target)
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
	if (unlikely(inner - (uint8_t *)mbuf->buf_addr < backend->encap.size)) {
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
	count(worker, target->service, index, packet->l3_size);
	output_add(worker, &worker->wire[backend->port], mbuf);
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

		worker_forward(worker, burst->port, burst->mbufs[i], packet, &target);
		if (unlikely(packet->fragmented))
			worker_first_fragment(worker, packet, &target);
	}
	burst->count = 0;
}
