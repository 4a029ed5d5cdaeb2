// SPDX-License-Identifier: BSD-3-Clause
// What a Maglev table costs to build, how even it is, and what a change moves that it need not:
// collateral is the share of slots that changed owner although neither the old nor the new owner
// was touched.
#include "bench.h"

#include <maglev/maglev.h>
#include <stdio.h>
#include <stdlib.h>

#define RUNS        9u
#define MEMBERS_MAX 1000u

static char names[MEMBERS_MAX][16];
static struct maglev_member pool[MEMBERS_MAX];

static struct maglev *build(uint32_t count, uint32_t size)
{
	struct maglev *table;
	struct error err;

	if (maglev_build(pool, count, size, &table, &err) != 0) {
		fprintf(stderr, "bench_maglev: %s\n", err.text);
		exit(1);
	}
	return table;
}

static double build_ms(uint32_t count, uint32_t size)
{
	double ms[RUNS];

	for (uint32_t run = 0; run < RUNS; run++) {
		uint64_t began = bench_cpu_ns();

		maglev_release(build(count, size));
		ms[run] = (double)(bench_cpu_ns() - began) / 1e6;
	}
	return bench_median(ms, RUNS);
}

static double max_to_mean(const struct maglev *table)
{
	uint32_t counts[MEMBERS_MAX] = {0}, max = 0;

	for (uint32_t i = 0; i < table->size; i++)
		counts[table->slots[i]]++;
	for (uint32_t i = 0; i < table->member_count; i++)
		max = counts[i] > max ? counts[i] : max;
	return (double)max * table->member_count / table->size;
}

// In percent of all slots, when the weight of the middle member goes from 100 to 'weight'.
static double collateral(const struct maglev *before, uint32_t weight)
{
	uint16_t touched = (uint16_t)(before->member_count / 2);
	struct maglev *after;
	uint32_t moved = 0;

	pool[touched].weight = weight;
	after = build(before->member_count, before->size);
	pool[touched].weight = 100;
	for (uint32_t i = 0; i < before->size; i++)
		moved += before->slots[i] != after->slots[i] && before->slots[i] != touched &&
			 after->slots[i] != touched;
	maglev_release(after);
	return 100.0 * moved / before->size;
}

static void bench_size(uint32_t size)
{
	static const uint32_t counts[] = {3, 10, 100, 1000};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct maglev *table = build(counts[i], size);

		printf("%8u %8u %9.2f %9.4f %16.3f %16.3f\n", size, counts[i],
			build_ms(counts[i], size), max_to_mean(table), collateral(table, 0),
			collateral(table, 50));
		maglev_release(table);
	}
}

static void bench_uneven(uint32_t size)
{
	for (uint32_t i = 0; i < MEMBERS_MAX; i++)
		pool[i].weight = i == 0 ? 65535 : 1 + i % 100;
	printf("%8u %8u %9.2f  weights 1 to 100 and one of 65535\n", size, MEMBERS_MAX,
		build_ms(MEMBERS_MAX, size));
	for (uint32_t i = 0; i < MEMBERS_MAX; i++)
		pool[i].weight = 100;
}

// Ten members of each of the weights 1, 10 and 100: how far the worst is from its share.
static void bench_weighted(uint32_t size)
{
	static const uint32_t weights[] = {1, 10, 100};
	uint32_t counts[30] = {0};
	struct maglev *table;
	double worst = 0;

	for (uint32_t i = 0; i < 30; i++)
		pool[i].weight = weights[i % 3];
	table = build(30, size);
	for (uint32_t i = 0; i < size; i++)
		counts[table->slots[i]]++;
	for (uint32_t i = 0; i < 30; i++) {
		double share = (double)size * pool[i].weight / 1110;
		double off =
			100 * (counts[i] > share ? counts[i] - share : share - counts[i]) / share;

		worst = off > worst ? off : worst;
		pool[i].weight = 100;
	}
	printf("%8u %8u %9.2f  weights 1:10:100, ten of each: the worst share is off by %.3f%%\n",
		size, 30, build_ms(30, size), worst);
	maglev_release(table);
}

int main(void)
{
	for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "b%u", i);
		pool[i] = (struct maglev_member){names[i], 100};
	}
	printf("%8s %8s %9s %9s %16s %16s\n", "size", "members", "build ms", "max/mean",
		"collateral: one", "one to half");
	printf("%8s %8s %9s %9s %16s %16s\n", "", "", "", "", "removed, %", "its weight, %");
	bench_size(MAGLEV_SIZE_DEFAULT);
	bench_size(MAGLEV_SIZE_LARGE);
	bench_weighted(MAGLEV_SIZE_DEFAULT);
	bench_weighted(MAGLEV_SIZE_LARGE);
	bench_uneven(MAGLEV_SIZE_DEFAULT);
	bench_uneven(MAGLEV_SIZE_LARGE);
	return 0;
}
