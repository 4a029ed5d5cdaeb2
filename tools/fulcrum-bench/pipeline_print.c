// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline.h"

#include <base/clock.h>
#include <inttypes.h>
#include <jansson.h>
#include <rte_cycles.h>
#include <stdio.h>

static double median(const struct pipeline_result *result, enum pipeline_figure figure)
{
	return result->ns[figure][result->rounds / 2];
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static double stage_cycles(const struct pipeline_result *result, uint32_t step)
{
	return result->steps.cycles[step][result->steps.count / 2];
}

static const char *mode_name(const struct pipeline_options *options)
{
	return options->lane.forwarding == CONFIG_DSR ? "dsr" : "ipip";
}

static double tsc_cycles(double ns)
{
	return ns * (double)rte_get_tsc_hz() / (double)CLOCK_NS_PER_S;
}

// Two workers' packets by one's, in the same time.
static double scaling(const struct pipeline_result *result)
{
	return 2 * median(result, GROSS) / median(result, TOGETHER);
}

static json_t *stages_of(const struct pipeline_result *result)
{
	json_t *stages = json_object();

	for (uint32_t i = 0; i < LANE_STEPS; i++)
		json_object_set_new(stages, lane_step_name(i), json_real(stage_cycles(result, i)));
	return stages;
}

static void print_json(const struct pipeline_options *options, const struct pipeline_result *result,
	const char *pages)
{
	const struct generator_options *traffic = &options->lane.traffic;
	const double *net = result->ns[NET];
	json_t *out = json_pack("{s:s, s:i, s:I, s:f, s:f, s:f, s:i, s:i, s:i, s:i, s:i, s:s}",
		"mode", mode_name(options), "family", (int)traffic->family, "flows",
		(json_int_t)traffic->flows, "zipf", traffic->zipf, "syn_percent",
		traffic->syn_percent, "miss_percent", traffic->miss_percent, "size",
		(int)traffic->size, "backends", (int)options->lane.backends, "services",
		(int)traffic->services, "burst", (int)traffic->burst, "workers",
		(int)options->lane.workers, "pages", pages);
	json_t *figures = json_pack("{s:f, s:f, s:f, s:f, s:[f, f], s:f, s:f, s:f}", "gross_ns",
		median(result, GROSS), "generator_ns", median(result, ALONE), "macswap_ns",
		median(result, SWAP), "net_ns", median(result, NET), "net_ns_quartiles",
		net[result->rounds / 4], net[result->rounds * 3 / 4], "net_tsc_cycles",
		tsc_cycles(median(result, NET)), "hit_percent",
		percent(result->hits, result->received), "evicted_percent",
		percent(result->evictions, result->received));

	json_object_update_new(out, figures);
	if (options->lane.workers > 1)
		json_object_set_new(out, "scaling", json_real(scaling(result)));
	if (result->steps.count > 0)
		json_object_set_new(out, "stages_tsc_cycles", stages_of(result));
	json_dumpf(out, stdout, JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(out);
}

static void print_traffic(const struct pipeline_options *options, const char *pages)
{
	const struct generator_options *traffic = &options->lane.traffic;

	printf("%s, IPv%d, %" PRIu64 " flows, ", mode_name(options), (int)traffic->family,
		traffic->flows);
	if (traffic->zipf > 0)
		printf("by Zipf's law of %g, ", traffic->zipf);
	printf("%.0f%% SYNs and %.0f%% others of new flows,\n", traffic->syn_percent,
		traffic->miss_percent);
	if (traffic->size == GENERATOR_IMIX)
		printf("an Internet mix of sizes, ");
	else
		printf("frames of %u bytes, ", traffic->size);
	printf("%u backends, %u services, bursts of %u, %s pages\n\n", options->lane.backends,
		traffic->services, traffic->burst, pages);
}

static void print_text(const struct pipeline_options *options, const struct pipeline_result *result,
	const char *pages)
{
	double net = median(result, NET);

	print_traffic(options, pages);
	printf("ns a packet   gross %.1f   generator %.1f   net %.1f (half of the rounds: %.1f to "
	       "%.1f)\n",
		median(result, GROSS), median(result, ALONE), net,
		result->ns[NET][result->rounds / 4], result->ns[NET][result->rounds * 3 / 4]);
	printf("macswap       %.1f in the same rounds: gross is %.2f times that\n",
		median(result, SWAP), median(result, GROSS) / median(result, SWAP));
	printf("TSC cycles    net %.0f\n", tsc_cycles(net));
	printf("flow table    %.1f%% of packets hit, %.1f%% evicted another\n",
		percent(result->hits, result->received),
		percent(result->evictions, result->received));
	if (options->lane.workers > 1)
		printf("two workers   gross %.1f while the other one works: %.2f times as much as one\n",
			median(result, TOGETHER), scaling(result));
	if (result->steps.count > 0)
		printf("\nTSC cycles a packet, the clock read between:\n");
	for (uint32_t i = 0; result->steps.count > 0 && i < LANE_STEPS; i++)
		printf("  %-10s %5.1f\n", lane_step_name(i), stage_cycles(result, i));
}

void pipeline_print(const struct pipeline_options *options, const struct pipeline_result *result,
	const char *pages)
{
	if (options->json)
		print_json(options, result, pages);
	else
		print_text(options, result, pages);
}
