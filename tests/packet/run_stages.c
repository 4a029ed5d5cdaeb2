// SPDX-License-Identifier: BSD-3-Clause
// Takes a capture through the stages of a worker, as the daemon links them, without a NIC.
//   run_stages [--punt-rate N] IN OUT POLL:POOL_FILE:HOPS_FILE...
//
// A frame's seconds in IN number the poll that it comes in with, its microseconds say how (enum how). In
// OUT the seconds are the poll that sent a frame, the microseconds where it left. Each snapshot is published
// before its poll. On standard output, a line a poll: its number, and every counter that moved, as
// name=count.
#include "capture.h"
#include "stage.h"

#include <rte_mbuf.h>

#include <stdlib.h>

#define FLOWS 16384

static struct stage stage;
static struct metrics_worker before; // as they were at the last report

#define COUNTERS(X) \
	X(received) \
	X(from_kernel) X(made) X(forwarded) X(to_kernel) X(injected) X(answered) X(held)

static void report(uint32_t poll)
{
	const struct metrics_worker *now = stage.metrics;

	printf("%u", poll);
#define X(name)                       \
	if (now->name != before.name) \
		printf(" " #name "=%lld", (long long)(now->name - before.name));
	COUNTERS(X)
#undef X
	for (int r = 0; r < DROP_REASON_COUNT; r++) {
		uint64_t more = now->dropped[r] - before.dropped[r];

		if (more > 0)
			printf(" dropped:%s=%llu", drop_label((enum drop_reason)r),
				(unsigned long long)more);
	}
	printf("\n");
	before = *now;
}

static void poll_once(FILE *out, uint32_t poll)
{
	struct rte_mbuf *mbuf;

	worker_poll(stage.worker);
	for (uint32_t side = 0; side < SIDES; side++) {
		while ((mbuf = stage_take_out(&stage, side)) != NULL) {
			need(capture_write(out, poll, side, rte_pktmbuf_mtod(mbuf, void *),
				     mbuf->data_len),
				"OUT cannot be written");
			rte_pktmbuf_free(mbuf);
		}
	}
	report(poll);
	need(metrics_balanced(stage.metrics), "a packet left the path uncounted");
}

static uint32_t due(const char *change)
{
	return (uint32_t)strtoul(change, NULL, 10);
}

static void publish(char *change)
{
	const char *pool_file, *hops_file;
	struct error err;

	strtok(change, ":");
	pool_file = strtok(NULL, ":");
	hops_file = strtok(NULL, ":");
	need(hops_file != NULL, "a snapshot is POLL:POOL_FILE:HOPS_FILE");
	if (world_publish(&stage.world, pool_file, hops_file, &err) != 0)
		need(false, err.text);
}

static void run(FILE *in, FILE *out, char **changes)
{
	static struct capture_frame frame;
	bool more = capture_read(in, &frame);

	while (more) {
		uint32_t poll = frame.seconds;

		for (; *changes != NULL && due(*changes) <= poll; changes++)
			publish(*changes);
		for (; more && frame.seconds == poll; more = capture_read(in, &frame))
			stage_bring_in(
				&stage, (enum how)frame.microseconds, frame.bytes, frame.size);
		poll_once(out, poll);
	}
}

int main(int argc, char **argv)
{
	uint32_t punt_rate = 0;
	FILE *in;
	FILE *out;

	if (argc > 2 && strcmp(argv[1], "--punt-rate") == 0) {
		punt_rate = (uint32_t)strtoul(argv[2], NULL, 10);
		argv += 2;
		argc -= 2;
	}
	need(argc >= 4, "usage: run_stages [--punt-rate N] IN OUT POLL:POOL_FILE:HOPS_FILE...");
	in = capture_open(argv[1]);
	need(in != NULL, "IN is no Ethernet capture");
	out = capture_create(argv[2]);
	need(out != NULL, "OUT cannot be made");
	stage_open(&stage, FLOWS, punt_rate);
	run(in, out, argv + 3);
	fclose(in);
	need(fclose(out) == 0, "OUT cannot be written");
	stage_close(&stage);
	return 0;
}
