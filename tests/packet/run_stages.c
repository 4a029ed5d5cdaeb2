// SPDX-License-Identifier: BSD-3-Clause
// Takes a capture through the stages of a worker, as the daemon links them, without a NIC.
//   run_stages [--punt-rate N] [--vlan-id N] [--vlan-kept] [--partial] IN OUT POLL:POOL_FILE:HOPS_FILE...
//
// A frame's seconds in IN number the poll that it comes in with, its microseconds say how (enum
// how). In OUT the seconds are the poll that sent a frame, the microseconds where it left. Each
// snapshot is published before its poll. On standard output, a line a poll: its number, and every
// counter that moved, as name=count. After the last frame it goes on until nothing is held any
// more, and reports that as one more poll.
#include "arrive.h"
#include "pcap.h"
#include "world.h"

#include <rte_mbuf.h>

#include <stdlib.h>
#include <time.h>

#define FLOWS 16384

static struct stage stage;
static struct world world = {.publisher = &stage.publisher};
static struct metrics_worker before; // as they were at the last report

#define COUNTERS(X)    \
	X(received)    \
	X(from_kernel) \
	X(made) X(forwarded) X(to_kernel) X(injected) X(answered) X(probe_answers) X(held)

static void report(uint32_t poll)
{
	const struct metrics_worker *now = stage.metrics;

	printf("%u", poll);
#define X(name)                       \
	if (now->name != before.name) \
		printf(" " #name "=%lld", (long long)(now->name - before.name));
	COUNTERS(X)
#undef X
	if (now->rx_checksum_partial[0] != before.rx_checksum_partial[0])
		printf(" partial=%lld",
			(long long)(now->rx_checksum_partial[0] - before.rx_checksum_partial[0]));
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
			need(pcap_write(out, poll, side, rte_pktmbuf_mtod(mbuf, void *),
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
	if (world_publish(&world, pool_file, hops_file, &err) != 0)
		need(false, err.text);
}

// Fragments whose first one never came, until the worker gives them up.
static void wait_for_held(FILE *out, uint32_t poll)
{
	const struct timespec pause = {.tv_nsec = 1000000};

	if (stage.metrics->held == 0)
		return;
	while (stage.metrics->held > 0) {
		nanosleep(&pause, NULL);
		worker_poll(stage.worker);
	}
	poll_once(out, poll);
}

static bool next_frame(struct pcap_reader *in, struct pcap_frame *out)
{
	struct error err;
	int rc = pcap_read(in, out, &err);

	if (rc < 0)
		need(false, err.text);
	return rc == 1;
}

static void run(struct pcap_reader *in, FILE *out, char **changes)
{
	static struct pcap_frame frame;
	bool more = next_frame(in, &frame);
	uint32_t poll = 0;

	for (; more; poll++) {
		poll = frame.seconds;
		for (; *changes != NULL && due(*changes) <= poll; changes++)
			publish(*changes);
		for (; more && frame.seconds == poll; more = next_frame(in, &frame))
			arrive(&stage, (enum how)frame.microseconds, frame.bytes, frame.size);
		poll_once(out, poll);
	}
	wait_for_held(out, poll);
}

// Returns the arguments behind the options.
static char **read_options(char **argv, struct worker_config *config)
{
	for (; *argv != NULL && argv[0][0] == '-'; argv++) {
		if (strcmp(*argv, "--vlan-kept") == 0) {
			config->ports[0].vlan_kept = true;
			continue;
		}
		if (strcmp(*argv, "--partial") == 0) {
			config->ports[0].partial = config->ports[0].kernel_partial = true;
			continue;
		}
		need(argv[1] != NULL, "an option wants a number");
		if (strcmp(*argv, "--punt-rate") == 0)
			config->punt_rate = (uint32_t)strtoul(*++argv, NULL, 10);
		else if (strcmp(*argv, "--vlan-id") == 0)
			config->ports[0].vlan_id = (uint16_t)strtoul(*++argv, NULL, 10);
		else
			need(false, "an unknown option");
	}
	return argv;
}

int main(int argc, char **argv)
{
	struct worker_config config = {.ports = {{.mac = WORLD_MAC}, {.mac = WORLD_MAC}}};
	struct pcap_reader in;
	struct error err;
	FILE *out;

	(void)argc;
	argv = read_options(argv + 1, &config);
	need(argv[0] != NULL && argv[1] != NULL && argv[2] != NULL,
		"usage: run_stages [OPTION...] IN OUT POLL:POOL_FILE:HOPS_FILE...");
	if (pcap_open(&in, argv[0], &err) != 0)
		need(false, err.text);
	out = pcap_create(argv[1]);
	need(out != NULL, "OUT cannot be made");
	stage_open(&stage, FLOWS, WORLD_NAMES_MAX, &config);
	run(&in, out, argv + 2);
	pcap_close(&in);
	need(fclose(out) == 0, "OUT cannot be written");
	stage_close(&stage);
	return 0;
}
