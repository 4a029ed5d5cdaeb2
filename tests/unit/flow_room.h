// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_FLOW_ROOM_H
#define UNIT_FLOW_ROOM_H

#include <flow/flow_inline.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// cmocka wants the headers above first
#include <cmocka.h>

// What the tests of the flow table share: a table, and flows that follow from their hash alone.

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SERVICES     2u

// A clock that has wrapped before, so that no test passes by starting at zero.
#define START_S (3u * 65536u + 65000u)

static const struct flow_ttl ttls[SERVICES] = {
	{.seconds = {0, 30, 3600, 10, 60, 20, 25}},
	{.seconds = {0, 5, FLOW_TTL_MAX_S, 0, 5, 0, 7}},
};

static inline struct flow_table *table_new(uint64_t capacity)
{
	size_t footprint = flow_table_footprint(capacity);
	void *memory = aligned_alloc(64, (footprint + 63) / 64 * 64);

	assert_non_null(memory);
	memset(memory, 0, footprint);
	return flow_table_new(memory, capacity);
}

static inline struct flow_begin begin(uint64_t hash, enum flow_state state)
{
	return (struct flow_begin){
		.hash = hash,
		.client = flow_client_from_ipv4_be((uint32_t)hash | 1),
		.client_port = (uint16_t)(1000 + hash),
		.backend = (uint32_t)hash + 7,
		.state = state,
	};
}

static inline enum flow_inserted insert(
	struct flow_table *table, uint64_t hash, enum flow_state state, uint32_t now_s)
{
	struct flow_begin flow = begin(hash, state);

	return flow_insert(table, &flow, ttls, SERVICES, now_s);
}

static inline bool find(
	struct flow_table *table, uint64_t hash, uint32_t now_s, struct flow_ref *ref)
{
	return flow_find(table, hash, begin(hash, 0).client_port, &ttls[0], now_s, ref);
}

static inline bool is_there(struct flow_table *table, uint64_t hash, uint32_t now_s)
{
	struct flow_ref ref;

	return find(table, hash, now_s, &ref);
}

// Hashes of a table of two buckets: 'number' < 2^31.
static inline uint64_t in_bucket(uint64_t bucket, uint64_t number)
{
	return bucket << 63 | number;
}

static inline uint64_t random_hash(void)
{
	return (uint64_t)random() << 33 ^ (uint64_t)random() << 2;
}

#endif
