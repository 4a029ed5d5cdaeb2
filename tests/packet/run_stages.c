// SPDX-License-Identifier: BSD-3-Clause
// Takes a capture through the stages of a worker, as the daemon links them, without a NIC.
//   run_stages [--punt-rate N] IN OUT POLL:POOL_FILE:HOPS_FILE...
//
// A frame's seconds in IN number the poll that it comes in with, its microseconds say how (enum how). In
// OUT the seconds are the poll that sent a frame, the microseconds where it left. Each snapshot is published before
// its poll. On standard output, a line a poll: its number, and every counter that moved, as name=count.
#include "capture.h"
#include "world.h"

#include <pipeline/pipeline.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

// As case.py numbers them.
enum how {
	FROM_WIRE,
	FROM_KERNEL,
	NO_HEADROOM,
	IN_PIECES,
	TOO_MANY_PIECES,
	WIRE_FULL,
	KERNEL_FULL,
	FROM_OTHER_WIRE,
};

#define BUFFER_SIZE (RTE_PKTMBUF_HEADROOM + 12288)
#define PIECE_SIZE  100
#define FLOWS       16384

// The two ports, and the first one's kernel side; the second has none.
enum { WIRE, OTHER_WIRE, KERNEL, SIDES };

struct side {
	struct rte_ring *rx;
	struct rte_ring *tx;
	uint16_t id;
};

struct stage {
	struct side sides[SIDES];
	struct rte_mempool *pool;
	struct world world;
	struct metrics_worker *metrics;
	struct metrics_worker *before; // as they were at the last report
	struct worker *worker;
	FILE *out;
};

static char full_marker; // stands in a transmit ring for what nobody fetched

static void fail(const char *what)
{
	fprintf(stderr, "run_stages: %s\n", what);
	exit(1);
}

static void need(bool good, const char *what)
{
	if (!good)
		fail(what);
}

static void *zeroed(size_t size)
{
	void *memory = aligned_alloc(64, (size + 63) & ~(size_t)63);

	need(memory != NULL, "out of memory");
	return memset(memory, 0, size);
}

// --- Setting up ---

static void start_eal(void)
{
	char core[16];
	char line[] =
		"run_stages --no-huge --no-pci --no-shconf --no-telemetry -m 256 --log-level=4 -l";
	char *arguments[16];
	int count = 0;

	for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
		arguments[count++] = word;
	snprintf(core, sizeof(core), "%d", sched_getcpu());
	arguments[count++] = core;
	need(rte_eal_init(count, arguments) >= 0, "DPDK does not start");
}

static void open_side(struct side *side, const char *name, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = {0};
	char ring_name[32];
	int id;

	snprintf(ring_name, sizeof(ring_name), "%s-rx", name);
	side->rx = rte_ring_create(ring_name, 1024, 0, 0);
	snprintf(ring_name, sizeof(ring_name), "%s-tx", name);
	side->tx = rte_ring_create(ring_name, 1024, 0, 0);
	need(side->rx != NULL && side->tx != NULL, "no memory for a ring");
	id = rte_eth_from_rings(name, &side->rx, 1, &side->tx, 1, 0);
	need(id >= 0, "no port over rings");
	side->id = (uint16_t)id;
	need(rte_eth_dev_configure(side->id, 1, 1, &conf) == 0 &&
			rte_eth_rx_queue_setup(side->id, 0, 0, 0, NULL, pool) == 0 &&
			rte_eth_tx_queue_setup(side->id, 0, 0, 0, NULL) == 0 &&
			rte_eth_dev_start(side->id) == 0,
		"a port over rings does not start");
}

static void open_stage(struct stage *stage, uint32_t punt_rate)
{
	size_t metrics_size = metrics_footprint(WORLD_NAMES_MAX, WORLD_NAMES_MAX);
	struct worker_config config = {
		.publisher = &stage->world.publisher,
		.port_count = 2,
		.flows = flow_table_new(zeroed(flow_table_footprint(FLOWS)), FLOWS),
		.punt_rate = punt_rate,
	};

	stage->pool = rte_pktmbuf_pool_create("frames", 511, 0, 0, BUFFER_SIZE, 0);
	need(stage->pool != NULL, "no memory for buffers");
	open_side(&stage->sides[WIRE], "wire", stage->pool);
	open_side(&stage->sides[OTHER_WIRE], "other", stage->pool);
	open_side(&stage->sides[KERNEL], "kernel", stage->pool);
	config.ports[0] = (struct pipeline_port){stage->sides[WIRE].id, stage->sides[KERNEL].id};
	config.ports[1] = (struct pipeline_port){stage->sides[OTHER_WIRE].id, PIPELINE_NO_KERNEL};
	stage->metrics = metrics_new(zeroed(metrics_size), WORLD_NAMES_MAX, WORLD_NAMES_MAX);
	stage->before = zeroed(sizeof(*stage->before));
	config.metrics = stage->metrics;
	need(publisher_init(&stage->world.publisher, 1) == 0, "no memory for the publisher");
	stage->worker = worker_new(&config);
	need(stage->worker != NULL, "no memory for the worker");
	publisher_online(&stage->world.publisher, 0);
}

// --- In ---

static struct rte_mbuf *piece(
	struct stage *stage, const uint8_t *bytes, uint32_t size, uint16_t data_off)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(stage->pool);

	need(mbuf != NULL, "no buffer left");
	mbuf->data_off = data_off;
	mbuf->data_len = (uint16_t)size;
	mbuf->pkt_len = size;
	memcpy(rte_pktmbuf_mtod(mbuf, void *), bytes, size);
	return mbuf;
}

static struct rte_mbuf *pieces(
	struct stage *stage, const struct capture_frame *frame, uint16_t data_off)
{
	struct rte_mbuf *head =
		piece(stage, frame->bytes, RTE_MIN(frame->size, PIECE_SIZE), data_off);

	for (uint32_t at = PIECE_SIZE; at < frame->size; at += PIECE_SIZE) {
		uint32_t size = RTE_MIN(frame->size - at, PIECE_SIZE);

		need(rte_pktmbuf_chain(head, piece(stage, frame->bytes + at, size, 0)) == 0,
			"too many pieces");
	}
	return head;
}

static struct rte_mbuf *make_mbuf(struct stage *stage, const struct capture_frame *frame)
{
	switch (frame->microseconds) {
	case NO_HEADROOM:
		return piece(stage, frame->bytes, frame->size, 0);
	case IN_PIECES:
		return pieces(stage, frame, RTE_PKTMBUF_HEADROOM);
	case TOO_MANY_PIECES:
		return pieces(stage, frame, BUFFER_SIZE - PIECE_SIZE);
	default:
		return piece(stage, frame->bytes, frame->size, RTE_PKTMBUF_HEADROOM);
	}
}

static void fill(struct rte_ring *ring)
{
	while (rte_ring_enqueue(ring, &full_marker) == 0)
		;
}

static void bring_in(struct stage *stage, const struct capture_frame *frame)
{
	uint32_t side = WIRE;

	if (frame->microseconds == FROM_KERNEL)
		side = KERNEL;
	else if (frame->microseconds == FROM_OTHER_WIRE)
		side = OTHER_WIRE;
	else if (frame->microseconds == WIRE_FULL)
		fill(stage->sides[WIRE].tx);
	else if (frame->microseconds == KERNEL_FULL)
		fill(stage->sides[KERNEL].tx);
	need(rte_ring_enqueue(stage->sides[side].rx, make_mbuf(stage, frame)) == 0,
		"too many frames in a poll");
}

// --- Out ---

static void take_out(struct stage *stage, uint32_t poll, uint32_t side)
{
	void *object;

	while (rte_ring_dequeue(stage->sides[side].tx, &object) == 0) {
		struct rte_mbuf *mbuf = object;

		if (object == &full_marker)
			continue;
		need(mbuf->nb_segs == 1 && mbuf->pkt_len == mbuf->data_len &&
				mbuf->pkt_len <= CAPTURE_FRAME_MAX,
			"a frame came out that is not in one piece");
		need(capture_write(stage->out, poll, side, rte_pktmbuf_mtod(mbuf, void *),
			     mbuf->data_len),
			"OUT cannot be written");
		rte_pktmbuf_free(mbuf);
	}
}

#define COUNTERS(X)    \
	X(received)    \
	X(from_kernel) \
	X(made)        \
	X(forwarded)   \
	X(to_kernel)   \
	X(injected)    \
	X(answered)    \
	X(held)

static void report(struct stage *stage, uint32_t poll)
{
	const struct metrics_worker *now = stage->metrics;

	printf("%u", poll);
#define X(name)                               \
	if (now->name != stage->before->name) \
		printf(" " #name "=%lld", (long long)(now->name - stage->before->name));
	COUNTERS(X)
#undef X
	for (int r = 0; r < DROP_REASON_COUNT; r++) {
		uint64_t more = now->dropped[r] - stage->before->dropped[r];

		if (more > 0)
			printf(" dropped:%s=%llu", drop_label((enum drop_reason)r),
				(unsigned long long)more);
	}
	printf("\n");
	*stage->before = *now;
}

static void poll_once(struct stage *stage, uint32_t poll)
{
	worker_poll(stage->worker);
	for (uint32_t side = 0; side < SIDES; side++)
		take_out(stage, poll, side);
	report(stage, poll);
	need(metrics_balanced(stage->metrics), "a packet left the path uncounted");
}

// --- The whole ---

struct change {
	uint32_t poll;
	char *pool_file;
	char *hops_file;
};

static struct change read_change(char *text)
{
	struct change change = {.poll = (uint32_t)strtoul(strtok(text, ":"), NULL, 10)};

	change.pool_file = strtok(NULL, ":");
	change.hops_file = strtok(NULL, ":");
	need(change.hops_file != NULL, "a snapshot is POLL:POOL_FILE:HOPS_FILE");
	return change;
}

static void publish(struct stage *stage, char *text)
{
	struct change change = read_change(text);
	struct error err;

	if (world_publish(&stage->world, change.pool_file, change.hops_file, &err) != 0)
		fail(err.text);
}

static uint32_t due(const char *change)
{
	return (uint32_t)strtoul(change, NULL, 10);
}

static void run(struct stage *stage, FILE *in, char **changes)
{
	static struct capture_frame frame;
	bool more = capture_read(in, &frame);

	while (more) {
		uint32_t poll = frame.seconds;

		for (; *changes != NULL && due(*changes) <= poll; changes++)
			publish(stage, *changes);
		for (; more && frame.seconds == poll; more = capture_read(in, &frame))
			bring_in(stage, &frame);
		poll_once(stage, poll);
	}
}

static void close_stage(struct stage *stage)
{
	publisher_offline(&stage->world.publisher, 0);
	worker_free(stage->worker);
	publisher_destroy(&stage->world.publisher);
	for (uint32_t side = 0; side < SIDES; side++)
		rte_eth_dev_stop(stage->sides[side].id);
	need(rte_mempool_full(stage->pool), "a buffer was lost");
	rte_eal_cleanup();
}

int main(int argc, char **argv)
{
	static struct stage stage;
	uint32_t punt_rate = 0;
	FILE *in;

	if (argc > 2 && strcmp(argv[1], "--punt-rate") == 0) {
		punt_rate = (uint32_t)strtoul(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	need(argc >= 4, "usage: run_stages [--punt-rate N] IN OUT POLL:POOL_FILE:HOPS_FILE...");
	in = capture_open(argv[1]);
	need(in != NULL, "IN is no Ethernet capture");
	stage.out = capture_create(argv[2]);
	need(stage.out != NULL, "OUT cannot be made");
	start_eal();
	open_stage(&stage, punt_rate);
	run(&stage, in, argv + 3);
	fclose(in);
	need(fclose(stage.out) == 0, "OUT cannot be written");
	close_stage(&stage);
	return 0;
}
