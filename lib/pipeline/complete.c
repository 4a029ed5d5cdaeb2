// SPDX-License-Identifier: BSD-3-Clause
#include <packet/partial.h>
#include <pipeline/worker_private.h>

_Static_assert(PIPELINE_PORTS_MAX <= METRICS_PORTS_MAX, "a counter for each port");

// A driver that tells of it spares the guess.
static bool is_partial(const struct rte_mbuf *mbuf, const struct packet *packet)
{
	if ((mbuf->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		return false;
	return partial_is_likely(rte_pktmbuf_mtod(mbuf, const uint8_t *), packet);
}

static void complete(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet)
{
	if (is_partial(mbuf, packet) && partial_complete(rte_pktmbuf_mtod(mbuf, uint8_t *), packet))
		metrics_add(&worker->metrics->rx_checksum_partial[port], 1);
}

void worker_complete_burst(struct worker *worker, struct burst *burst)
{
	for (uint32_t i = 0; i < burst->count; i++)
		complete(worker, burst->port, burst->mbufs[i], &burst->packets[i]);
}

void worker_complete_injected(struct worker *worker, uint32_t port, struct output *output)
{
	struct packet packet;
	enum drop_reason reason;

	for (uint16_t i = 0; i < output->count; i++) {
		struct rte_mbuf *mbuf = output->mbufs[i];

		if (mbuf->nb_segs == 1 && packet_parse(rte_pktmbuf_mtod(mbuf, const uint8_t *),
						  mbuf->data_len, true, &packet, &reason) == 0)
			complete(worker, port, mbuf, &packet);
	}
}
