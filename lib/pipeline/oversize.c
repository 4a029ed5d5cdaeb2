// SPDX-License-Identifier: BSD-3-Clause
// rte_ipv4_fragment_copy_nonseg_packet() is experimental still; its stable sister makes chains of
// two pools' buffers.
#define ALLOW_EXPERIMENTAL_API
#include <pipeline/capture.h>
#include <pipeline/worker_private.h>

#include <rte_ip_frag.h>

// RFC 791 3.2 cuts a datagram into at most this many pieces where the path takes 1280 bytes or
// more.
#define PIECES_MAX 64

static uint32_t overhead(
	const struct worker *worker, uint16_t service, const struct snapshot_backend *backend)
{
	bool tunnels = worker->snapshot->services[service].forwarding == CONFIG_IPIP;

	return tunnels ? encap_overhead(&backend->encap) : 0;
}

// IPv6 is cut by its sender alone (RFC 8200 5), IPv4 by anybody unless DF is set. The pool may
// prefer to tell the sender.
static bool may_cut(const struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet,
	uint16_t service)
{
	const struct snapshot *snapshot = worker->snapshot;
	const struct ipv4_header *ip =
		rte_pktmbuf_mtod_offset(mbuf, const struct ipv4_header *, packet->l3_offset);

	return packet->family == ADDR_IPV4 && (be16(ip->fragment_be) & IPV4_DF) == 0 &&
	       snapshot->views[snapshot->services[service].view].oversize ==
		       CONFIG_OVERSIZE_FRAGMENT;
}

// The library cuts an IP packet that begins at the buffer's first byte.
static int cut(struct worker *worker, struct rte_mbuf *mbuf, const struct packet *packet,
	uint16_t mtu, struct rte_mbuf *pieces[PIECES_MAX])
{
	rte_pktmbuf_adj(mbuf, packet->l3_offset);
	rte_pktmbuf_trim(mbuf, (uint16_t)(mbuf->data_len - packet->l3_size));
	return rte_ipv4_fragment_copy_nonseg_packet(
		mbuf, pieces, PIECES_MAX, mtu, worker->config.buffers);
}

static void forward_piece(struct worker *worker, uint32_t port, struct rte_mbuf *piece,
	const struct packet *whole, const uint8_t *l2, const struct target *target)
{
	struct packet packet = *whole;
	struct ipv4_header *ip = rte_pktmbuf_mtod(piece, struct ipv4_header *);

	// The library leaves the checksum to an offload of the port's.
	ip->checksum = 0;
	ip->checksum = (uint16_t)~checksum_sum(ip, (size_t)(ip->version_ihl & 0xf) * 4, 0);
	packet.l3_size = piece->data_len;
	memcpy(rte_pktmbuf_prepend(piece, packet.l3_offset), l2, packet.l3_offset);
	worker_forward(worker, port, piece, &packet, target);
}

void worker_oversize(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target)
{
	const struct snapshot_backend *backend =
		&worker->snapshot->backends[target->backend & BACKEND_INDEX_MASK];
	uint32_t room = backend->mtu - overhead(worker, target->service, backend);
	uint16_t mtu = (uint16_t)RTE_MAX(room, encap_least(packet->family));
	uint8_t l2[sizeof(struct eth_header) + 2 * sizeof(struct vlan_header)];
	struct rte_mbuf *pieces[PIECES_MAX];
	uint64_t flags = capture_mark(worker, mbuf);
	int count;

	if (!may_cut(worker, mbuf, packet, target->service)) {
		worker_too_big(worker, port, mbuf, packet, mtu);
		return;
	}
	memcpy(l2, rte_pktmbuf_mtod(mbuf, const uint8_t *), packet->l3_offset);
	count = cut(worker, mbuf, packet, mtu, pieces);
	if (count <= 0) {
		worker_drop(worker, mbuf, DROP_NO_BUFFER);
		return;
	}
	metrics_add(&worker->metrics->made, (uint64_t)count - 1);
	rte_pktmbuf_free(mbuf);
	for (int i = 0; i < count; i++) {
		pieces[i]->ol_flags = flags;
		forward_piece(worker, port, pieces[i], packet, l2, target);
	}
}
