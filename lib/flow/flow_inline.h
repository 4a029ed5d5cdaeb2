// SPDX-License-Identifier: BSD-3-Clause
#ifndef FLOW_FLOW_INLINE_H
#define FLOW_FLOW_INLINE_H

#include <flow/flow.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

// The packet path of the flow table: for the worker that owns it, and for nobody else. Its own loads are
// plain; its stores are relaxed atomics, since readers look on from other threads.
//
//     for each packet of the burst: flow_prefetch(table, hash);
//     for each packet: if (flow_find(...)) { flow_ref_backend(), flow_touch() } else flow_insert();

// The 16 bytes of a client: IPv6 as it is, IPv4 mapped (::ffff:0:0/96, which no client has).
struct flow_client {
	uint64_t half[2];
};

struct flow_table {
	struct flow_bucket *buckets;
	struct flow_client *clients; // FLOW_WAYS a bucket
	uint32_t bucket_count;
};

#define FLOW_LIFE_STATE_MASK 7u
#define FLOW_LIFE_UNIT_SHIFT 3 // 8 s, which also is where the state's bits end

enum flow_inserted {
	FLOW_INSERTED, // into an empty or expired row
	FLOW_REPLACED, // its own row, which was alive
	FLOW_EVICTED, // another flow had to go
};

// The bucket comes from the upper half of the hash, the tag from the lower.
static inline uint32_t flow_bucket_index(const struct flow_table *table, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * table->bucket_count) >> 32);
}

static inline void flow_prefetch(const struct flow_table *table, uint64_t hash)
{
	__builtin_prefetch(&table->buckets[flow_bucket_index(table, hash)]);
}

// For packets that will begin a flow: the line that takes the client's address.
static inline void flow_prefetch_client(const struct flow_table *table, uint64_t hash)
{
	__builtin_prefetch(&table->clients[(size_t)flow_bucket_index(table, hash) * FLOW_WAYS], 1);
}

static inline enum flow_state flow_life_state(uint16_t life)
{
	return (enum flow_state)(life & FLOW_LIFE_STATE_MASK);
}

// 8 s units in the bits above the state's: the clock without its lowest three bits.
static inline uint16_t flow_life_begun(enum flow_state state, uint32_t now_s)
{
	return (uint16_t)((now_s & ~FLOW_LIFE_STATE_MASK) | state);
}

static inline bool flow_is_live(
	enum flow_state state, uint16_t seen, const struct flow_ttl *ttl, uint32_t now_s)
{
	return (state != FLOW_EMPTY) & ((uint16_t)(now_s - seen) <= ttl->seconds[state]);
}

// One bit a way whose tag and port are these, alive or not. A flow never has two rows in its bucket, since
// flow_insert() takes the lowest bit first; only rows that were never used may look alike.
static inline uint32_t flow_match(
	const struct flow_bucket *bucket, uint32_t tag, uint16_t client_port)
{
#ifdef __SSE2__
	__m128i tags = _mm_load_si128((const __m128i *)bucket->tag);
	__m128i ports = _mm_loadl_epi64((const __m128i *)bucket->client_port);

	tags = _mm_cmpeq_epi32(tags, _mm_set1_epi32((int)tag));
	ports = _mm_cmpeq_epi16(ports, _mm_set1_epi16((short)client_port));
	ports = _mm_unpacklo_epi16(ports, ports);
	return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_and_si128(tags, ports)));
#else
	uint32_t match = 0;

	for (uint32_t way = 0; way < FLOW_WAYS; way++)
		match |= (uint32_t)((bucket->tag[way] == tag) &
				    (bucket->client_port[way] == client_port))
			 << way;
	return match;
#endif
}

// True and '*ref' where the flow is there and not expired at 'now_s' by 'ttl', the row of its service. If it
// is false, '*ref' means nothing.
static inline bool flow_find(const struct flow_table *table, uint64_t hash, uint16_t client_port,
	const struct flow_ttl *ttl, uint32_t now_s, struct flow_ref *ref)
{
	struct flow_bucket *bucket = &table->buckets[flow_bucket_index(table, hash)];
	uint32_t match = flow_match(bucket, (uint32_t)hash, client_port);
	uint32_t way = (uint32_t)__builtin_ctz(match | 1u << (FLOW_WAYS - 1));

	*ref = (struct flow_ref){bucket, way};
	return (match != 0) &
	       flow_is_live(flow_life_state(bucket->life[way]), bucket->seen[way], ttl, now_s);
}

static inline uint32_t flow_ref_backend(const struct flow_ref *ref)
{
	return ref->bucket->backend[ref->way];
}

static inline enum flow_state flow_ref_state(const struct flow_ref *ref)
{
	return flow_life_state(ref->bucket->life[ref->way]);
}

// Writes only what changed, so that a busy line stays clean in the cache for most of a second.
static inline void flow_touch(struct flow_ref *ref, enum flow_state state, uint32_t now_s)
{
	uint16_t *seen = &ref->bucket->seen[ref->way];
	uint16_t *life = &ref->bucket->life[ref->way];

	if (*seen != (uint16_t)now_s)
		__atomic_store_n(seen, (uint16_t)now_s, __ATOMIC_RELAXED);
	if (flow_life_state(*life) != state)
		__atomic_store_n(life, (uint16_t)((*life & ~FLOW_LIFE_STATE_MASK) | state),
			__ATOMIC_RELAXED);
}

static inline void flow_set_backend(struct flow_ref *ref, uint32_t backend)
{
	__atomic_store_n(&ref->bucket->backend[ref->way], backend, __ATOMIC_RELAXED);
}

static inline void flow_forget(struct flow_ref *ref)
{
	__atomic_store_n(&ref->bucket->life[ref->way], FLOW_EMPTY, __ATOMIC_RELAXED);
}

// How gladly a row is given up, in the upper half by what it is, in the lower by how long it idles.
static inline uint32_t flow_worthless(const struct flow_bucket *bucket, uint32_t way,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s)
{
	static const uint32_t by_state[FLOW_LIFE_STATE_MASK + 1] = {
		[FLOW_ESTABLISHED] = 1u << 16,
		[FLOW_UDP] = 2u << 16,
		[FLOW_CLOSING] = 3u << 16,
		[FLOW_NEW] = 3u << 16,
	};
	enum flow_state state = flow_life_state(bucket->life[way]);
	uint16_t service = bucket->service[way];

	if (service >= services || !flow_is_live(state, bucket->seen[way], &ttls[service], now_s))
		return UINT32_MAX;
	return by_state[state] | (uint16_t)(now_s - bucket->seen[way]);
}

// The row that a new flow takes: its own; else an empty or expired one; else closing and new ones before UDP
// before established, of each the one that idles longest.
static inline uint32_t flow_choose_way(const struct flow_bucket *bucket,
	const struct flow_begin *begin, const struct flow_ttl *ttls, uint32_t services,
	uint32_t now_s, enum flow_inserted *inserted)
{
	uint32_t match = flow_match(bucket, (uint32_t)begin->hash, begin->client_port);
	uint32_t worst = 0, victim = 0;

	if (match != 0) {
		victim = (uint32_t)__builtin_ctz(match);
		worst = flow_worthless(bucket, victim, ttls, services, now_s);
		*inserted = worst == UINT32_MAX ? FLOW_INSERTED : FLOW_REPLACED;
		return victim;
	}
	for (uint32_t way = 0; way < FLOW_WAYS; way++) {
		uint32_t worthless = flow_worthless(bucket, way, ttls, services, now_s);

		victim = worthless > worst ? way : victim;
		worst = worthless > worst ? worthless : worst;
	}
	*inserted = worst == UINT32_MAX ? FLOW_INSERTED : FLOW_EVICTED;
	return victim;
}

static inline void flow_store_client(struct flow_client *out, const struct addr *client)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct flow_client value;

	if (client->family == ADDR_IPV4) {
		memcpy(&value, mapped, sizeof(mapped));
		memcpy((uint8_t *)&value + sizeof(mapped), client->bytes, 4);
	} else {
		memcpy(&value, client->bytes, sizeof(value));
	}
	__atomic_store_n(&out->half[0], value.half[0], __ATOMIC_RELAXED);
	__atomic_store_n(&out->half[1], value.half[1], __ATOMIC_RELAXED);
}

// Always finds a place, at the cost of another flow where the bucket is full. 'ttls' has a row for each of
// the 'services'.
static inline enum flow_inserted flow_insert(struct flow_table *table,
	const struct flow_begin *begin, const struct flow_ttl *ttls, uint32_t services,
	uint32_t now_s)
{
	uint32_t index = flow_bucket_index(table, begin->hash);
	struct flow_bucket *bucket = &table->buckets[index];
	enum flow_inserted inserted;
	uint32_t way = flow_choose_way(bucket, begin, ttls, services, now_s, &inserted);

	flow_store_client(&table->clients[(size_t)index * FLOW_WAYS + way], &begin->client);
	__atomic_store_n(&bucket->tag[way], (uint32_t)begin->hash, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->backend[way], begin->backend, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->seen[way], (uint16_t)now_s, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->client_port[way], begin->client_port, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->service[way], begin->service, __ATOMIC_RELAXED);
	__atomic_store_n(
		&bucket->life[way], flow_life_begun(begin->state, now_s), __ATOMIC_RELAXED);
	return inserted;
}

#endif
