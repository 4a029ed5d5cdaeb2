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

// Moves the buffer's first byte to 'frame', and its end to the end of the IP packet: padding stays behind.
static void reframe(struct rte_mbuf *mbuf, uint8_t *frame, const uint8_t *end)
{
	mbuf->data_off = (uint16_t)(frame - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)(end - frame);
	mbuf->pkt_len = mbuf->data_len;
}

static void forward_packet(struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct packet *packet = &burst->packets[i];
	struct rte_mbuf *mbuf = burst->mbufs[i];
	uint32_t index = burst->backends[i] & BACKEND_INDEX_MASK;
	const struct snapshot_backend *backend = &worker->snapshot->backends[index];
	const struct snapshot_service *service = &worker->snapshot->services[burst->services[i]];
	uint8_t *inner = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset);
	bool tunnels = service->forwarding == CONFIG_IPIP;
	uint8_t *frame;

	if (unlikely(backend->port == BACKEND_PORT_NONE)) {
		worker_drop(worker, mbuf, DROP_NO_NEXT_HOP);
		return;
	}
	if (unlikely(packet->l3_size + (tunnels ? encap_overhead(&backend->encap) : 0) >
		     backend->mtu)) {
		worker_drop(worker, mbuf, DROP_TOO_BIG);
		return;
	}
	if (unlikely(inner - (uint8_t *)mbuf->buf_addr < backend->encap.size)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	frame = tunnels ? encap_ipip(&backend->encap, inner, packet->family, packet->l3_size)
			: encap_dsr(&backend->encap, inner, packet->family);
	reframe(mbuf, frame, inner + packet->l3_size);
	count(worker, burst->services[i], index, packet->l3_size);
	output_add(worker, &worker->wire[backend->port], mbuf);
}

void stage_forward(struct worker *worker, struct burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++)
		forward_packet(worker, burst, i);
	burst->count = 0;
}
