// SPDX-License-Identifier: BSD-3-Clause
#include "command.h"
#include "options.h"
#include "pipeline.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"usage: fulcrum-bench pipeline [OPTIONS]\n"
	"\n"
	"What a packet costs a worker of the daemon: a generator writes TCP headers of many flows into few\n"
	"buffers, the worker forwards them to a port that frees them. Each round also takes as many packets\n"
	"straight from the generator to that port, and as many with their MAC addresses swapped between;\n"
	"'net' is the difference to the former. Medians of the rounds, in processor time. Ends with 1 where a\n"
	"packet was not forwarded.\n"
	"\n"
	"  --mode ipip|dsr   (ipip)\n"
	"  --family 4|6      (4)\n"
	"  --flows N         that are open, with k or M for 1024 or 1048576 (1k)\n"
	"  --zipf EXPONENT   flows are not drawn equally often, but by Zipf's law, as 1.1\n"
	"  --syn PERCENT     of packets: SYNs of new flows (0)\n"
	"  --miss PERCENT    of packets: others of new flows (0)\n"
	"  --size BYTES      of a frame, 60 to 1514, or 'imix' (the least that the family has)\n"
	"  --backends N      (100)\n"
	"  --services N      that the flows are spread over (1)\n"
	"  --burst N         packets a poll, at most 64 (64)\n"
	"  --workers N       1 or 2, each with a generator and a core of its own (1)\n"
	"  --rounds N        (15)\n"
	"  --packets N       of a round (1M)\n"
	"  --stages          cycles of the time stamp counter that each stage takes, measured apart\n"
	"  --no-huge         4 KiB pages even where others are free\n"
	"  --baseline PROGRAM  another build's fulcrum-bench: runs of it and of this one take turns, with the\n"
	"                    other options given to both; medians of the turns and of ours / its\n"
	"  --turns N         of each (7)\n"
	"  --json            one object on one line\n";

enum {
	FLOWS,
	SYN,
	MISS,
	SIZE,
	BACKENDS,
	SERVICES,
	BURST,
	WORKERS,
	ROUNDS,
	PACKETS,
	TURNS,
	NUMBERS
};
enum { MODE = NUMBERS, FAMILY, ZIPF, STAGES, NO_HUGE, BASELINE, JSON, HELP };

struct parse {
	struct pipeline_options *out;
	uint64_t numbers[NUMBERS];
};

static int set_number(struct parse *parse, const char *name, int option, const char *text)
{
	static const struct option_bounds bounds[NUMBERS] = {
		[FLOWS] = {1, GENERATOR_FLOWS_MAX},
		[SYN] = {0, 100},
		[MISS] = {0, 100},
		[SIZE] = {GENERATOR_SIZE_MIN, GENERATOR_SIZE_MAX},
		[BACKENDS] = {1, 65000},
		[SERVICES] = {1, GENERATOR_SERVICES},
		[BURST] = {1, PIPELINE_BURST},
		[WORKERS] = {1, LANES_MAX},
		[ROUNDS] = {1, PIPELINE_ROUNDS_MAX},
		[PACKETS] = {1, 1ull << 32},
		[TURNS] = {1, PIPELINE_TURNS_MAX},
	};

	return option_number("pipeline", name, text, &bounds[option], &parse->numbers[option]);
}

static int set_zipf(struct parse *parse, const char *text)
{
	char *end;
	double *zipf = &parse->out->lane.traffic.zipf;

	*zipf = strtod(text, &end);
	if (*end == '\0' && *zipf > 0 && *zipf <= 4)
		return 0;
	fprintf(stderr, "fulcrum-bench pipeline: --zipf %s: an exponent above 0, 4 at most\n",
		text);
	return -EINVAL;
}

static int set_option(struct parse *parse, const char *name, int option, const char *text)
{
	bool second;
	int rc = 0;

	if (option == SIZE && strcmp(text, "imix") == 0) {
		parse->numbers[SIZE] = GENERATOR_IMIX;
		return 0;
	}
	if (option == ZIPF)
		return set_zipf(parse, text);
	if (option < NUMBERS)
		return set_number(parse, name, option, text);
	if (option == NO_HUGE)
		parse->out->lane.huge = false;
	else if (option == STAGES)
		parse->out->stages = true;
	else if (option == BASELINE)
		parse->out->baseline = text;
	else if (option == JSON)
		parse->out->json = true;
	else if (option == MODE) {
		rc = option_word("pipeline", name, text, "ipip", "dsr", &second);
		parse->out->lane.forwarding = second ? CONFIG_DSR : CONFIG_IPIP;
	} else {
		rc = option_word("pipeline", name, text, "4", "6", &second);
		parse->out->lane.traffic.family = second ? ADDR_IPV6 : ADDR_IPV4;
	}
	return rc;
}

// Remembers what the runs that are compared get.
static bool pass_on(struct parse *parse, const char *name, int option, const char *text)
{
	struct pipeline_options *out = parse->out;
	int size;

	if (option == BASELINE || option == TURNS || option == JSON)
		return true;
	if (out->passed_count < PIPELINE_PASSED_MAX) {
		char *place = out->passed[out->passed_count++];

		size = snprintf(place, sizeof(out->passed[0]), "--%s%s%s", name,
			text == NULL ? "" : "=", text == NULL ? "" : text);
		if (size < (int)sizeof(out->passed[0]))
			return true;
	}
	fprintf(stderr, "fulcrum-bench pipeline: too many options, or --%s is too long\n", name);
	return false;
}

static int take_numbers(struct parse *parse)
{
	struct generator_options *traffic = &parse->out->lane.traffic;
	const uint64_t *numbers = parse->numbers;
	uint32_t least =
		traffic->family == ADDR_IPV4 ? GENERATOR_SIZE_MIN : GENERATOR_SIZE_MIN_IPV6;

	if (numbers[SYN] + numbers[MISS] > 100) {
		fprintf(stderr, "fulcrum-bench pipeline: --syn and --miss are more than 100\n");
		return -EINVAL;
	}
	traffic->flows = numbers[FLOWS];
	traffic->services = (uint32_t)numbers[SERVICES];
	traffic->size = (uint32_t)numbers[SIZE];
	if (traffic->size != GENERATOR_IMIX)
		traffic->size = RTE_MAX(traffic->size, least);
	traffic->burst = (uint32_t)numbers[BURST];
	traffic->syn_percent = (double)numbers[SYN];
	traffic->miss_percent = (double)numbers[MISS];
	parse->out->lane.backends = (uint32_t)numbers[BACKENDS];
	parse->out->lane.workers = (uint32_t)numbers[WORKERS];
	parse->out->rounds = numbers[ROUNDS];
	parse->out->packets = numbers[PACKETS];
	parse->out->turns = numbers[TURNS];
	return 0;
}

const struct option options_pipeline[] = {{"flows", 1, NULL, FLOWS}, {"syn", 1, NULL, SYN},
	{"miss", 1, NULL, MISS}, {"size", 1, NULL, SIZE}, {"backends", 1, NULL, BACKENDS},
	{"services", 1, NULL, SERVICES}, {"burst", 1, NULL, BURST}, {"workers", 1, NULL, WORKERS},
	{"rounds", 1, NULL, ROUNDS}, {"packets", 1, NULL, PACKETS}, {"turns", 1, NULL, TURNS},
	{"baseline", 1, NULL, BASELINE}, {"mode", 1, NULL, MODE}, {"family", 1, NULL, FAMILY},
	{"zipf", 1, NULL, ZIPF}, {"stages", 0, NULL, STAGES}, {"no-huge", 0, NULL, NO_HUGE},
	{"json", 0, NULL, JSON}, {"help", 0, NULL, HELP}, {0}};

int pipeline_parse(int argc, char **argv, struct pipeline_options *out)
{
	struct parse parse = {
		.out = out,
		.numbers = {[FLOWS] = 1024,
			[SIZE] = GENERATOR_SIZE_MIN,
			[BACKENDS] = 100,
			[SERVICES] = 1,
			[BURST] = PIPELINE_BURST,
			[WORKERS] = 1,
			[ROUNDS] = 15,
			[PACKETS] = 1 << 20,
			[TURNS] = 7},
	};
	int option, at = 0;

	*out = (struct pipeline_options){.lane = {.pools = 1,
						 .traffic = {.family = ADDR_IPV4},
						 .forwarding = CONFIG_IPIP,
						 .huge = true}};
	while ((option = getopt_long(argc, argv, "", options_pipeline, &at)) != -1) {
		if (option == HELP)
			return 1;
		if (option == '?' ||
			set_option(&parse, options_pipeline[at].name, option, optarg) != 0 ||
			!pass_on(&parse, options_pipeline[at].name, option, optarg))
			return -EINVAL;
	}
	if (optind == argc)
		return take_numbers(&parse);
	fprintf(stderr, "fulcrum-bench pipeline: options alone, not '%s'\n", argv[optind]);
	return -EINVAL;
}

void pipeline_help(FILE *out)
{
	fputs(help, out);
}
