// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"
#include "latency.h"
#include "options.h"

#include <errno.h>
#include <getopt.h>

static const char help[] =
	"usage: fulcrum-bench latency [OPTIONS]\n"
	"\n"
	"How long packets stay in a worker of the daemon at 10%, 50% and 90% of the load that it can do on one\n"
	"core: from when a packet was due, whether the worker was ready for it or not, until it is sent. Each\n"
	"round takes every load twice, alone and while another thread applies one change of all services after\n"
	"the other. Medians of the rounds; packets that were due while others had the core, or waited behind\n"
	"those, are told apart, as far as there are others. Ends with 1 where a packet was not forwarded.\n"
	"\n"
	"  --arrivals poisson|even  (poisson)\n"
	"  --mode ipip|dsr   (ipip)\n"
	"  --family 4|6      (4)\n"
	"  --flows N         that are open, with k or M for 1024 or 1048576 (128k)\n"
	"  --services N      that the flows are spread over (1000)\n"
	"  --pools N         that they share, where it is fewer (1000)\n"
	"  --backends N      of each pool (10)\n"
	"  --rounds N        (5)\n"
	"  --round-ms N      of each load in a round, longer where a change takes longer (500)\n"
	"  --realtime        priority over all that is not; for a core that others use (root)\n"
	"  --no-huge         4 KiB pages even where others are free\n"
	"  --json            one object on one line\n";

enum { FLOWS, SERVICES, POOLS, BACKENDS, ROUNDS, ROUND_MS, NUMBERS };
enum { ARRIVALS = NUMBERS, MODE, FAMILY, REALTIME, NO_HUGE, JSON, HELP };

const struct option options_latency[] = {{"flows", 1, NULL, FLOWS}, {"services", 1, NULL, SERVICES},
	{"pools", 1, NULL, POOLS}, {"backends", 1, NULL, BACKENDS}, {"rounds", 1, NULL, ROUNDS},
	{"round-ms", 1, NULL, ROUND_MS}, {"arrivals", 1, NULL, ARRIVALS}, {"mode", 1, NULL, MODE},
	{"family", 1, NULL, FAMILY}, {"realtime", 0, NULL, REALTIME}, {"no-huge", 0, NULL, NO_HUGE},
	{"json", 0, NULL, JSON}, {"help", 0, NULL, HELP}, {0}};

static int set_word(struct latency_options *out, const char *name, int option, const char *text)
{
	bool second = false;
	int rc;

	if (option == ARRIVALS) {
		rc = option_word("latency", name, text, "poisson", "even", &second);
		out->is_poisson = !second;
	} else if (option == MODE) {
		rc = option_word("latency", name, text, "ipip", "dsr", &second);
		out->lane.forwarding = second ? CONFIG_DSR : CONFIG_IPIP;
	} else {
		rc = option_word("latency", name, text, "4", "6", &second);
		out->lane.traffic.family = second ? ADDR_IPV6 : ADDR_IPV4;
	}
	return rc;
}

static int set_option(struct latency_options *out, uint64_t *numbers, const char *name, int option,
	const char *text)
{
	static const struct option_bounds bounds[NUMBERS] = {
		[FLOWS] = {1, GENERATOR_FLOWS_MAX},
		[SERVICES] = {1, 1000},
		[POOLS] = {1, 1000},
		[BACKENDS] = {1, 100},
		[ROUNDS] = {1, LATENCY_ROUNDS_MAX},
		[ROUND_MS] = {1, 60000},
	};

	if (option < NUMBERS)
		return option_number("latency", name, text, &bounds[option], &numbers[option]);
	if (option == NO_HUGE)
		out->lane.huge = false;
	else if (option == REALTIME)
		out->realtime = true;
	else if (option == JSON)
		out->json = true;
	else
		return set_word(out, name, option, text);
	return 0;
}

static void take_numbers(struct latency_options *out, const uint64_t *numbers)
{
	struct generator_options *traffic = &out->lane.traffic;

	traffic->flows = numbers[FLOWS];
	traffic->services = (uint32_t)numbers[SERVICES];
	traffic->size = traffic->family == ADDR_IPV4 ? GENERATOR_SIZE_MIN : GENERATOR_SIZE_MIN_IPV6;
	traffic->burst = PIPELINE_BURST;
	out->lane.pools = (uint32_t)RTE_MIN(numbers[POOLS], numbers[SERVICES]);
	out->lane.backends = (uint32_t)numbers[BACKENDS];
	out->lane.workers = 1;
	out->rounds = numbers[ROUNDS];
	out->round_ms = numbers[ROUND_MS];
}

int latency_parse(int argc, char **argv, struct latency_options *out)
{
	uint64_t numbers[NUMBERS] = {[FLOWS] = 128 << 10,
		[SERVICES] = 1000,
		[POOLS] = 1000,
		[BACKENDS] = 10,
		[ROUNDS] = 5,
		[ROUND_MS] = 500};
	int option, at = 0;

	*out = (struct latency_options){.is_poisson = true,
		.lane = {
			.traffic = {.family = ADDR_IPV4}, .forwarding = CONFIG_IPIP, .huge = true}};
	while ((option = getopt_long(argc, argv, "", options_latency, &at)) != -1) {
		if (option == HELP)
			return 1;
		if (option == '?' ||
			set_option(out, numbers, options_latency[at].name, option, optarg) != 0)
			return -EINVAL;
	}
	take_numbers(out, numbers);
	if (optind == argc)
		return 0;
	fprintf(stderr, "fulcrum-bench latency: options alone, not '%s'\n", argv[optind]);
	return -EINVAL;
}

void latency_help(FILE *out)
{
	fputs(help, out);
}
