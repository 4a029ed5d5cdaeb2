// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline.h"
#include "baseline.h"
#include "command.h"

#include <base/clock.h>
#include <inttypes.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef uint64_t run_fn(struct lane *lane, uint64_t packets);

// Of this thread: what other processes take on a shared machine is left out.
static uint64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

static double time_ns(struct lane *lane, run_fn *run, uint64_t packets)
{
	uint64_t began = cpu_ns();

	packets = run(lane, packets);
	return (double)(cpu_ns() - began) / (double)packets;
}

// The other worker works for as long as the first one is timed.
struct company {
	struct lane *lane;
	bool stop;
};

static int keep_company(void *argument)
{
	struct company *company = argument;

	while (!__atomic_load_n(&company->stop, __ATOMIC_RELAXED))
		lane_balance(company->lane, PIPELINE_BURST);
	return 0;
}

static double time_together(struct lanes *lanes, uint64_t packets)
{
	struct company company = {.lane = &lanes->lane[1]};
	uint32_t core = rte_get_next_lcore(-1, 1, 0);
	double ns;

	rte_eal_remote_launch(keep_company, &company, core);
	ns = time_ns(&lanes->lane[0], lane_balance, packets);
	__atomic_store_n(&company.stop, true, __ATOMIC_RELAXED);
	rte_eal_wait_lcore(core);
	return ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void pipeline_sort(double *values, uint64_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

static void run_rounds(
	struct lanes *lanes, const struct pipeline_options *options, struct pipeline_result *result)
{
	struct lane *lane = &lanes->lane[0];
	uint64_t packets = options->packets;

	result->rounds = options->rounds;
	for (uint64_t r = 0; r < result->rounds; r++) {
		result->ns[ALONE][r] = time_ns(lane, lane_pass, packets);
		result->ns[GROSS][r] = time_ns(lane, lane_balance, packets);
		result->ns[SWAP][r] = time_ns(lane, lane_swap, packets);
		result->ns[NET][r] = result->ns[GROSS][r] - result->ns[ALONE][r];
		if (lanes->count > 1)
			result->ns[TOGETHER][r] = time_together(lanes, packets);
		if (options->stages)
			lane_balance_by_stage(lane, packets, &result->steps);
	}
	for (int f = 0; f < FIGURES; f++)
		pipeline_sort(result->ns[f], result->rounds);
	result->steps.count = RTE_MIN(result->steps.count, (uint32_t)LANE_SAMPLES);
	for (int i = 0; i < LANE_STEPS; i++)
		pipeline_sort(result->steps.cycles[i], result->steps.count);
}

static void measure(
	struct lanes *lanes, const struct pipeline_options *options, struct pipeline_result *result)
{
	const struct metrics_worker *after = lanes->lane[0].metrics;
	struct metrics_worker before = *after;

	run_rounds(lanes, options, result);
	result->received = after->received - before.received;
	result->hits = after->flow_hits - before.flow_hits;
	result->evictions = after->flow_evictions - before.flow_evictions;
	for (uint32_t i = 0; i < lanes->count; i++)
		result->lost +=
			lanes->lane[i].metrics->received - lanes->lane[i].metrics->forwarded;
}

int command_pipeline(const struct ctl *none, int argc, char **argv)
{
	static struct lanes lanes;
	static struct pipeline_result result;
	struct pipeline_options options;
	int rc = pipeline_parse(argc, argv, &options);

	if (rc != 0) {
		pipeline_help(rc > 0 ? stdout : stderr);
		return rc > 0 ? 0 : EXIT_USAGE;
	}
	if (options.baseline != NULL)
		return baseline_compare(&options);
	lanes_open(&lanes, &options.lane);
	measure(&lanes, &options, &result);
	pipeline_print(&options, &result, lanes_pages(&lanes));
	if (result.lost > 0)
		fprintf(stderr, "fulcrum-bench pipeline: %" PRIu64 " packets were not forwarded\n",
			result.lost);
	lanes_close(&lanes);
	return result.lost == 0 ? 0 : EXIT_UNMET;
}
