// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/worker_private.h>

// What a packet's way to its backend is made of.
struct way {
	const struct snapshot_service *service;
	const struct snapshot_backend *backend;
	uint32_t index; // the backend's
	uint8_t *inner; // the packet's IP header
	bool tunnels;
};

static inline struct way way_of(const struct snapshot *snapshot, const struct rte_mbuf *mbuf,
	const struct packet *packet, uint16_t service, uint32_t backend)
{
	uint32_t index = backend & BACKEND_INDEX_MASK;

	return (struct way){
		.service = &snapshot->services[service],
		.backend = &snapshot->backends[index],
		.index = index,
		.inner = rte_pktmbuf_mtod_offset(mbuf, uint8_t *, packet->l3_offset),
		.tunnels = snapshot->services[service].forwarding == CONFIG_IPIP,
	};
}

static inline bool way_takes(const struct way *way, const struct packet *packet)
{
	uint32_t overhead = way->tunnels ? encap_overhead(&way->backend->encap) : 0;

	return packet->l3_size + overhead <= way->backend->mtu;
}

static inline bool way_has_room(const struct way *way, const struct rte_mbuf *mbuf)
{
	return way->inner - (uint8_t *)mbuf->buf_addr >= ENCAP_ROOM;
}

// Inline in both of its callers: as a function it would cost each packet twenty instructions.
static __rte_always_inline void way_encapsulate(
	const struct way *way, struct rte_mbuf *mbuf, const struct packet *packet, uint32_t entropy)
{
	const struct encap *encap = &way->backend->encap;
	uint16_t size = packet->l3_size;
	uint8_t *frame = likely(way->tunnels) ? encap_ipip(encap, way->inner, packet->family, size,
							entropy & way->service->drawn_be)
					      : encap_dsr(encap, way->inner, packet->family);

	worker_reframe(mbuf, frame, way->inner + size);
}

// Encapsulated: counts it, and puts it to those that leave by its backend's port.
static inline void way_send(struct worker *worker, const struct way *way, struct rte_mbuf *mbuf,
	uint16_t service, uint16_t size)
{
	struct metrics_worker *metrics = worker->metrics;

	metrics_add_packet(&metrics->services[service], size);
	metrics_add_packet(&metrics->backends[way->index], size);
	output_add(worker, &worker->wire[way->backend->port], mbuf);
}

void worker_forward(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target)
{
	struct way way = way_of(worker->snapshot, mbuf, packet, target->service, target->backend);

	if (way.backend->port == BACKEND_PORT_NONE) {
		worker_drop(worker, mbuf, DROP_NO_NEXT_HOP);
		return;
	}
	if (!way_takes(&way, packet)) {
		worker_oversize(worker, port, mbuf, packet, target);
		return;
	}
	if (!way_has_room(&way, mbuf)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	way_encapsulate(&way, mbuf, packet, target->entropy);
	if (worker->config.ports[port].vlan_kept && packet->vlan_tci != 0 &&
		!worker_push_tag(mbuf, packet->vlan_tci)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	way_send(worker, &way, mbuf, target->service, packet->l3_size);
}

static __attribute__((noinline)) void forward_uncommon(
	struct worker *worker, struct burst *burst, uint32_t i)
{
	const struct packet *packet = &burst->packets[i];
	const struct target target = {
		.backend = burst->backends[i],
		.entropy = (uint32_t)burst->hashes[i].flow,
		.service = burst->services[i],
	};

	struct fragment_place place;

	if (packet->fragmented) // before its headers are written over
		fragment_place(rte_pktmbuf_mtod(burst->mbufs[i], const uint8_t *), packet, &place);
	worker_forward(worker, burst->port, burst->mbufs[i], packet, &target);
	if (packet->fragmented)
		worker_first_fragment(worker, packet, &place, &target);
}

// worker_forward() of a packet that nothing keeps: no fragment, without a tag, small enough, with room in front. An
// unresolved backend takes none of any size.
void stage_forward(struct worker *worker, struct burst *burst)
{
	const struct snapshot *snapshot = worker->snapshot;

	for (uint32_t i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];
		struct rte_mbuf *mbuf = burst->mbufs[i];
		uint16_t service = burst->services[i], size = packet->l3_size;
		struct way way = way_of(snapshot, mbuf, packet, service, burst->backends[i]);

		if (unlikely((packet->fragmented | packet->vlan_tci) != 0) ||
			unlikely(!way_takes(&way, packet)) || unlikely(!way_has_room(&way, mbuf))) {
			forward_uncommon(worker, burst, i);
			continue;
		}
		way_encapsulate(&way, mbuf, packet, (uint32_t)burst->hashes[i].flow);
		way_send(worker, &way, mbuf, service, size);
	}
	burst->count = 0;
}
