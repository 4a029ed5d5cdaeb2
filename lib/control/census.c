// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/control_private.h>
#include <control/reply_private.h>

#include <errno.h>
#include <stdlib.h>

#define CENSUS_BUCKETS 1024 // in one step: about a tenth of a millisecond

int census_begin(struct census *census, uint32_t capacity)
{
	*census = (struct census){.flows = calloc(capacity, sizeof(*census->flows)),
		.oldest_s = calloc(capacity, sizeof(*census->oldest_s))};
	return census->flows == NULL || census->oldest_s == NULL ? -ENOMEM : 0;
}

void census_end(struct census *census)
{
	free(census->flows);
	free(census->oldest_s);
	*census = (struct census){0};
}

static void count(struct census *census, const struct snapshot *snapshot,
	const struct flow_row *rows, uint32_t row_count)
{
	for (uint32_t i = 0; i < row_count; i++) {
		uint32_t index = rows[i].backend & BACKEND_INDEX_MASK;

		if (snapshot_find_backend(snapshot, rows[i].backend) == NULL)
			continue;
		census->flows[index]++;
		if (rows[i].age_s > census->oldest_s[index])
			census->oldest_s[index] = rows[i].age_s;
	}
}

bool census_step(struct census *census, const struct control *control)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	const struct flow_table *table;
	struct flow_row rows[FLOW_WAYS];

	if (census->worker == control->config.worker_count)
		return false;
	table = control->config.flows[census->worker];
	for (int i = 0; i < CENSUS_BUCKETS && census->bucket < flow_table_buckets(table); i++)
		count(census, snapshot, rows,
			flow_read_bucket(table, census->bucket++, snapshot->ttls,
				snapshot->service_capacity, now_s, rows));
	if (census->bucket == flow_table_buckets(table)) {
		census->worker++;
		census->bucket = 0;
	}
	return true;
}
