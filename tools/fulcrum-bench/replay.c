// SPDX-License-Identifier: BSD-3-Clause
#include "replay.h"

#include "command.h"
#include "pcap.h"

#include <base/printable.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static const char help[] =
	"usage: fulcrum-bench replay --config POOL_FILE --in IN.pcap --out OUT.pcap [OPTIONS]\n"
	"\n"
	"Every frame of IN, as received by a worker of the daemon, without a NIC: what the worker sends out of\n"
	"its port goes to OUT with the time stamp of the frame that it is for. Prints how many came to which\n"
	"end. Ends with 1 where a frame is unaccounted for, with 2 for a bad file.\n"
	"\n"
	"  --daemon FILE     fulcrumd.yaml: the first port's MTU and VLAN, table size, rates (per second of\n"
	"                    this run, not of the capture); without it 1500 bytes, no VLAN, no rates\n"
	"  --next-hop MAC    of every backend (02:00:00:00:00:02)\n"
	"  --source ADDRESS  of outer headers, once for each family (192.0.2.1 and 2001:db8::1)\n";

#define MAX_HOLD_MS 3000 // what waits for a first fragment is given up well before

struct tally {
	uint64_t frames; // that were read
	uint64_t cut; // of which the capture has not all bytes
	uint64_t to_wire;
	uint64_t to_kernel;
};

enum { CONFIG, IN, OUT, DAEMON, NEXT_HOP, SOURCE, HELP };

static int set_option(struct replay_options *options, int option, char *value)
{
	const char **texts[] = {&options->config, &options->in, &options->out, &options->daemon};
	struct addr source;

	if (option <= DAEMON) {
		*texts[option] = value;
		return 0;
	}
	if (option == NEXT_HOP && mac_parse(value, &options->next_hop) == 0)
		return 0;
	if (option == SOURCE && addr_parse(value, &source) == 0) {
		options->sources[source.family != ADDR_IPV4] = source;
		return 0;
	}
	printable_line(stderr, "fulcrum-bench replay: '%s' is no %s", value,
		option == NEXT_HOP ? "MAC address" : "IP address");
	return -EINVAL;
}

const struct option options_replay[] = {{"config", 1, NULL, CONFIG}, {"in", 1, NULL, IN},
	{"out", 1, NULL, OUT}, {"daemon", 1, NULL, DAEMON}, {"next-hop", 1, NULL, NEXT_HOP},
	{"source", 1, NULL, SOURCE}, {"help", 0, NULL, HELP}, {0}};

// 0, 1 for --help, or -EINVAL.
static int parse_options(int argc, char **argv, struct replay_options *options)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options_replay, NULL)) != -1) {
		if (option == HELP)
			return 1;
		if (option == '?' || set_option(options, option, optarg) != 0)
			return -EINVAL;
	}
	if (optind == argc && options->config != NULL && options->in != NULL &&
		options->out != NULL)
		return 0;
	fprintf(stderr, "fulcrum-bench replay: --config, --in and --out are needed, and no more\n");
	return -EINVAL;
}

// One round of the worker, and what came of it.
static int poll_once(
	struct stage *stage, const struct pcap_frame *frame, FILE *out, struct tally *tally)
{
	struct rte_mbuf *mbuf;
	bool good = true;

	worker_poll(stage->worker);
	while ((mbuf = stage_take_out(stage, WIRE)) != NULL) {
		good = good && pcap_write(out, frame->seconds, frame->microseconds,
				       rte_pktmbuf_mtod(mbuf, void *), mbuf->data_len);
		tally->to_wire++;
		rte_pktmbuf_free(mbuf);
	}
	while ((mbuf = stage_take_out(stage, KERNEL)) != NULL) {
		tally->to_kernel++;
		rte_pktmbuf_free(mbuf);
	}
	return good ? 0 : -EIO;
}

// Fragments whose first one never came: until the worker gives them up.
static int wait_for_held(
	struct stage *stage, const struct pcap_frame *frame, FILE *out, struct tally *tally)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	int rc = 0;

	for (int ms = 0; rc == 0 && stage->metrics->held > 0 && ms < MAX_HOLD_MS; ms++) {
		nanosleep(&pause, NULL);
		rc = poll_once(stage, frame, out, tally);
	}
	return rc;
}

static int run(struct stage *stage, struct pcap_reader *in, FILE *out, struct tally *tally,
	struct error *err)
{
	static struct pcap_frame frame;
	int rc;

	while ((rc = pcap_read(in, &frame, err)) == 1) {
		tally->frames++;
		tally->cut += frame.size < frame.wire_size;
		if (frame.size > STAGE_BUFFER_SIZE - RTE_PKTMBUF_HEADROOM)
			return error_set(err, EINVAL,
				"%s: frame %u has %u bytes: no port takes such a frame", in->path,
				in->number, frame.size);
		stage_bring_in(stage, WIRE,
			stage_make(stage, frame.bytes, frame.size, RTE_PKTMBUF_HEADROOM));
		if (poll_once(stage, &frame, out, tally) != 0)
			return error_set(err, EIO, "the output cannot be written");
	}
	if (rc == 0 && wait_for_held(stage, &frame, out, tally) != 0)
		rc = error_set(err, EIO, "the output cannot be written");
	return rc;
}

static void print_count(const char *what, const char *text, uint64_t count)
{
	if (count != 0)
		printf("%12" PRIu64 "  %-24s%s%s\n", count, what, text[0] != '\0' ? "  " : "",
			text);
}

static void print_tally(const struct metrics_worker *metrics, const struct tally *tally)
{
	char name[64];

	printf("%12" PRIu64 "  %s\n", tally->frames, "frames came in");
	print_count("made", "pieces beyond the first, of packets that were cut", metrics->made);
	print_count("forwarded", "to backends", metrics->forwarded);
	print_count("answered", "by the balancer itself", metrics->answered);
	print_count("punted", "to the kernel", metrics->to_kernel);
	print_count("held", "still waiting for a first fragment", metrics->held);
	for (int r = 0; r < DROP_REASON_COUNT; r++) {
		snprintf(name, sizeof(name), "dropped %s", drop_label((enum drop_reason)r));
		print_count(name, drop_text((enum drop_reason)r), metrics->dropped[r]);
	}
	if (tally->cut > 0)
		printf("note: the capture has not all bytes of %" PRIu64
		       " frames; take it with a larger snap length\n",
			tally->cut);
}

// True where what was read, what the worker counted and what came out of it agree.
static bool balances(const struct metrics_worker *metrics, const struct tally *tally)
{
	return metrics_balanced(metrics) && metrics->received == tally->frames &&
	       metrics->forwarded + metrics->answered == tally->to_wire &&
	       metrics->to_kernel == tally->to_kernel;
}

static int report(const struct metrics_worker *metrics, const struct tally *tally)
{
	print_tally(metrics, tally);
	if (balances(metrics, tally)) {
		printf("every frame is accounted for\n");
		return 0;
	}
	printf("NOT every frame is accounted for: %" PRIu64 " received, %" PRIu64
	       " left by the wire, %" PRIu64 " to the kernel\n",
		metrics->received, tally->to_wire, tally->to_kernel);
	return EXIT_UNMET;
}

// Between the files and the stage, both open.
static int replay_file(
	struct replay *replay, const struct replay_options *options, struct error *err)
{
	struct tally tally = {0};
	struct pcap_reader in;
	FILE *out;
	int rc = pcap_open(&in, options->in, err);

	if (rc != 0)
		return rc;
	out = pcap_create(options->out);
	rc = out == NULL ? error_set(err, EIO, "%s cannot be made", options->out)
			 : run(&replay->stage, &in, out, &tally, err);
	if (out != NULL && fclose(out) != 0 && rc == 0)
		rc = error_set(err, EIO, "%s cannot be written", options->out);
	pcap_close(&in);
	return rc != 0 ? rc : report(replay->stage.metrics, &tally);
}

int command_replay(const struct ctl *none, int argc, char **argv)
{
	static struct replay replay;
	struct replay_options options = {.next_hop = {{2, 0, 0, 0, 0, 2}}};
	struct error err;
	int rc;

	addr_parse("192.0.2.1", &options.sources[0]);
	addr_parse("2001:db8::1", &options.sources[1]);
	rc = parse_options(argc, argv, &options);
	if (rc != 0) {
		fputs(help, rc > 0 ? stdout : stderr);
		return rc > 0 ? 0 : EXIT_USAGE;
	}
	rc = replay_open(&replay, &options, &err);
	if (rc == 0) {
		rc = replay_file(&replay, &options, &err);
		replay_close(&replay);
	}
	if (rc >= 0)
		return rc;
	printable_line(stderr, "fulcrum-bench replay: %s", err.text);
	return EXIT_USAGE;
}
