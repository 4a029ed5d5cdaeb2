// SPDX-License-Identifier: BSD-3-Clause
#include "arrive.h"

#define PIECE_SIZE 100

static struct rte_mbuf *pieces(
	struct stage *stage, const uint8_t *bytes, uint32_t size, uint16_t data_off)
{
	struct rte_mbuf *head = stage_make(stage, bytes, RTE_MIN(size, PIECE_SIZE), data_off);

	for (uint32_t at = PIECE_SIZE; at < size; at += PIECE_SIZE) {
		uint32_t part = RTE_MIN(size - at, PIECE_SIZE);

		need(rte_pktmbuf_chain(head, stage_make(stage, bytes + at, part, 0)) == 0,
			"too many pieces");
	}
	return head;
}

static struct rte_mbuf *make(struct stage *stage, enum how how, const uint8_t *bytes, uint32_t size)
{
	switch (how) {
	case NO_HEADROOM:
		return stage_make(stage, bytes, size, 0);
	case IN_PIECES:
		return pieces(stage, bytes, size, RTE_PKTMBUF_HEADROOM);
	case TOO_MANY_PIECES:
		return pieces(stage, bytes, size, STAGE_BUFFER_SIZE - PIECE_SIZE);
	default:
		return stage_make(stage, bytes, size, RTE_PKTMBUF_HEADROOM);
	}
}

void arrive(struct stage *stage, enum how how, const uint8_t *bytes, uint32_t size)
{
	uint32_t side = WIRE;

	if (how == FROM_KERNEL)
		side = KERNEL;
	else if (how == FROM_OTHER_WIRE)
		side = OTHER_WIRE;
	else if (how == WIRE_FULL)
		stage_fill(stage, WIRE);
	else if (how == KERNEL_FULL)
		stage_fill(stage, KERNEL);
	stage_bring_in(stage, side, make(stage, how, bytes, size));
}
