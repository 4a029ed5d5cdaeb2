// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <stats/flow_counts.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STEP_BUCKETS 4096
#define STEP_INDEXES 65536 // that are cleared

static int flow_counts_result_init(
	struct flow_counts_result *result, uint32_t capacity, uint32_t table_count)
{
	result->flows = calloc((size_t)capacity + 1, sizeof(*result->flows));
	result->is_known = calloc((size_t)capacity + 1, sizeof(*result->is_known));
	result->oldest_s = calloc((size_t)capacity + 1, sizeof(*result->oldest_s));
	result->worker_flows = calloc((size_t)table_count + 1, sizeof(*result->worker_flows));
	return result->flows == NULL || result->is_known == NULL || result->oldest_s == NULL ||
			       result->worker_flows == NULL
		       ? -ENOMEM
		       : 0;
}

static void flow_counts_result_free(struct flow_counts_result *result)
{
	free(result->flows);
	free(result->is_known);
	free(result->oldest_s);
	free(result->worker_flows);
}

int flow_counts_init(struct flow_counts *counts, uint32_t capacity, uint32_t table_count)
{
	*counts = (struct flow_counts){.capacity = capacity, .table_count = table_count};
	if (flow_counts_result_init(&counts->last, capacity, table_count) == 0 &&
		flow_counts_result_init(&counts->next, capacity, table_count) == 0)
		return 0;
	flow_counts_free(counts);
	return -ENOMEM;
}

void flow_counts_free(struct flow_counts *counts)
{
	flow_counts_result_free(&counts->last);
	flow_counts_result_free(&counts->next);
	*counts = (struct flow_counts){0};
}

uint64_t flow_counts_ask(const struct flow_counts *counts)
{
	return counts->begun + 1;
}

bool flow_counts_has(const struct flow_counts *counts, uint64_t round)
{
	return counts->done >= round;
}

static void flow_counts_begin(struct flow_counts *counts)
{
	counts->begun++;
	counts->cleared = 0;
	counts->table = 0;
	counts->bucket = 0;
	memset(counts->next.worker_flows, 0,
		counts->table_count * sizeof(*counts->next.worker_flows));
}

static void flow_counts_clear_some(struct flow_counts *counts)
{
	uint32_t left = counts->capacity - counts->cleared;
	uint32_t count = left < STEP_INDEXES ? left : STEP_INDEXES;

	memset(counts->next.flows + counts->cleared, 0, count * sizeof(*counts->next.flows));
	memset(counts->next.is_known + counts->cleared, 0, count * sizeof(*counts->next.is_known));
	memset(counts->next.oldest_s + counts->cleared, 0, count * sizeof(*counts->next.oldest_s));
	counts->cleared += count;
}

static void flow_counts_add(struct flow_counts *counts, const struct snapshot *snapshot,
	const struct flow_row *rows, uint32_t row_count)
{
	struct flow_counts_result *result = &counts->next;

	result->worker_flows[counts->table] += row_count;
	for (uint32_t i = 0; i < row_count; i++) {
		uint32_t index = rows[i].backend & BACKEND_INDEX_MASK;

		if (snapshot_find_backend(snapshot, rows[i].backend) == NULL)
			continue;
		result->is_known[index] = true;
		if (!flow_row_is_open(&rows[i]))
			continue;
		result->flows[index]++;
		if (rows[i].age_s > result->oldest_s[index])
			result->oldest_s[index] = rows[i].age_s;
	}
}

// The time is taken for each step: a round may last longer than a flow lives.
static void flow_counts_count_some(
	struct flow_counts *counts, const struct flow_counts_source *source)
{
	const struct flow_table *table = source->tables[counts->table];
	const struct snapshot *snapshot = source->snapshot;
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	struct flow_row rows[FLOW_WAYS];

	for (int i = 0; i < STEP_BUCKETS && counts->bucket < flow_table_buckets(table); i++)
		flow_counts_add(counts, snapshot, rows,
			flow_count_bucket(table, counts->bucket++, snapshot->ttls,
				snapshot->service_capacity, now_s, rows));
	if (counts->bucket == flow_table_buckets(table)) {
		counts->table++;
		counts->bucket = 0;
	}
}

static void flow_counts_conclude(struct flow_counts *counts)
{
	struct flow_counts_result found = counts->next;

	counts->next = counts->last;
	counts->last = found;
	counts->done = counts->begun;
	counts->done_ns = clock_monotonic_ns();
}

void flow_counts_step(struct flow_counts *counts, const struct flow_counts_source *source)
{
	if (counts->done == counts->begun)
		flow_counts_begin(counts);
	if (counts->cleared < counts->capacity)
		flow_counts_clear_some(counts);
	else if (counts->table < counts->table_count)
		flow_counts_count_some(counts, source);
	else
		flow_counts_conclude(counts);
}

void flow_counts_forget(struct flow_counts *counts, uint32_t index)
{
	counts->last.flows[index] = counts->next.flows[index] = 0;
	counts->last.is_known[index] = counts->next.is_known[index] = false;
	counts->last.oldest_s[index] = counts->next.oldest_s[index] = 0;
}
