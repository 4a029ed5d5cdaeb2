// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/control_private.h>

#define CENSUS_BUCKETS 1024 // in one step: about a tenth of a millisecond

static void count(struct control *control, const struct flow_row *rows, uint32_t row_count)
{
	const struct snapshot *snapshot = control->config.publisher->current;

	for (uint32_t i = 0; i < row_count; i++) {
		uint32_t index = rows[i].backend & BACKEND_INDEX_MASK;

		if (snapshot_find_backend(snapshot, rows[i].backend) == NULL)
			continue;
		control->reply.flows[index]++;
		if (rows[i].age_s > control->reply.oldest_s[index])
			control->reply.oldest_s[index] = rows[i].age_s;
	}
}

bool census_step(struct control *control)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
	struct reply *reply = &control->reply;
	const struct flow_table *table;
	struct flow_row rows[FLOW_WAYS];

	if (reply->worker == control->config.worker_count)
		return false;
	table = control->config.flows[reply->worker];
	for (int i = 0; i < CENSUS_BUCKETS && reply->next < flow_table_buckets(table); i++)
		count(control, rows,
			flow_read_bucket(table, reply->next++, snapshot->ttls,
				snapshot->service_capacity, now_s, rows));
	if (reply->next == flow_table_buckets(table)) {
		reply->worker++;
		reply->next = 0;
	}
	return true;
}
