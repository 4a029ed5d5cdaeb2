// SPDX-License-Identifier: BSD-3-Clause
// What the flow table costs a packet: find and touch for packets of known flows, find and insert
// for new ones, each burst prefetched ahead, beside the same loop without a table.
#include "bench.h"

#include <flow/flow_inline.h>
#include <stdio.h>

#define BURST   32u
#define RUNS    31u
#define PACKETS (1u << 19)
// The worker's second goes on every so many packets, as at 30 ns a packet.
#define PACKETS_A_SECOND_SHIFT 25

static const struct flow_ttl ttls[1] = {{.seconds = {0, 30, 3600, 10, 60}}};

struct bench {
	struct flow_table *table;
	uint64_t flows; // to choose from; 0: every packet is of a new flow
	uint64_t packets; // judged so far: drives the choice and the clock
	uint64_t sink; // keeps the compiler from leaving out what nobody uses
};

static uint16_t port_of(uint64_t hash)
{
	return (uint16_t)(hash >> 7);
}

static void make_burst(struct bench *bench, uint64_t hashes[BURST])
{
	for (uint32_t i = 0; i < BURST; i++) {
		uint64_t number = bench->packets++;

		if (bench->flows != 0)
			number = (uint64_t)(((unsigned __int128)bench_mix(number) * bench->flows) >>
					    64);
		else
			number |= 1ull << 63;
		hashes[i] = bench_mix(number);
	}
}

static void insert(struct bench *bench, uint64_t hash, uint32_t now_s)
{
	struct flow_begin begin = {
		.hash = hash,
		.client = flow_client_from_ipv4_be((uint32_t)hash),
		.client_port = port_of(hash),
		.backend = (uint32_t)hash,
		.state = FLOW_NEW,
	};

	bench->sink += flow_insert(bench->table, &begin, ttls, 1, now_s);
}

static void judge_nothing(struct bench *bench, const uint64_t hashes[BURST])
{
	for (uint32_t i = 0; i < BURST; i++)
		bench->sink += hashes[i];
}

static void judge_known(struct bench *bench, const uint64_t hashes[BURST])
{
	uint32_t now_s = (uint32_t)(bench->packets >> PACKETS_A_SECOND_SHIFT);
	struct flow_ref ref;

	for (uint32_t i = 0; i < BURST; i++)
		flow_prefetch(bench->table, hashes[i]);
	for (uint32_t i = 0; i < BURST; i++) {
		if (!flow_find(bench->table, hashes[i], port_of(hashes[i]), ttls, now_s, &ref))
			continue;
		bench->sink += flow_ref_backend(&ref);
		flow_touch(&ref, FLOW_ESTABLISHED, now_s);
	}
}

static void judge_new(struct bench *bench, const uint64_t hashes[BURST])
{
	uint32_t now_s = (uint32_t)(bench->packets >> PACKETS_A_SECOND_SHIFT);

	for (uint32_t i = 0; i < BURST; i++) {
		flow_prefetch(bench->table, hashes[i]);
		flow_prefetch_client(bench->table, hashes[i]);
	}
	for (uint32_t i = 0; i < BURST; i++)
		insert(bench, hashes[i], now_s);
}

static double measure_ns(struct bench *bench, void (*judge)(struct bench *, const uint64_t *))
{
	uint64_t hashes[BURST], began;
	double ns[RUNS];

	for (uint32_t run = 0; run < RUNS; run++) {
		began = bench_cpu_ns();
		for (uint32_t i = 0; i < PACKETS; i += BURST) {
			make_burst(bench, hashes);
			judge(bench, hashes);
		}
		ns[run] = (double)(bench_cpu_ns() - began) / PACKETS;
	}
	return bench_median(ns, RUNS);
}

// Four places a flow, as docs/performance.md recommends.
static int bench_flows(uint64_t flows)
{
	uint64_t capacity = 4 * flows;
	size_t footprint = flow_table_footprint(capacity);
	const char *pages;
	void *memory = bench_memory_new(footprint, &pages);
	struct bench bench = {.flows = flows};
	double empty_ns, known_ns, new_ns;

	if (memory == NULL) {
		printf("%10llu  no memory for it\n", (unsigned long long)flows);
		return 0;
	}
	bench.table = flow_table_new(memory, capacity);
	for (uint64_t i = 0; i < flows; i++)
		insert(&bench, bench_mix(i), 0);
	empty_ns = measure_ns(&bench, judge_nothing);
	known_ns = measure_ns(&bench, judge_known);
	bench.flows = 0;
	new_ns = measure_ns(&bench, judge_new);
	printf("%10llu %10.1f %14.1f %14.1f  %s\n", (unsigned long long)flows, empty_ns,
		known_ns - empty_ns, new_ns - empty_ns, pages);
	bench_memory_free(memory, footprint);
	return bench.sink == 0; // never
}

// How many of a table's flows keep their rows, if all are established and come in any order.
static void bench_kept(uint32_t percent)
{
	const uint64_t capacity = 1 << 20, flows = capacity * percent / 100;
	size_t footprint = flow_table_footprint(capacity);
	const char *pages;
	void *memory = bench_memory_new(footprint, &pages);
	struct bench bench = {0};
	struct flow_ref ref;
	uint64_t kept = 0;

	if (memory == NULL)
		return;
	bench.table = flow_table_new(memory, capacity);
	for (uint64_t i = 0; i < flows; i++) {
		insert(&bench, bench_mix(i), 0);
		if (flow_find(bench.table, bench_mix(i), port_of(bench_mix(i)), ttls, 0, &ref))
			flow_touch(&ref, FLOW_ESTABLISHED, 0);
	}
	for (uint64_t i = 0; i < flows; i++)
		kept += flow_find(bench.table, bench_mix(i), port_of(bench_mix(i)), ttls, 0, &ref);
	printf("%9u%% %9.4f%%\n", percent, 100.0 * (double)kept / (double)flows);
	bench_memory_free(memory, footprint);
}

// Buckets that stay in the first cache, so that the search alone is measured.
#define NEAR_BUCKETS 64u

#define BENCH_SEARCHES(name, variant)                                                              \
	static double name(struct flow_bucket *buckets, uint64_t *sink)                            \
	{                                                                                          \
		double ns[RUNS];                                                                   \
                                                                                                   \
		for (uint32_t run = 0; run < RUNS; run++) {                                        \
			uint64_t began = bench_cpu_ns();                                           \
                                                                                                   \
			for (uint32_t i = 0; i < PACKETS; i++) {                                   \
				struct flow_bucket *bucket = &buckets[i % NEAR_BUCKETS];           \
                                                                                                   \
				*sink += flow_match_##variant(bucket, i, (uint16_t)i);             \
				*sink += flow_victim_in_##variant(bucket, 0, ttls, 1, i).priority; \
			}                                                                          \
			ns[run] = (double)(bench_cpu_ns() - began) / PACKETS;                      \
		}                                                                                  \
		return bench_median(ns, RUNS);                                                     \
	}

BENCH_SEARCHES(scalar_ns, scalar)
#if FLOW_HAS_VECTOR
BENCH_SEARCHES(vector_ns, vector)
#endif

// What both variants of the two searches of a bucket take together: workers run the vector one
// where it is there.
static int bench_variants(void)
{
	struct flow_bucket buckets[NEAR_BUCKETS];
	uint64_t sink = 1;

	for (uint32_t i = 0; i < sizeof(buckets); i++)
		((uint8_t *)buckets)[i] = (uint8_t)bench_mix(i);
	for (uint32_t i = 0; i < NEAR_BUCKETS * FLOW_WAYS; i++)
		buckets[i / FLOW_WAYS].service[i % FLOW_WAYS] = 0;
	printf("\n%10s %10.1f ns a match and a victim\n", "scalar", scalar_ns(buckets, &sink));
#if FLOW_HAS_VECTOR
	printf("%10s %10.1f\n", "vector", vector_ns(buckets, &sink));
#endif
	return sink == 0; // never
}

int main(void)
{
	static const uint32_t percents[] = {10, 25, 50, 75, 100};
	static const uint64_t flows[] = {1 << 10, 1 << 17, 1 << 20, 1 << 24};
	int rc = 0;

	printf("ns a packet, medians of %u runs of %u packets; net: without the empty loop\n", RUNS,
		PACKETS);
	printf("%10s %10s %14s %14s\n", "flows", "empty", "known, net", "new, net");
	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++)
		rc |= bench_flows(flows[i]);
	printf("\n%10s %10s\n", "full to", "kept");
	for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++)
		bench_kept(percents[i]);
	return rc | bench_variants();
}
