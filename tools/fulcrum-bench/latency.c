// SPDX-License-Identifier: BSD-3-Clause
#include "latency.h"
#include "command.h"
#include "lane_config.h"
#include "stage.h"

#include <base/clock.h>
#include <inttypes.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#define PAUSE_US         100000 // after which the kernel grants real time again
#define CAPACITY_PACKETS (1u << 18) // about 10 ms

const uint32_t latency_loads[LATENCY_LOADS] = {10, 50, 90};

// The control lcore's part, on the cores that are not the lane's: one whole change of every pool
// after the other.
struct applier {
	struct lanes *lanes;
	const struct lane_options *options;
	struct config *configs[2]; // each has another weight in every pool
	cpu_set_t cores;
	pthread_t thread;
	bool stop;
	bool is_first; // of a run, which is not over before it
	uint32_t applies;
	uint64_t spent_ns;
};

static void *apply_again_and_again(void *argument)
{
	struct applier *applier = argument;
	struct publisher *publisher = &applier->lanes->publisher;

	pthread_setaffinity_np(pthread_self(), sizeof(applier->cores), &applier->cores);
	while (!__atomic_load_n(&applier->stop, __ATOMIC_RELAXED)) {
		uint64_t began_ns = clock_monotonic_ns();

		lanes_apply(
			applier->lanes, applier->options, applier->configs[++applier->applies % 2]);
		applier->spent_ns += clock_monotonic_ns() - began_ns;
		while (!publisher_reclaim(publisher) &&
			!__atomic_load_n(&applier->stop, __ATOMIC_RELAXED))
			usleep(100);
		__atomic_store_n(&applier->is_first, false, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void start_applying(struct applier *applier)
{
	applier->stop = false;
	applier->is_first = true;
	need(pthread_create(&applier->thread, NULL, apply_again_and_again, applier) == 0,
		"no thread for the control lcore's part");
}

static void stop_applying(struct applier *applier, struct lane *lane)
{
	__atomic_store_n(&applier->stop, true, __ATOMIC_RELAXED);
	pthread_join(applier->thread, NULL);
	lane->generator.options.burst = 0;
	while (!publisher_reclaim(&applier->lanes->publisher))
		worker_poll(lane->worker);
}

static double microseconds(uint64_t ticks)
{
	return (double)ticks * 1e6 / (double)rte_get_tsc_hz();
}

static void take_figures(
	struct paced *paced, double values[LATENCY_FIGURES][LATENCY_ROUNDS_MAX], uint64_t round)
{
	struct histogram *all = &paced->disturbed;
	const struct histogram *quiet = paced->quiet.count > 0 ? &paced->quiet : all;
	double seconds = (double)paced->run_ticks / (double)rte_get_tsc_hz();

	histogram_merge(all, &paced->quiet);
	values[LATENCY_P50][round] = microseconds(histogram_quantile(quiet, 0.5));
	values[LATENCY_P99][round] = microseconds(histogram_quantile(quiet, 0.99));
	values[LATENCY_P999][round] = microseconds(histogram_quantile(quiet, 0.999));
	values[LATENCY_LONGEST][round] = microseconds(quiet->largest);
	values[LATENCY_ALL_P999][round] = microseconds(histogram_quantile(all, 0.999));
	values[LATENCY_RATE][round] = (double)all->count / seconds;
	values[LATENCY_OFF][round] = paced_off_percent(paced);
}

static void take_core(bool realtime)
{
	struct sched_param priority = {.sched_priority = realtime};

	need(pthread_setschedparam(
		     pthread_self(), realtime ? SCHED_FIFO : SCHED_OTHER, &priority) == 0,
		"the system does not grant a real-time priority");
}

static void run_load(struct paced *paced, struct applier *applier,
	const struct latency_options *options, uint32_t load, bool applying)
{
	double rate;

	take_core(options->realtime);
	rate = paced_capacity(paced, CAPACITY_PACKETS) * latency_loads[load] / 100;
	take_core(false);
	if (applying)
		start_applying(applier); // which is not to have this thread's priority
	take_core(options->realtime);
	paced_run(paced, rate, options->is_poisson, options->round_ms, &applier->is_first);
	take_core(false);
	if (options->realtime)
		usleep(PAUSE_US);
	if (applying)
		stop_applying(applier, paced->lane);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void run_rounds(struct paced *paced, struct applier *applier,
	const struct latency_options *options, struct latency_result *result)
{
	for (uint64_t r = 0; r < options->rounds; r++)
		for (uint32_t load = 0; load < LATENCY_LOADS; load++)
			for (uint64_t turn = 0; turn < LATENCY_WAYS; turn++) {
				uint32_t way = (uint32_t)((r + turn) % LATENCY_WAYS);

				run_load(paced, applier, options, load, way == LATENCY_APPLYING);
				take_figures(paced, result->values[load][way], r);
			}
	for (uint32_t load = 0; load < LATENCY_LOADS; load++)
		for (uint32_t way = 0; way < LATENCY_WAYS; way++)
			for (uint32_t f = 0; f < LATENCY_FIGURES; f++)
				qsort(result->values[load][way][f], options->rounds, sizeof(double),
					compare);
	result->rounds = options->rounds;
	result->applies = applier->applies;
	result->apply_ms = (double)applier->spent_ns / 1e6 / applier->applies;
}

static void measure(struct lanes *lanes, const struct latency_options *options,
	const cpu_set_t *cores, struct latency_result *result)
{
	static struct paced paced;
	struct lane *lane = &lanes->lane[0];
	struct applier applier = {.lanes = lanes, .options = &options->lane, .cores = *cores};

	if (CPU_COUNT(cores) > 1)
		CPU_CLR((size_t)sched_getcpu(), &applier.cores);
	for (uint32_t i = 0; i < 2; i++)
		applier.configs[i] = lane_config(&options->lane, i);
	paced_open(&paced, lane);
	run_rounds(&paced, &applier, options, result);
	result->lost = lane->metrics->received - lane->metrics->forwarded;
	for (uint32_t i = 0; i < 2; i++)
		config_free(applier.configs[i]);
}

int command_latency(const struct ctl *none, int argc, char **argv)
{
	static struct lanes lanes;
	static struct latency_result result;
	struct latency_options options;
	cpu_set_t cores; // before EAL binds this thread to one
	int rc = latency_parse(argc, argv, &options);

	if (rc != 0) {
		latency_help(rc > 0 ? stdout : stderr);
		return rc > 0 ? 0 : EXIT_USAGE;
	}
	need(sched_getaffinity(0, sizeof(cores), &cores) == 0, "too many cores");
	lanes_open(&lanes, &options.lane);
	measure(&lanes, &options, &cores, &result);
	latency_print(&options, &result, lanes_pages(&lanes));
	if (result.lost > 0)
		fprintf(stderr, "fulcrum-bench latency: %" PRIu64 " packets were not forwarded\n",
			result.lost);
	lanes_close(&lanes);
	return result.lost == 0 ? 0 : EXIT_UNMET;
}
