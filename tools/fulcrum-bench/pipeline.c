// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"
#include "lane.h"

#include <base/clock.h>
#include <base/parse.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <rte_cycles.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
	"usage: fulcrum-bench pipeline [OPTIONS]\n"
	"\n"
	"What a packet costs a worker of the daemon: a generator writes TCP headers of many flows into few\n"
	"buffers, the worker forwards them to a port that frees them. Each round also takes as many packets\n"
	"straight from the generator to that port; 'net' is the difference. Medians of the rounds, in\n"
	"processor time. Ends with 1 where a packet was not forwarded.\n"
	"\n"
	"  --mode ipip|dsr   (ipip)\n"
	"  --family 4|6      (4)\n"
	"  --flows N         that are open, with k or M for 1024 or 1048576 (1k)\n"
	"  --syn PERCENT     of packets: SYNs of new flows (0)\n"
	"  --miss PERCENT    of packets: others of new flows (0)\n"
	"  --size BYTES      of a frame, 60 to 1514 (the least that the family has)\n"
	"  --backends N      (100)\n"
	"  --services N      that the flows are spread over (1)\n"
	"  --burst N         packets a poll, at most 64 (64)\n"
	"  --rounds N        (15)\n"
	"  --packets N       of a round (1M)\n"
	"  --no-huge         4 KiB pages even where others are free\n"
	"  --json            one object on one line\n";

#define ROUNDS_MAX    1001
#define IPV6_SIZE_MIN 74u
#define FLOWS_MAX     (64u << 20)

enum { FLOWS, SYN, MISS, SIZE, BACKENDS, SERVICES, BURST, ROUNDS, PACKETS, NUMBERS };
enum { MODE = NUMBERS, FAMILY, NO_HUGE, JSON, HELP };

struct options {
	struct lane_options lane;
	uint64_t numbers[NUMBERS];
	bool json;
};

// "4096", "128k", "1M".
static int parse_count(const char *text, uint64_t *out)
{
	size_t size = strlen(text);
	char digits[24];
	char last = size > 0 ? text[size - 1] : '\0';
	uint32_t shift = last == 'k' ? 10 : last == 'M' ? 20 : 0;

	if (size >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, size + 1);
	if (shift != 0)
		digits[size - 1] = '\0';
	if (parse_u64(digits, out) != 0 || *out > UINT64_MAX >> 20)
		return -EINVAL;
	*out <<= shift;
	return 0;
}

static int set_number(struct options *options, const char *name, int option, const char *text)
{
	static const struct {
		uint64_t min, max;
	} bounds[NUMBERS] = {
		[FLOWS] = {1, FLOWS_MAX},
		[SYN] = {0, 100},
		[MISS] = {0, 100},
		[SIZE] = {GENERATOR_SIZE_MIN, GENERATOR_SIZE_MAX},
		[BACKENDS] = {1, 65000},
		[SERVICES] = {1, GENERATOR_SERVICES},
		[BURST] = {1, PIPELINE_BURST},
		[ROUNDS] = {1, ROUNDS_MAX},
		[PACKETS] = {1, 1ull << 32},
	};
	uint64_t value;

	if (parse_count(text, &value) == 0 && value >= bounds[option].min &&
		value <= bounds[option].max) {
		options->numbers[option] = value;
		return 0;
	}
	fprintf(stderr,
		"fulcrum-bench pipeline: --%s %s: a whole number from %" PRIu64 " to %" PRIu64 "\n",
		name, text, bounds[option].min, bounds[option].max);
	return -EINVAL;
}

// One of two words.
static int set_word(
	const char *name, const char *text, const char *first, const char *second, bool *out_second)
{
	*out_second = strcmp(text, second) == 0;
	if (*out_second || strcmp(text, first) == 0)
		return 0;
	fprintf(stderr, "fulcrum-bench pipeline: --%s %s: %s or %s\n", name, text, first, second);
	return -EINVAL;
}

static int set_option(struct options *options, const char *name, int option, const char *text)
{
	bool second;
	int rc = 0;

	if (option < NUMBERS)
		return set_number(options, name, option, text);
	if (option == NO_HUGE)
		options->lane.huge = false;
	else if (option == JSON)
		options->json = true;
	else if (option == MODE) {
		rc = set_word(name, text, "ipip", "dsr", &second);
		options->lane.forwarding = second ? CONFIG_DSR : CONFIG_IPIP;
	} else {
		rc = set_word(name, text, "4", "6", &second);
		options->lane.traffic.family = second ? ADDR_IPV6 : ADDR_IPV4;
	}
	return rc;
}

static int take_numbers(struct options *options)
{
	struct generator_options *traffic = &options->lane.traffic;
	const uint64_t *numbers = options->numbers;
	uint32_t least = traffic->family == ADDR_IPV4 ? GENERATOR_SIZE_MIN : IPV6_SIZE_MIN;

	if (numbers[SYN] + numbers[MISS] > 100) {
		fprintf(stderr, "fulcrum-bench pipeline: --syn and --miss are more than 100\n");
		return -EINVAL;
	}
	traffic->flows = numbers[FLOWS];
	traffic->services = (uint32_t)numbers[SERVICES];
	traffic->size = RTE_MAX((uint32_t)numbers[SIZE], least);
	traffic->burst = (uint32_t)numbers[BURST];
	traffic->syn_percent = (double)numbers[SYN];
	traffic->miss_percent = (double)numbers[MISS];
	options->lane.backends = (uint32_t)numbers[BACKENDS];
	return 0;
}

// 0, 1 for --help, or -EINVAL.
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option list[] = {{"flows", 1, NULL, FLOWS}, {"syn", 1, NULL, SYN},
		{"miss", 1, NULL, MISS}, {"size", 1, NULL, SIZE}, {"backends", 1, NULL, BACKENDS},
		{"services", 1, NULL, SERVICES}, {"burst", 1, NULL, BURST},
		{"rounds", 1, NULL, ROUNDS}, {"packets", 1, NULL, PACKETS}, {"mode", 1, NULL, MODE},
		{"family", 1, NULL, FAMILY}, {"no-huge", 0, NULL, NO_HUGE}, {"json", 0, NULL, JSON},
		{"help", 0, NULL, HELP}, {0}};
	int option, at = 0;

	while ((option = getopt_long(argc, argv, "", list, &at)) != -1) {
		if (option == HELP)
			return 1;
		if (option == '?' || set_option(options, list[at].name, option, optarg) != 0)
			return -EINVAL;
	}
	if (optind == argc)
		return take_numbers(options);
	fprintf(stderr, "fulcrum-bench pipeline: options alone, not '%s'\n", argv[optind]);
	return -EINVAL;
}

// Of this thread: what other processes take on a shared machine is left out.
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

static double time_ns(struct lane *lane, uint64_t (*run)(struct lane *, uint64_t), uint64_t packets)
{
	uint64_t began = cpu_ns();

	packets = run(lane, packets);
	return (double)(cpu_ns() - began) / (double)packets;
}

enum figure { GROSS, ALONE, NET, FIGURES };

struct result {
	double ns[FIGURES][ROUNDS_MAX]; // sorted, when the rounds are over
	uint64_t rounds;
	struct metrics_worker before; // counters when the rounds began
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(struct lane *lane, const struct options *options, struct result *result)
{
	result->rounds = options->numbers[ROUNDS];
	result->before = *lane->metrics;
	for (uint64_t r = 0; r < result->rounds; r++) {
		result->ns[ALONE][r] = time_ns(lane, lane_pass, options->numbers[PACKETS]);
		result->ns[GROSS][r] = time_ns(lane, lane_balance, options->numbers[PACKETS]);
		result->ns[NET][r] = result->ns[GROSS][r] - result->ns[ALONE][r];
	}
	for (int f = 0; f < FIGURES; f++)
		qsort(result->ns[f], result->rounds, sizeof(double), compare);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static void print_result(
	const struct lane *lane, const struct options *options, const struct result *result)
{
	const struct generator_options *traffic = &options->lane.traffic;
	const struct metrics_worker *after = lane->metrics, *before = &result->before;
	uint64_t received = after->received - before->received;
	double net = result->ns[NET][result->rounds / 2];

	printf(options->json
			? "{\"mode\": \"%s\", \"family\": %d, \"flows\": %" PRIu64
			  ", \"syn_percent\": %.0f, \"miss_percent\": %.0f, \"size\": %u, "
			  "\"backends\": %u, \"services\": %u, \"burst\": %u, \"pages\": \"%s\", "
			  "\"gross_ns\": %.2f, \"generator_ns\": %.2f, \"net_ns\": %.2f, "
			  "\"net_ns_quartiles\": [%.2f, %.2f], \"net_tsc_cycles\": %.1f, "
			  "\"hit_percent\": %.2f, \"evicted_percent\": %.2f}\n"
			: "%s, IPv%d, %" PRIu64 " flows, %.0f%% SYNs and %.0f%% others of new "
			  "flows,\nframes of %u bytes, %u backends, %u services, bursts of %u, "
			  "%s pages\n\n"
			  "ns a packet   gross %.1f   generator %.1f   net %.1f (half of the "
			  "rounds: %.1f to %.1f)\n"
			  "TSC cycles    net %.0f\n"
			  "flow table    %.1f%% of packets hit, %.1f%% evicted another\n",
		options->lane.forwarding == CONFIG_DSR ? "dsr" : "ipip", (int)traffic->family,
		traffic->flows, traffic->syn_percent, traffic->miss_percent, traffic->size,
		options->lane.backends, traffic->services, traffic->burst,
		lane->huge ? "2 MiB" : "4 KiB", result->ns[GROSS][result->rounds / 2],
		result->ns[ALONE][result->rounds / 2], net, result->ns[NET][result->rounds / 4],
		result->ns[NET][result->rounds * 3 / 4],
		net * (double)rte_get_tsc_hz() / (double)CLOCK_NS_PER_S,
		percent(after->flow_hits - before->flow_hits, received),
		percent(after->flow_evictions - before->flow_evictions, received));
}

int command_pipeline(int argc, char **argv)
{
	static struct lane lane;
	static struct result result;
	struct options options = {
		.lane = {.traffic = {.family = ADDR_IPV4}, .forwarding = CONFIG_IPIP, .huge = true},
		.numbers = {[FLOWS] = 1024,
			[BACKENDS] = 100,
			[SERVICES] = 1,
			[BURST] = PIPELINE_BURST,
			[ROUNDS] = 15,
			[PACKETS] = 1 << 20},
	};
	int rc = parse_options(argc, argv, &options);
	bool whole;

	if (rc != 0) {
		fputs(help, rc > 0 ? stdout : stderr);
		return rc > 0 ? 0 : EXIT_USAGE;
	}
	lane_open(&lane, &options.lane);
	measure(&lane, &options, &result);
	print_result(&lane, &options, &result);
	whole = lane.metrics->forwarded == lane.metrics->received;
	if (!whole)
		fprintf(stderr,
			"fulcrum-bench pipeline: %" PRIu64 " of %" PRIu64
			" packets were not forwarded\n",
			lane.metrics->received - lane.metrics->forwarded, lane.metrics->received);
	lane_close(&lane);
	return whole ? 0 : EXIT_UNMET;
}
