// SPDX-License-Identifier: BSD-3-Clause
#include "lane.h"

#include <pipeline/worker_private.h>
#include <rte_cycles.h>

_Static_assert(LANE_SEND - LANE_STAGES == WORKER_STAGES, "a step for each of the worker's stages");

const char *lane_step_name(uint32_t step)
{
	if (step == LANE_RECEIVE)
		return "receive";
	return step == LANE_SEND ? "send" : worker_stages[step - LANE_STAGES].name;
}

static double lap(uint64_t *since, uint32_t packets)
{
	uint64_t now = rte_rdtsc(), cycles = now - *since;

	*since = now;
	return (double)cycles / packets;
}

// One round of worker_poll() for a worker of one port without a kernel side.
static uint32_t poll_by_stage(struct worker *worker, struct lane_steps *out)
{
	struct burst *burst = &worker->burst;
	uint16_t port = worker->config.ports[0].id, queue = (uint16_t)worker->config.index;
	uint64_t since = rte_rdtsc();
	uint32_t at = out->count % LANE_SAMPLES, received;

	burst->port = 0;
	burst->count = rte_eth_rx_burst(port, queue, burst->mbufs, PIPELINE_BURST);
	received = burst->count;
	if (received == 0)
		return 0;
	metrics_add(&worker->metrics->received, received);
	out->cycles[LANE_RECEIVE][at] = lap(&since, received);
	for (uint32_t i = 0; i < WORKER_STAGES; i++) {
		worker_stages[i].run(worker, burst);
		out->cycles[LANE_STAGES + i][at] = lap(&since, received);
	}
	output_flush(worker, &worker->wire[0]);
	out->cycles[LANE_SEND][at] = lap(&since, received);
	out->count++;
	return received;
}

uint64_t lane_balance_by_stage(struct lane *lane, uint64_t packets, struct lane_steps *out)
{
	uint64_t done = worker_poll(lane->worker); // the clock, the snapshot

	while (done < packets)
		done += poll_by_stage(lane->worker, out);
	return done;
}
