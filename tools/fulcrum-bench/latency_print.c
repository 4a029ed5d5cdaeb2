// SPDX-License-Identifier: BSD-3-Clause
#include "latency.h"

#include <inttypes.h>
#include <jansson.h>

double latency_median(
	const struct latency_result *result, uint32_t load, uint32_t way, uint32_t figure)
{
	return result->values[load][way][figure][result->rounds / 2];
}

static const char *mode_name(const struct latency_options *options)
{
	return options->lane.forwarding == CONFIG_DSR ? "dsr" : "ipip";
}

static double added_us(const struct latency_result *result, uint32_t load)
{
	return latency_median(result, load, LATENCY_APPLYING, LATENCY_P999) -
	       latency_median(result, load, LATENCY_ALONE, LATENCY_P999);
}

static json_t *run_json(const struct latency_result *result, uint32_t load, uint32_t way)
{
	static const char *const keys[LATENCY_FIGURES] = {
		[LATENCY_P50] = "p50_us",
		[LATENCY_P99] = "p99_us",
		[LATENCY_P999] = "p999_us",
		[LATENCY_LONGEST] = "longest_us",
		[LATENCY_ALL_P999] = "all_p999_us",
		[LATENCY_RATE] = "packets_a_second",
		[LATENCY_OFF] = "off_core_percent",
	};
	json_t *out = json_object();

	for (uint32_t f = 0; f < LATENCY_FIGURES; f++)
		json_object_set_new(out, keys[f], json_real(latency_median(result, load, way, f)));
	return out;
}

static void print_json(const struct latency_options *options, const struct latency_result *result,
	const char *pages)
{
	const struct generator_options *traffic = &options->lane.traffic;
	json_t *loads = json_array();
	json_t *out = json_pack("{s:s, s:i, s:I, s:i, s:i, s:i, s:s, s:s, s:I, s:I, s:i, s:f, s:o}",
		"mode", mode_name(options), "family", (int)traffic->family, "flows",
		(json_int_t)traffic->flows, "services", (int)traffic->services, "pools",
		(int)options->lane.pools, "backends", (int)options->lane.backends, "arrivals",
		options->is_poisson ? "poisson" : "even", "pages", pages, "rounds",
		(json_int_t)options->rounds, "round_ms", (json_int_t)options->round_ms, "applies",
		(int)result->applies, "apply_ms", result->apply_ms, "loads", loads);

	for (uint32_t load = 0; load < LATENCY_LOADS; load++)
		json_array_append_new(loads,
			json_pack("{s:i, s:o, s:o, s:f}", "load_percent", (int)latency_loads[load],
				"alone", run_json(result, load, LATENCY_ALONE), "applying",
				run_json(result, load, LATENCY_APPLYING), "apply_adds_p999_us",
				added_us(result, load)));
	json_dumpf(out, stdout, JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(out);
}

static void print_run(const struct latency_result *result, uint32_t load, uint32_t way)
{
	printf("%3u%% %-8s %6.2f", latency_loads[load], way == LATENCY_APPLYING ? "applying" : "",
		latency_median(result, load, way, LATENCY_RATE) / 1e6);
	for (uint32_t f = LATENCY_P50; f <= LATENCY_LONGEST; f++)
		printf(" %8.2f", latency_median(result, load, way, f));
	printf("  %12.2f %8.2f%%\n", latency_median(result, load, way, LATENCY_ALL_P999),
		latency_median(result, load, way, LATENCY_OFF));
}

static void print_text(const struct latency_options *options, const struct latency_result *result,
	const char *pages)
{
	const struct generator_options *traffic = &options->lane.traffic;

	printf("%s, IPv%d, %" PRIu64 " flows, %u services, %u pools of %u backends, %s "
	       "arrivals, %s pages,\nmedians of %" PRIu64 " rounds of %" PRIu64 " ms\n\n",
		mode_name(options), (int)traffic->family, traffic->flows, traffic->services,
		options->lane.pools, options->lane.backends,
		options->is_poisson ? "Poisson's" : "even", pages, options->rounds,
		options->round_ms);
	printf("                      us from due to sent, the core ours     all packets:   core\n"
	       "load            M/s      p50      p99    p99.9  longest         p99.9   others'\n");
	for (uint32_t load = 0; load < LATENCY_LOADS; load++)
		for (uint32_t way = 0; way < LATENCY_WAYS; way++)
			print_run(result, load, way);
	printf("\n%u changes of all %u services, %.0f ms each. At p99.9 they add", result->applies,
		traffic->services, result->apply_ms);
	for (uint32_t load = 0; load < LATENCY_LOADS; load++)
		printf("%s %.2f us at %u%%", load == 0 ? "" : ",", added_us(result, load),
			latency_loads[load]);
	printf("\n");
}

void latency_print(const struct latency_options *options, const struct latency_result *result,
	const char *pages)
{
	if (options->json)
		print_json(options, result, pages);
	else
		print_text(options, result, pages);
}
