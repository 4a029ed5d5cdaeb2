// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/capture.h>
#include <pipeline/worker_private.h>

void worker_drop(struct worker *worker, struct rte_mbuf *mbuf, enum drop_reason reason)
{
	metrics_add(&worker->metrics->dropped[reason], 1);
	if (unlikely(worker->capture != NULL))
		capture_dropped(worker, mbuf, reason);
	rte_pktmbuf_free(mbuf);
}

// The kernel sees a port that is set to a VLAN as if there were none: its tag goes, or comes, here.
static void pop_tag(struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);

	memmove(frame + sizeof(struct vlan_header), frame, 12);
	rte_pktmbuf_adj(mbuf, sizeof(struct vlan_header));
}

bool worker_push_tag(struct rte_mbuf *mbuf, uint16_t tci)
{
	const uint16_t tag_be[2] = {be16(ETH_TYPE_VLAN), be16(tci)};
	uint8_t *frame = (uint8_t *)rte_pktmbuf_prepend(mbuf, sizeof(tag_be));

	if (frame == NULL)
		return false;
	memmove(frame, frame + sizeof(tag_be), 12);
	memcpy(frame + 12, tag_be, sizeof(tag_be));
	return true;
}

void worker_punt(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf)
{
	if (worker->config.ports[port].kernel_id == PIPELINE_NO_KERNEL)
		worker_drop(worker, mbuf, DROP_PUNT_NONE);
	else if (!rate_take(&worker->punt_rate))
		worker_drop(worker, mbuf, DROP_PUNT_RATE);
	else {
		if (worker->config.ports[port].vlan_id != 0)
			pop_tag(mbuf);
		output_add(worker, &worker->kernel[port], mbuf);
	}
}

void output_flush(struct worker *worker, struct output *output)
{
	uint16_t sent;

	if (output->count == 0)
		return;
	if (unlikely(worker->capture != NULL))
		capture_sent(worker, output);
	sent = rte_eth_tx_burst(
		output->port_id, (uint16_t)worker->config.index, output->mbufs, output->count);
	metrics_add(output->sent, sent);
	for (; unlikely(sent < output->count); sent++) {
		output->mbufs[sent]->port = output->port_id; // where a capture shows it
		worker_drop(worker, output->mbufs[sent], output->full);
	}
	output->count = 0;
}
