// SPDX-License-Identifier: BSD-3-Clause
#include <flow/flow_inline.h>
#include <flow/restore.h>

// The lowest hash of a bucket, with a row's tag.
static uint64_t hash_of(const struct flow_table *table, uint32_t bucket, uint32_t tag)
{
	uint64_t first = ((uint64_t)bucket << 32) + table->bucket_count - 1;

	return first / table->bucket_count << 32 | tag;
}

// Where a row's own bucket is: an overflow entry is in the other one of the pair.
static uint32_t home_of(uint32_t bucket, uint32_t way, bool has_mark)
{
	return bucket ^ (way > 0 && has_mark);
}

uint32_t flow_save_bucket(const struct flow_table *table, uint32_t bucket,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s,
	struct flow_saved out[FLOW_WAYS])
{
	const struct flow_bucket *rows = &table->buckets[bucket];
	uint32_t count = 0;

	// Nothing of a reading before is read after this one begins: two that say the same have
	// both ends of a time.
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	for (uint32_t way = 0; way < FLOW_WAYS; way++) {
		const struct flow_client *client = &rows->client[way];
		struct flow_row row;
		bool has_mark;

		if (!flow_read_row(rows, way, ttls, services, now_s, &row, &has_mark))
			continue;
		out[count++] = (struct flow_saved){
			.hash = hash_of(table, home_of(bucket, way, has_mark), row.tag),
			.client.half[0] = __atomic_load_n(&client->half[0], __ATOMIC_RELAXED),
			.client.half[1] = __atomic_load_n(&client->half[1], __ATOMIC_RELAXED),
			.client_port = row.client_port,
			.service = row.service,
			.backend = row.backend,
			.state = row.state,
			.age_s = row.age_s,
			.idle_s = row.idle_s,
		};
	}
	return count;
}

// What the table knows of the flow already is newer.
static bool is_outdated(const struct flow_table *table, const struct flow_saved *saved,
	const struct flow_ttl *ttl, uint32_t now_s)
{
	struct flow_ref ref;

	return flow_find(table, saved->hash, saved->client_port, ttl, now_s, &ref) &&
	       (uint16_t)(now_s - ref.bucket->seen[ref.way]) <= saved->idle_s;
}

static void set_times(const struct flow_ref *ref, const struct flow_saved *saved, uint32_t now_s)
{
	uint32_t age_s = saved->age_s < FLOW_AGE_MAX_S ? saved->age_s : FLOW_AGE_MAX_S;
	uint16_t *life = &ref->bucket->life[ref->way];

	ref->bucket->seen[ref->way] = (uint16_t)(now_s - saved->idle_s);
	*life = flow_life_begun(saved->state, now_s - age_s, *life & FLOW_LIFE_MARK);
}

bool flow_restore(struct flow_table *table, const struct flow_saved *saved,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s)
{
	const struct flow_begin begin = {
		.hash = saved->hash,
		.client = saved->client,
		.client_port = saved->client_port,
		.service = saved->service,
		.backend = saved->backend,
		.state = saved->state,
	};
	struct flow_ref own;

	if (saved->state == FLOW_EMPTY || saved->state >= FLOW_STATES ||
		saved->service >= services ||
		saved->idle_s > ttls[saved->service].seconds[saved->state])
		return false;
	if (is_outdated(table, saved, &ttls[saved->service], now_s))
		return true;
	flow_insert(table, &begin, ttls, services, now_s);
	if (flow_own_row(table, begin.hash, begin.client_port, &own))
		set_times(&own, saved, now_s);
	return true;
}
