// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/capture.h>
#include <pipeline/worker_private.h>

// A tunnel whose path takes less than what every link of the inner protocol takes (RFC 8200 5, RFC
// 791 3.2) is made of outer packets in pieces: RFC 2473 7.1 b, RFC 4213 3.2.2. The backend's kernel
// puts them together.

struct outer {
	const uint8_t *frame;
	uint32_t l2_size;
	uint32_t header; // of the outer IP header, without a fragment header
	uint32_t payload;
	uint32_t id;
};

static void write_ipv4(uint8_t *at, uint32_t id, uint32_t offset, uint32_t size, bool more)
{
	struct ipv4_header ip;

	memcpy(&ip, at, sizeof(ip));
	ip.length_be = be16((uint16_t)(sizeof(ip) + size));
	ip.id_be = (uint16_t)id;
	ip.fragment_be = be16((uint16_t)(offset / 8 | (more ? IPV4_MF : 0)));
	ip.checksum = 0;
	ip.checksum = (uint16_t)~checksum_ipv4_sum(&ip);
	memcpy(at, &ip, sizeof(ip));
}

static void write_ipv6(uint8_t *at, uint32_t id, uint32_t offset, uint32_t size, bool more)
{
	struct ipv6_header ip;
	struct ipv6_fragment_header fragment;

	memcpy(&ip, at, sizeof(ip));
	fragment = (struct ipv6_fragment_header){
		.next = ip.next,
		.fragment_be = be16((uint16_t)(offset | (more ? IPV6_FRAGMENT_MORE : 0))),
		.id_be = id,
	};
	ip.next = IP_FRAGMENT;
	ip.length_be = be16((uint16_t)(sizeof(fragment) + size));
	memcpy(at, &ip, sizeof(ip));
	memcpy(at + sizeof(ip), &fragment, sizeof(fragment));
}

static struct rte_mbuf *make_piece(
	struct worker *worker, const struct outer *outer, uint32_t offset, uint32_t size)
{
	bool more = offset + size < outer->payload,
	     ipv4 = outer->header == sizeof(struct ipv4_header);
	uint32_t head = outer->l2_size + outer->header;
	uint32_t extra = ipv4 ? 0 : sizeof(struct ipv6_fragment_header);
	struct rte_mbuf *piece = rte_pktmbuf_alloc(worker->config.buffers);
	uint8_t *at = piece == NULL ? NULL
				    : (uint8_t *)rte_pktmbuf_append(
					      piece, (uint16_t)(head + extra + size));

	if (at == NULL) {
		rte_pktmbuf_free(piece);
		return NULL;
	}
	memcpy(at, outer->frame, head);
	memcpy(at + head + extra, outer->frame + head + offset, size);
	if (ipv4)
		write_ipv4(at + outer->l2_size, outer->id, offset, size, more);
	else
		write_ipv6(at + outer->l2_size, outer->id, offset, size, more);
	return piece;
}

// RFC 6864 4.1, RFC 8200 4.5: of no other packet on that way. Each worker has its own.
static uint32_t draw_id(struct worker *worker)
{
	return worker->outer_id++ << 3 | (worker->config.index & 7);
}

static void send_pieces(struct worker *worker, struct rte_mbuf *mbuf, struct rte_mbuf **pieces,
	uint32_t count, struct output *output)
{
	uint64_t flags = capture_mark(worker, mbuf);

	metrics_add(&worker->metrics->made, (uint64_t)count - 1);
	rte_pktmbuf_free(mbuf);
	for (uint32_t i = 0; i < count; i++) {
		pieces[i]->ol_flags |= flags;
		output_add(worker, output, pieces[i]);
	}
}

void worker_send_in_pieces(struct worker *worker, struct rte_mbuf *mbuf, const uint8_t *outer_ip,
	uint32_t header, uint16_t mtu, struct output *output)
{
	uint32_t extra =
		header == sizeof(struct ipv4_header) ? 0 : sizeof(struct ipv6_fragment_header);
	uint32_t step = (mtu - header - extra) & ~7u, count = 0;
	const uint8_t *frame = rte_pktmbuf_mtod(mbuf, const uint8_t *);
	struct rte_mbuf *pieces[OUTER_PIECES_MAX];
	struct outer outer = {.frame = frame,
		.l2_size = (uint32_t)(outer_ip - frame),
		.header = header,
		.id = draw_id(worker)};

	outer.payload = mbuf->data_len - outer.l2_size - header;
	for (uint32_t offset = 0; offset < outer.payload; offset += step) {
		struct rte_mbuf *piece = count == OUTER_PIECES_MAX
						 ? NULL
						 : make_piece(worker, &outer, offset,
							   RTE_MIN(step, outer.payload - offset));

		if (piece == NULL) {
			rte_pktmbuf_free_bulk(pieces, count);
			worker_drop(worker, mbuf, DROP_NO_BUFFER);
			return;
		}
		pieces[count++] = piece;
	}
	send_pieces(worker, mbuf, pieces, count, output);
}
