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
							entropy & way->service->flow_source_be)
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

// Small enough for every link, but for its tunnel's: nobody is told of less.
static bool way_is_least(const struct way *way, const struct packet *packet)
{
	return way->tunnels && packet->l3_size <= encap_least(packet->family);
}

static void way_send_in_pieces(struct worker *worker, const struct way *way, struct rte_mbuf *mbuf,
	uint16_t service, uint16_t size)
{
	uint32_t header = encap_overhead(&way->backend->encap);

	metrics_add_packet(&worker->metrics->services[service], size);
	metrics_add_packet(&worker->metrics->backends[way->index], size);
	worker_send_in_pieces(worker, mbuf, way->inner - header, header, way->backend->mtu,
		&worker->wire[way->backend->port]);
}

// A frame's tags as they came, types and all: where the port keeps them, the frame to the backend
// has the same.
struct tags {
	uint8_t bytes[2 * sizeof(struct vlan_header)];
	uint8_t size;
};

static struct tags tags_of(const struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct tags tags = {.size = (uint8_t)(packet->l3_offset - sizeof(struct eth_header))};

	memcpy(tags.bytes, rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, 12), tags.size);
	return tags;
}

static bool tags_push(const struct tags *tags, struct rte_mbuf *mbuf)
{
	uint8_t *frame;

	if (tags->size == 0)
		return true;
	frame = (uint8_t *)rte_pktmbuf_prepend(mbuf, tags->size);
	if (frame == NULL)
		return false;
	memmove(frame, frame + tags->size, 12);
	memcpy(frame + 12, tags->bytes, tags->size);
	return true;
}

void worker_forward(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target)
{
	struct way way = way_of(worker->snapshot, mbuf, packet, target->service, target->backend);
	struct tags tags = {0};

	if (way.backend->port == BACKEND_PORT_NONE) {
		worker_drop(worker, mbuf, DROP_NO_NEXT_HOP);
		return;
	}
	if (!way_takes(&way, packet) && !way_is_least(&way, packet)) {
		worker_oversize(worker, port, mbuf, packet, target);
		return;
	}
	if (!way_has_room(&way, mbuf)) {
		worker_drop(worker, mbuf, DROP_HEADROOM);
		return;
	}
	if (worker->config.ports[port].vlan_kept)
		tags = tags_of(mbuf, packet);
	way_encapsulate(&way, mbuf, packet, target->entropy);
	if (!tags_push(&tags, mbuf))
		worker_drop(worker, mbuf, DROP_HEADROOM);
	else if (way_takes(&way, packet))
		way_send(worker, &way, mbuf, target->service, packet->l3_size);
	else
		way_send_in_pieces(worker, &way, mbuf, target->service, packet->l3_size);
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

// worker_forward() of a packet that nothing keeps: no fragment, without a tag, small enough, with
// room in front. An unresolved backend takes none of any size.
void stage_forward(struct worker *worker, struct burst *burst)
{
	const struct snapshot *snapshot = worker->snapshot;

	for (uint32_t i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];
		struct rte_mbuf *mbuf = burst->mbufs[i];
		uint16_t service = burst->services[i], size = packet->l3_size;
		struct way way = way_of(snapshot, mbuf, packet, service, burst->backends[i]);

		if (unlikely((packet->fragmented |
				     (packet->l3_offset ^ sizeof(struct eth_header))) != 0) ||
			unlikely(!way_takes(&way, packet)) || unlikely(!way_has_room(&way, mbuf))) {
			forward_uncommon(worker, burst, i);
			continue;
		}
		way_encapsulate(&way, mbuf, packet, (uint32_t)burst->hashes[i].flow);
		way_send(worker, &way, mbuf, service, size);
	}
	burst->count = 0;
}
