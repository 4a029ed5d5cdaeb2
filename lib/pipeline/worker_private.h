// SPDX-License-Identifier: BSD-3-Clause
#ifndef PIPELINE_WORKER_PRIVATE_H
#define PIPELINE_WORKER_PRIVATE_H

#include <flow/flow_inline.h>
#include <packet/fragment.h>
#include <pipeline/fragment.h>
#include <pipeline/pipeline.h>
#include <pipeline/rate.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

// What the stages share. Every stage is a loop over the burst; a packet that leaves the path there
// is taken out of it, so that the arrays stay dense.

struct burst {
	uint32_t count;
	uint32_t port; // that it came from
	uint32_t begins; // SYNs: packets that begin a flow, mostly
	struct rte_mbuf *mbufs[PIPELINE_BURST];
	struct packet packets[PIPELINE_BURST];
	struct hash128 hashes[PIPELINE_BURST];
	uint16_t services[PIPELINE_BURST];
	uint32_t backends[PIPELINE_BURST]; // references
	// Later fragments, put aside: the burst's first ones are to be known before them.
	uint32_t later_count;
	struct later_fragment {
		struct rte_mbuf *mbuf;
		struct packet packet;
	} later[PIPELINE_BURST];
};

// Packets on their way to one transmit queue.
struct output {
	uint16_t port_id;
	uint16_t count;
	uint64_t *sent; // counters of what is in here, one for all
	enum drop_reason full;
	struct rte_mbuf *mbufs[PIPELINE_BURST];
};

struct worker {
	struct worker_config config;
	const struct snapshot *snapshot;
	struct capture *capture; // NULL: nobody captures
	struct flow_table *flows;
	struct metrics_worker *metrics;
	uint32_t now_s;
	uint64_t tsc;
	uint64_t tsc_per_ms;
	uint64_t next_tick_tsc;
	uint64_t frame_heads[PIPELINE_PORTS_MAX]; // of those that may be common packets
	struct rate punt_rate;
	struct rate new_flow_rate;
	struct flow_sweeper sweeper;
	struct output wire[PIPELINE_PORTS_MAX]; // to backends
	struct output kernel[PIPELINE_PORTS_MAX]; // punted
	struct output inject[PIPELINE_PORTS_MAX]; // from the kernel, out of the port
	struct output answer[PIPELINE_PORTS_MAX]; // our own replies to the sender
	struct rate reset_rate;
	struct rate echo_rate;
	struct rate too_big_rate;
	struct rate no_port_rate;
	struct rate reject_rate;
	struct fragments *fragments;
	uint32_t outer_id; // of the next outer packet in pieces
	bool many_unknown; // half of the burst before was in the middle of no known flow
	struct burst burst;
} __attribute__((aligned(RTE_CACHE_LINE_SIZE))); // no line of it is another worker's

// --- The stages, in their order ---

void stage_parse(struct worker *worker, struct burst *burst);
void stage_hash(struct worker *worker, struct burst *burst);
void stage_capture(struct worker *worker, struct burst *burst); // mostly, nobody does
void stage_classify(struct worker *worker, struct burst *burst);
void stage_select(struct worker *worker, struct burst *burst);
void stage_forward(struct worker *worker, struct burst *burst);
void stage_later(struct worker *worker, struct burst *burst);

struct worker_stage {
	const char *name;
	void (*run)(struct worker *worker, struct burst *burst);
};
#define WORKER_STAGES 7
extern const struct worker_stage worker_stages[WORKER_STAGES];

// --- Beside the stages: ports between guests and containers of one host ---

// Packets that came with partial checksums get whole ones: a burst's, parsed, and what the kernel
// sends.
void worker_complete_burst(struct worker *worker, struct burst *burst);
void worker_complete_injected(struct worker *worker, uint32_t port, struct output *output);

// --- Beside the stages: packets that come seldom ---

// Where a packet goes.
struct target {
	uint32_t backend; // reference
	uint32_t entropy; // alike for all packets of a flow
	uint16_t service;
};

// One packet to its backend.
void worker_forward(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target);
// Too big for its backend's path: cut, answered, or dropped.
void worker_oversize(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, const struct target *target);
// Encapsulated and too big for 'mtu': its outer packet, whose header of 'header' bytes is at
// 'outer_ip', leaves in pieces.
#define OUTER_PIECES_MAX 4 // of 1,320 bytes, over the smallest path that there is: 576
void worker_send_in_pieces(struct worker *worker, struct rte_mbuf *mbuf, const uint8_t *outer_ip,
	uint32_t header, uint16_t mtu, struct output *output);
// A first fragment got its backend: the later ones follow, those that are held at once.
void worker_first_fragment(struct worker *worker, const struct packet *packet,
	const struct fragment_place *place, const struct target *target);
// A first fragment was refused: the later ones are not to wait for it.
void worker_refuse_fragments(
	struct worker *worker, const struct packet *packet, enum drop_reason reason);
void worker_expire_fragments(struct worker *worker);
// The half-open probes that wait to be sent.
void worker_send_probes(struct worker *worker);

// --- What ends a packet's way ---

// Moves the buffer's first byte to 'frame' and its end to 'end': what was padding stays behind.
static inline void worker_reframe(struct rte_mbuf *mbuf, uint8_t *frame, const uint8_t *end)
{
	mbuf->data_off = (uint16_t)(frame - (uint8_t *)mbuf->buf_addr);
	mbuf->data_len = (uint16_t)(end - frame);
	mbuf->pkt_len = mbuf->data_len;
}

void worker_drop(struct worker *worker, struct rte_mbuf *mbuf, enum drop_reason reason);
// False where the buffer has no room for the tag.
bool worker_push_tag(struct rte_mbuf *mbuf, uint16_t tci);
void worker_punt(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf);
// A packet for no VIP: the kernel's, or the answer to a half-open probe.
void worker_leave(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
// Our own answers, each in the packet's own buffer, rate-limited.
void worker_reset(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
// Nobody can serve it: a RST, or port unreachable.
void worker_reject(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
void worker_echo(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
// Of an echo request in fragments, each is answered for itself: the whole is never here.
void worker_echo_first(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
#define ECHO_ANSWERED DROP_REASON_COUNT
enum drop_reason worker_echo_fragment( // why it was dropped
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
// No service has its port: dropped, but for the last packet of a traceroute.
void worker_no_service(
	struct worker *worker, uint32_t port, struct rte_mbuf *mbuf, const struct packet *packet);
void worker_too_big(struct worker *worker, uint32_t port, struct rte_mbuf *mbuf,
	const struct packet *packet, uint16_t mtu);
void output_flush(struct worker *worker, struct output *output);

static inline void output_add(struct worker *worker, struct output *output, struct rte_mbuf *mbuf)
{
	output->mbufs[output->count++] = mbuf;
	if (unlikely(output->count == PIPELINE_BURST))
		output_flush(worker, output);
}

// Keeps packet 'from' at place 'to' of the dense arrays, as far as the stages have filled them.
static inline void burst_keep(struct burst *burst, uint32_t to, uint32_t from)
{
	if (likely(to == from))
		return;
	burst->mbufs[to] = burst->mbufs[from];
	burst->packets[to] = burst->packets[from];
	burst->hashes[to] = burst->hashes[from];
	burst->services[to] = burst->services[from];
	burst->backends[to] = burst->backends[from];
}

#endif
