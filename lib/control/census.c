// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/census.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_BUCKETS 4096
#define STEP_INDEXES 65536 // that are cleared

static int counts_init(struct census_counts *counts, uint32_t capacity, uint32_t table_count)
{
	counts->flows = calloc((size_t)capacity + 1, sizeof(*counts->flows));
	counts->is_known = calloc((size_t)capacity + 1, sizeof(*counts->is_known));
	counts->oldest_s = calloc((size_t)capacity + 1, sizeof(*counts->oldest_s));
	counts->worker_flows = calloc((size_t)table_count + 1, sizeof(*counts->worker_flows));
	return counts->flows == NULL || counts->is_known == NULL || counts->oldest_s == NULL ||
			       counts->worker_flows == NULL
		       ? -ENOMEM
		       : 0;
}

static void counts_free(struct census_counts *counts)
{
	free(counts->flows);
	free(counts->is_known);
	free(counts->oldest_s);
	free(counts->worker_flows);
}

int census_init(struct census *census, uint32_t capacity, uint32_t table_count)
{
	*census = (struct census){.capacity = capacity, .table_count = table_count};
	if (counts_init(&census->last, capacity, table_count) == 0 &&
		counts_init(&census->next, capacity, table_count) == 0)
		return 0;
	census_free(census);
	return -ENOMEM;
}

void census_free(struct census *census)
{
	counts_free(&census->last);
	counts_free(&census->next);
	*census = (struct census){0};
}

uint64_t census_ask(const struct census *census)
{
	return census->begun + 1;
}

bool census_has(const struct census *census, uint64_t round)
{
	return census->done >= round;
}

static void census_begin(struct census *census)
{
	census->begun++;
	census->cleared = 0;
	census->table = 0;
	census->bucket = 0;
	memset(census->next.worker_flows, 0,
		census->table_count * sizeof(*census->next.worker_flows));
}

static void census_clear_some(struct census *census)
{
	uint32_t left = census->capacity - census->cleared;
	uint32_t count = left < STEP_INDEXES ? left : STEP_INDEXES;

	memset(census->next.flows + census->cleared, 0, count * sizeof(*census->next.flows));
	memset(census->next.is_known + census->cleared, 0, count * sizeof(*census->next.is_known));
	memset(census->next.oldest_s + census->cleared, 0, count * sizeof(*census->next.oldest_s));
	census->cleared += count;
}

static void census_add(struct census *census, const struct snapshot *snapshot,
	const struct flow_row *rows, uint32_t row_count)
{
	struct census_counts *counts = &census->next;

	counts->worker_flows[census->table] += row_count;
	for (uint32_t i = 0; i < row_count; i++) {
		uint32_t index = rows[i].backend & BACKEND_INDEX_MASK;

		if (snapshot_find_backend(snapshot, rows[i].backend) == NULL)
			continue;
		counts->is_known[index] = true;
		if (!flow_row_is_open(&rows[i]))
			continue;
		counts->flows[index]++;
		if (rows[i].age_s > counts->oldest_s[index])
			counts->oldest_s[index] = rows[i].age_s;
	}
}

// The time is taken for each step: a round may last longer than a flow lives.
static void census_count_some(struct census *census, const struct census_source *source)
{
	const struct flow_table *table = source->tables[census->table];
	const struct snapshot *snapshot = source->snapshot;
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	struct flow_row rows[FLOW_WAYS];

	for (int i = 0; i < STEP_BUCKETS && census->bucket < flow_table_buckets(table); i++)
		census_add(census, snapshot, rows,
			flow_count_bucket(table, census->bucket++, snapshot->ttls,
				snapshot->service_capacity, now_s, rows));
	if (census->bucket == flow_table_buckets(table)) {
		census->table++;
		census->bucket = 0;
	}
}

static void census_conclude(struct census *census)
{
	struct census_counts found = census->next;

	census->next = census->last;
	census->last = found;
	census->done = census->begun;
	census->done_ns = clock_monotonic_ns();
}

void census_step(struct census *census, const struct census_source *source)
{
	if (census->done == census->begun)
		census_begin(census);
	if (census->cleared < census->capacity)
		census_clear_some(census);
	else if (census->table < census->table_count)
		census_count_some(census, source);
	else
		census_conclude(census);
}

void census_forget(struct census *census, uint32_t index)
{
	census->last.flows[index] = census->next.flows[index] = 0;
	census->last.is_known[index] = census->next.is_known[index] = false;
	census->last.oldest_s[index] = census->next.oldest_s[index] = 0;
}
