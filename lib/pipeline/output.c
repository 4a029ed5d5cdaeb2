// SPDX-License-Identifier: BSD-3-Clause
#include <pipeline/worker_private.h>

void worker_drop(struct worker *worker, struct rte_mbuf *mbuf, enum drop_reason reason)
{
	metrics_add(&worker->metrics->dropped[reason], 1);
	rte_pktmbuf_free(mbuf);
}

void worker_punt(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf)
{
	if (worker->config.ports[port].kernel_id == PIPELINE_NO_KERNEL)
		worker_drop(worker, mbuf, DROP_PUNT_NONE);
	else if (!rate_take(&worker->punt_rate))
		worker_drop(worker, mbuf, DROP_PUNT_RATE);
	else
		output_add(worker, &worker->kernel[port], mbuf);
}

void output_flush(struct worker *worker, struct output *output)
{
	uint16_t sent;

	if (output->count == 0)
		return;
	sent = rte_eth_tx_burst(
		output->port_id, (uint16_t)worker->config.index, output->mbufs, output->count);
	metrics_add(output->sent, sent);
	for (; unlikely(sent < output->count); sent++)
		worker_drop(worker, output->mbufs[sent], output->full);
	output->count = 0;
}
