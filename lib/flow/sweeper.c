// SPDX-License-Identifier: BSD-3-Clause
#include <flow/flow.h>

void flow_sweeper_init(struct flow_sweeper *sweeper, const struct flow_table *table, uint32_t now_s)
{
	*sweeper = (struct flow_sweeper){
		.per_second = flow_table_buckets(table) / FLOW_SWEEP_PERIOD_S + 1,
		.second = now_s,
	};
}

// A worker that slept for long owes one turn and no more.
static void add_due(struct flow_sweeper *sweeper, uint32_t buckets, uint32_t now_s)
{
	uint64_t due = sweeper->due + (uint64_t)(now_s - sweeper->second) * sweeper->per_second;

	sweeper->due = due < buckets ? (uint32_t)due : buckets;
	sweeper->second = now_s;
}

void flow_sweeper_step(struct flow_sweeper *sweeper, struct flow_table *table,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s)
{
	uint32_t buckets = flow_table_buckets(table);
	uint32_t count;

	if (now_s != sweeper->second)
		add_due(sweeper, buckets, now_s);
	if (sweeper->due == 0)
		return;
	count = sweeper->due < FLOW_SWEEP_STEP ? sweeper->due : FLOW_SWEEP_STEP;
	if (count > buckets - sweeper->next)
		count = buckets - sweeper->next;
	flow_sweep(table, sweeper->next, count, ttl, services, now_s);
	sweeper->due -= count;
	sweeper->next += count;
	if (sweeper->next == buckets)
		sweeper->next = 0;
}
