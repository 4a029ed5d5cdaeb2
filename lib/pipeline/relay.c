// SPDX-License-Identifier: BSD-3-Clause
#include <encap/tunnel_error.h>
#include <halfopen/relay.h>
#include <pipeline/worker_private.h>

// Half-open probes in one tick.
#define SEND_MAX 256

static const struct snapshot_backend *find(
	const struct snapshot *snapshot, const struct relay_packet *packet)
{
	const struct snapshot_backend *backend = snapshot_find_backend(snapshot, packet->backend);

	if (backend == NULL || backend->port == BACKEND_PORT_NONE ||
		packet->service >= snapshot->service_capacity ||
		!snapshot->services[packet->service].is_configured)
		return NULL;
	return backend;
}

// The same headers in front of it as a client's packet gets.
static void encapsulate(struct worker *worker, const struct snapshot_backend *backend,
	const struct relay_packet *packet, struct rte_mbuf *mbuf)
{
	const struct snapshot_service *service = &worker->snapshot->services[packet->service];
	uint8_t *inner = rte_pktmbuf_mtod(mbuf, uint8_t *) + ENCAP_SIZE_MAX;
	uint8_t family = packet->bytes[0] >> 4 == 4 ? ADDR_IPV4 : ADDR_IPV6;
	uint8_t *frame;

	memcpy(inner, packet->bytes, packet->size);
	frame = service->forwarding == CONFIG_IPIP
			? encap_ipip(&backend->encap, inner, family, packet->size,
				  packet->entropy & service->flow_source_be)
			: encap_dsr(&backend->encap, inner, family);
	worker_reframe(mbuf, frame, inner + packet->size);
}

static void send_probe(struct worker *worker, const struct relay_packet *packet)
{
	const struct snapshot_backend *backend = find(worker->snapshot, packet);
	struct rte_mbuf *mbuf;

	if (backend == NULL)
		return; // it went while the probe was on its way; the probe is over, or times out
	mbuf = rte_pktmbuf_alloc(worker->config.buffers);
	if (mbuf == NULL)
		return;
	metrics_add(&worker->metrics->made, 1);
	encapsulate(worker, backend, packet, mbuf);
	output_add(worker, &worker->wire[backend->port], mbuf);
}

void worker_send_probes(struct worker *worker)
{
	struct relay_packet packet;

	for (int i = 0;
		i < SEND_MAX && relay_next(worker->config.relay, worker->config.index, &packet);
		i++)
		send_probe(worker, &packet);
}

static const uint8_t *bytes_of(const struct rte_mbuf *mbuf, const struct packet *packet)
{
	return rte_pktmbuf_mtod_offset(mbuf, const uint8_t *, packet->l3_offset);
}

// TCP from a VIP to a probe's port.
static bool is_for_probe(const struct worker *worker, const struct packet *packet)
{
	struct addr source;

	if (packet->kind != PACKET_TCP ||
		be16(packet_destination_port_be(packet)) - RELAY_PORT_FIRST >= RELAY_PORT_COUNT)
		return false;
	source = packet_source(packet);
	return snapshot_find_vip(&worker->snapshot->vips, &source) != NULL;
}

static void take(struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct relay *relay = worker->config.relay;
	struct halfopen_answer answer;

	if (!halfopen_read(bytes_of(mbuf, packet), packet->l3_size, &answer) ||
		!relay_is_ours(relay, &answer.connection)) {
		worker_drop(worker, mbuf, DROP_PROBE_STRAY);
		return;
	}
	if (!relay_answer(relay, worker->config.index, bytes_of(mbuf, packet), packet->l3_size)) {
		worker_drop(worker, mbuf, DROP_PROBE_FULL);
		return;
	}
	metrics_add(&worker->metrics->probe_answers, 1);
	rte_pktmbuf_free(mbuf);
}

// An error that quotes one of our SYNs; the kernel has a use for it as well.
static void tell(struct worker *worker, const struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct relay *relay = worker->config.relay;
	struct halfopen_answer answer;

	if (halfopen_read(bytes_of(mbuf, packet), packet->l3_size, &answer) &&
		relay_is_ours(relay, &answer.connection))
		relay_answer(relay, worker->config.index, bytes_of(mbuf, packet), packet->l3_size);
}

// An error about a tunnel packet, which the kernel has no use for. True: it is dealt with.
static bool tell_path(struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet)
{
	struct tunnel_error error;

	if (!tunnel_error_read(bytes_of(mbuf, packet), packet->l3_size, &error))
		return false;
	if (!tunnel_error_is_whole(bytes_of(mbuf, packet), packet->l3_size)) {
		worker_drop(worker, mbuf, DROP_ICMP_CHECKSUM);
		return true;
	}
	// Where the ring is full, the next error says the same.
	relay_answer(worker->config.relay, worker->config.index, bytes_of(mbuf, packet),
		packet->l3_size);
	worker_drop(worker, mbuf, DROP_TUNNEL_ERROR);
	return true;
}

void worker_leave(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	if (worker->config.relay == NULL) {
		worker_punt(worker, port, mbuf);
		return;
	}
	if (is_for_probe(worker, packet)) {
		take(worker, mbuf, packet);
		return;
	}
	if (packet->kind == PACKET_ICMP_ERROR || packet->kind == PACKET_ICMP_BAD_QUOTE ||
		packet->kind == PACKET_ICMP_FOREIGN) {
		if (tell_path(worker, mbuf, packet))
			return;
		tell(worker, mbuf, packet);
	}
	worker_punt(worker, port, mbuf);
}
