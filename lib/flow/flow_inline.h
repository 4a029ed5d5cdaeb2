// SPDX-License-Identifier: BSD-3-Clause
#ifndef FLOW_FLOW_INLINE_H
#define FLOW_FLOW_INLINE_H

#include <flow/flow.h>
#include <string.h>
// The four ways of a bucket at once, where the instruction set of the whole tree (meson.build) has
// it. What a bucket is asked has both variants then, by name, and the test compares them; the plain
// name is what workers run.
#ifdef __SSE4_1__
#define FLOW_HAS_VECTOR 1
#include <smmintrin.h>
#else
#define FLOW_HAS_VECTOR 0
#endif

// The packet path of the flow table: for the worker that owns it, and for nobody else. Its own
// loads are plain; its stores are relaxed atomics, since readers look on from other threads.
//
//     for each packet of the burst: flow_prefetch(table, hash);
//     for each packet: if (flow_find(...)) { flow_ref_backend(), flow_touch() } else flow_insert();

struct flow_table {
	struct flow_bucket *buckets;
	uint32_t bucket_count;
};

// A pair of buckets of its own, as a table.
struct flow_copy {
	struct flow_bucket pair[2];
	struct flow_table table;
};

// Any thread: copies the pair that a flow is in. Whatever is done with 'out->table' and that hash
// then leaves the worker's rows alone. Rows that a clock ahead of 'now_s' wrote count as seen just
// now.
void flow_copy(
	const struct flow_table *table, uint64_t hash, uint32_t now_s, struct flow_copy *out);

#define FLOW_LIFE_STATE_MASK 7u
// In way 0: a flow of this bucket may be an overflow entry of the other one of the pair. In the
// other ways: the row is an overflow entry, of the other bucket. So way 0 takes none.
#define FLOW_LIFE_MARK  8u
#define FLOW_LIFE_BEGUN 0xfff0u // the clock without its lowest four bits

// Any thread, and every reader but the worker itself: copies one row, each field loaded once, but
// for the client's address, which stands in another line, and says whether it has the mark. False
// if it is not live. What a clock ahead of 'now_s' wrote counts as seen just now.
bool flow_read_row(const struct flow_bucket *rows, uint32_t way, const struct flow_ttl *ttl,
	uint32_t services, uint32_t now_s, struct flow_row *out, bool *has_mark);

enum flow_inserted {
	FLOW_INSERTED, // into an empty or expired row
	FLOW_REPLACED, // its own row, which was alive
	FLOW_CLEARED, // another flow had to go, whose client had sent FIN or RST
	FLOW_EVICTED, // another flow had to go, which had not ended
};

// The bucket comes from the upper half of the hash, the tag from the lower.
static inline uint32_t flow_bucket_index(const struct flow_table *table, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * table->bucket_count) >> 32);
}

// Always inline: gcc takes the call of a function that only prefetches for one that does nothing,
// and drops it.
#define FLOW_PREFETCH static inline __attribute__((always_inline)) void

FLOW_PREFETCH flow_prefetch(const struct flow_table *table, uint64_t hash)
{
	__builtin_prefetch(&table->buckets[flow_bucket_index(table, hash)]);
}

// Besides, for a packet that will begin a flow: the line that takes the address of its client.
FLOW_PREFETCH flow_prefetch_client(const struct flow_table *table, uint64_t hash)
{
	__builtin_prefetch(table->buckets[flow_bucket_index(table, hash)].client, 1);
}

// Likewise for one that may need the other bucket of its pair: for its place there, and its
// client's.
FLOW_PREFETCH flow_prefetch_sibling(const struct flow_table *table, uint64_t hash)
{
	size_t sibling = flow_bucket_index(table, hash) ^ 1;

	__builtin_prefetch(&table->buckets[sibling]);
	__builtin_prefetch(table->buckets[sibling].client, 1);
}

static inline enum flow_state flow_life_state(uint16_t life)
{
	return (enum flow_state)(life & FLOW_LIFE_STATE_MASK);
}

static inline uint16_t flow_life_begun(enum flow_state state, uint32_t now_s, uint32_t mark)
{
	return (uint16_t)((now_s & FLOW_LIFE_BEGUN) | mark | state);
}

static inline bool flow_has_overflow(const struct flow_bucket *bucket)
{
	return (bucket->life[0] & FLOW_LIFE_MARK) != 0;
}

// The other bucket of the pair.
static inline struct flow_bucket *flow_sibling(
	const struct flow_table *table, const struct flow_bucket *bucket)
{
	return &table->buckets[(bucket - table->buckets) ^ 1];
}

static inline bool flow_is_live(
	enum flow_state state, uint16_t seen, const struct flow_ttl *ttl, uint32_t now_s)
{
	return (state != FLOW_EMPTY) & ((uint16_t)(now_s - seen) <= ttl->seconds[state]);
}

static inline uint32_t flow_match_scalar(
	const struct flow_bucket *bucket, uint32_t tag, uint16_t client_port)
{
	uint32_t match = 0;

	for (uint32_t way = 0; way < FLOW_WAYS; way++)
		match |= (uint32_t)((bucket->tag[way] == tag) &
				    (bucket->client_port[way] == client_port))
			 << way;
	return match;
}

#if FLOW_HAS_VECTOR
static inline uint32_t flow_match_vector(
	const struct flow_bucket *bucket, uint32_t tag, uint16_t client_port)
{
	__m128i tags = _mm_load_si128((const __m128i *)bucket->tag);
	__m128i ports = _mm_loadl_epi64((const __m128i *)bucket->client_port);

	tags = _mm_cmpeq_epi32(tags, _mm_set1_epi32((int)tag));
	// By a product, so that the port never goes to a vector over the stack, in another width.
	ports = _mm_cmpeq_epi16(ports, _mm_set1_epi32((int)(client_port * 0x10001u)));
	ports = _mm_unpacklo_epi16(ports, ports);
	return (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(_mm_and_si128(tags, ports)));
}
#define FLOW_VARIANT(name) name##_vector
#else
#define FLOW_VARIANT(name) name##_scalar
#endif

// One bit a way whose tag and port are these, alive or not. A flow never has two rows in its pair
// of buckets, since flow_insert() takes the one that is there; only rows that were never used may
// look alike.
static inline uint32_t flow_match(
	const struct flow_bucket *bucket, uint32_t tag, uint16_t client_port)
{
	return FLOW_VARIANT(flow_match)(bucket, tag, client_port);
}

// Likewise among the rows of 'sibling' that may be overflow entries.
static inline uint32_t flow_match_overflow(
	const struct flow_bucket *sibling, uint32_t tag, uint16_t client_port)
{
	return flow_match(sibling, tag, client_port) & ~1u;
}

// True and '*ref' where the flow is there and not expired at 'now_s' by 'ttl', the row of its
// service. If it is false, '*ref' means nothing.
static inline bool flow_find(const struct flow_table *table, uint64_t hash, uint16_t client_port,
	const struct flow_ttl *ttl, uint32_t now_s, struct flow_ref *ref)
{
	struct flow_bucket *bucket = &table->buckets[flow_bucket_index(table, hash)];
	uint32_t match = flow_match(bucket, (uint32_t)hash, client_port);
	uint32_t way;

	if (match == 0 && flow_has_overflow(bucket)) {
		bucket = flow_sibling(table, bucket);
		match = flow_match_overflow(bucket, (uint32_t)hash, client_port);
	}
	way = (uint32_t)__builtin_ctz(match | 1u << (FLOW_WAYS - 1));
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

// All that the row says but for its client. For readers, of a copy.
void flow_ref_read(const struct flow_ref *ref, uint32_t now_s, struct flow_row *out);

static inline bool flow_ref_is_live(
	const struct flow_ref *ref, const struct flow_ttl *ttl, uint32_t now_s)
{
	return flow_is_live(flow_ref_state(ref), ref->bucket->seen[ref->way], ttl, now_s);
}

static inline void flow_set_state(const struct flow_ref *ref, enum flow_state state)
{
	uint16_t *life = &ref->bucket->life[ref->way];

	__atomic_store_n(
		life, (uint16_t)((*life & ~FLOW_LIFE_STATE_MASK) | state), __ATOMIC_RELAXED);
}

// Writes only what changed, so that a busy line stays clean in the cache for most of a second.
static inline void flow_touch(struct flow_ref *ref, enum flow_state state, uint32_t now_s)
{
	uint16_t *seen = &ref->bucket->seen[ref->way];

	if (*seen != (uint16_t)now_s)
		__atomic_store_n(seen, (uint16_t)now_s, __ATOMIC_RELAXED);
	if (flow_ref_state(ref) != state)
		flow_set_state(ref, state);
}

static inline void flow_set_backend(struct flow_ref *ref, uint32_t backend)
{
	__atomic_store_n(&ref->bucket->backend[ref->way], backend, __ATOMIC_RELAXED);
}

static inline void flow_forget(struct flow_ref *ref)
{
	uint16_t *life = &ref->bucket->life[ref->way];

	__atomic_store_n(life, (uint16_t)(*life & FLOW_LIFE_MARK) | FLOW_EMPTY, __ATOMIC_RELAXED);
}

// The eviction priority of a row, the least goes first: established above UDP above half closed
// above finished above closing above new, of each kind the less the longer it idles, to four
// seconds; so that it goes into 16 bits. A SYN that nothing followed goes first: it costs least to
// forget, and a FIN or RST may be forged.
#define FLOW_PRIORITY_NOTHING 0u // empty or expired
#define FLOW_PRIORITY_LITTLE  0x2000u // and less: no more than a SYN
#define FLOW_PRIORITY_CLOSED  0x8000u // and less, down to the former: a FIN or RST was seen
_Static_assert(FLOW_TTL_MAX_S / 4 < FLOW_PRIORITY_LITTLE, "a live row is above nothing");

static inline uint32_t flow_priority(const struct flow_bucket *bucket, uint32_t way,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s)
{
	static const uint16_t by_state[FLOW_LIFE_STATE_MASK + 1] = {
		[FLOW_CLOSING] = 0x2000,
		[FLOW_FINISHED] = 0x4000,
		[FLOW_HALF_CLOSED] = 0x6000,
		[FLOW_UDP] = 0x8000,
		[FLOW_ESTABLISHED] = 0xa000,
	};
	enum flow_state state = flow_life_state(bucket->life[way]);
	uint16_t seen = bucket->seen[way], service = bucket->service[way];

	if (service >= services || !flow_is_live(state, seen, &ttls[service], now_s))
		return FLOW_PRIORITY_NOTHING;
	return by_state[state] + FLOW_PRIORITY_LITTLE - (uint16_t)(now_s - seen) / 4;
}

// A row, and its eviction priority.
struct flow_victim {
	struct flow_ref ref;
	uint32_t priority;
};

// flow_priority() of the four ways, in their order.
#if FLOW_HAS_VECTOR
static inline __m128i flow_priorities(const struct flow_bucket *bucket, const struct flow_ttl *ttls,
	uint32_t services, uint32_t now_s)
{
	const __m128i by_state = _mm_setr_epi8(
		0, 0, (char)0xa0, 0x20, (char)0x80, 0x40, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	__m128i life = _mm_loadl_epi64((const __m128i *)bucket->life);
	__m128i seen = _mm_loadl_epi64((const __m128i *)bucket->seen);
	__m128i service = _mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)bucket->service));
	__m128i state = _mm_and_si128(life, _mm_set1_epi16(FLOW_LIFE_STATE_MASK));
	__m128i idle = _mm_sub_epi16(_mm_set1_epi16((short)now_s), seen);
	__m128i known = _mm_cmplt_epi32(service, _mm_set1_epi32((int)services));
	// Where in 'ttls' each way's seconds stand.
	__m128i place = _mm_or_si128(_mm_slli_epi32(service, 3), _mm_cvtepu16_epi32(state));
	const uint16_t *seconds = ttls[0].seconds;
	__m128i ttl, live, kind;
	uint64_t low, high;

	place = _mm_and_si128(place, known);
	low = (uint64_t)_mm_cvtsi128_si64(place);
	high = (uint64_t)_mm_extract_epi64(place, 1);
	ttl = _mm_cvtsi32_si128(seconds[(uint32_t)low]);
	ttl = _mm_insert_epi16(ttl, seconds[low >> 32], 1);
	ttl = _mm_insert_epi16(ttl, seconds[(uint32_t)high], 2);
	ttl = _mm_insert_epi16(ttl, seconds[high >> 32], 3);
	live = _mm_cmpeq_epi16(_mm_subs_epu16(idle, ttl), _mm_setzero_si128());
	live = _mm_andnot_si128(_mm_cmpeq_epi16(state, _mm_setzero_si128()), live);
	live = _mm_and_si128(live, _mm_packs_epi32(known, known));
	// The upper byte of each kind's priority, from the table's byte with its number.
	kind = _mm_shuffle_epi8(
		by_state, _mm_or_si128(_mm_slli_epi16(state, 8), _mm_set1_epi16(0x80)));
	kind = _mm_add_epi16(kind, _mm_set1_epi16(FLOW_PRIORITY_LITTLE));
	return _mm_and_si128(live, _mm_sub_epi16(kind, _mm_srli_epi16(idle, 2)));
}
static inline struct flow_victim flow_victim_in_vector(struct flow_bucket *bucket, uint32_t first,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s)
{
	__m128i out = _mm_setr_epi16(first == 0 ? 0 : -1, 0, 0, 0, -1, -1, -1, -1);
	__m128i priorities = _mm_or_si128(flow_priorities(bucket, ttls, services, now_s), out);
	uint32_t least = (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(priorities));

	return (struct flow_victim){{bucket, least >> 16 & (FLOW_WAYS - 1)}, least & 0xffff};
}
#endif

static inline struct flow_victim flow_victim_in_scalar(struct flow_bucket *bucket, uint32_t first,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s)
{
	struct flow_victim least = {.priority = UINT32_MAX};

	for (uint32_t way = first; way < FLOW_WAYS; way++) {
		uint32_t priority = flow_priority(bucket, way, ttls, services, now_s);

		if (priority < least.priority)
			least = (struct flow_victim){{bucket, way}, priority};
	}
	return least;
}

// Of the ways from 'first' (0 or 1) on, the first of those with the least priority.
static inline struct flow_victim flow_victim_in(struct flow_bucket *bucket, uint32_t first,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s)
{
	return FLOW_VARIANT(flow_victim_in)(bucket, first, ttls, services, now_s);
}

// False: the flow has no row, alive or not, neither in its own bucket nor as an overflow entry.
static inline bool flow_own_row(
	const struct flow_table *table, uint64_t hash, uint16_t client_port, struct flow_ref *ref)
{
	struct flow_bucket *bucket = &table->buckets[flow_bucket_index(table, hash)];
	uint32_t match = flow_match(bucket, (uint32_t)hash, client_port);

	if (match == 0 && flow_has_overflow(bucket)) {
		bucket = flow_sibling(table, bucket);
		match = flow_match_overflow(bucket, (uint32_t)hash, client_port);
	}
	if (match == 0)
		return false;
	*ref = (struct flow_ref){bucket, (uint32_t)__builtin_ctz(match)};
	return true;
}

// Where an overflow entry would go. What is left there of an earlier row of the same flow is taken
// first, or it would be found first.
static inline struct flow_victim flow_victim_for_overflow(struct flow_bucket *sibling,
	const struct flow_begin *begin, const struct flow_ttl *ttls, uint32_t services,
	uint32_t now_s)
{
	uint32_t match = flow_match_overflow(sibling, (uint32_t)begin->hash, begin->client_port);

	if (match != 0)
		return (struct flow_victim){
			{sibling, (uint32_t)__builtin_ctz(match)}, FLOW_PRIORITY_NOTHING};
	return flow_victim_in(sibling, 1, ttls, services, now_s);
}

static inline enum flow_inserted flow_inserted_at(uint32_t priority)
{
	if (priority == FLOW_PRIORITY_NOTHING)
		return FLOW_INSERTED;
	return priority > FLOW_PRIORITY_LITTLE && priority <= FLOW_PRIORITY_CLOSED ? FLOW_CLEARED
										   : FLOW_EVICTED;
}

// The row that a flow without one takes: an empty or expired one of its bucket; else the one with
// the least priority (flow_priority()). If that would cost a flow that matters, the other bucket of
// the pair is asked too.
static inline struct flow_ref flow_choose_row(const struct flow_table *table,
	struct flow_bucket *bucket, const struct flow_begin *begin, const struct flow_ttl *ttls,
	uint32_t services, uint32_t now_s, enum flow_inserted *inserted)
{
	struct flow_victim victim = flow_victim_in(bucket, 0, ttls, services, now_s), overflow;

	if (victim.priority > FLOW_PRIORITY_LITTLE) {
		overflow = flow_victim_for_overflow(
			flow_sibling(table, bucket), begin, ttls, services, now_s);
		victim = overflow.priority < victim.priority ? overflow : victim;
	}
	*inserted = flow_inserted_at(victim.priority);
	return victim.ref;
}

// What the row's life keeps of the mark when 'bucket' puts a flow there; tells the bucket of an
// overflow entry.
static inline uint32_t flow_mark(struct flow_bucket *bucket, const struct flow_ref *row)
{
	if (__builtin_expect(row->bucket == bucket, 1))
		return bucket->life[0] & FLOW_LIFE_MARK & (row->way == 0 ? UINT32_MAX : 0);
	__atomic_store_n(
		&bucket->life[0], (uint16_t)(bucket->life[0] | FLOW_LIFE_MARK), __ATOMIC_RELAXED);
	return FLOW_LIFE_MARK;
}

static inline void flow_store_client(struct flow_client *out, const struct flow_client *client)
{
	__atomic_store_n(&out->half[0], client->half[0], __ATOMIC_RELAXED);
	__atomic_store_n(&out->half[1], client->half[1], __ATOMIC_RELAXED);
}

// 'home' is the bucket that the flow's hash leads to.
static inline void flow_write_at(struct flow_bucket *home, const struct flow_ref *row,
	const struct flow_begin *begin, uint32_t now_s)
{
	struct flow_bucket *bucket = row->bucket;
	uint32_t way = row->way;
	uint32_t mark = flow_mark(home, row);

	flow_store_client(&bucket->client[way], &begin->client);
	__atomic_store_n(&bucket->tag[way], (uint32_t)begin->hash, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->backend[way], begin->backend, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->seen[way], (uint16_t)now_s, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->client_port[way], begin->client_port, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->service[way], begin->service, __ATOMIC_RELAXED);
	// A reader that finds an empty place alive finds the rest of the row (flow_read_row()).
	__atomic_store_n(
		&bucket->life[way], flow_life_begun(begin->state, now_s, mark), __ATOMIC_RELEASE);
}

// A flow that begins again takes its own row (flow_own_row()), and costs nobody else a place.
static inline void flow_write(struct flow_table *table, const struct flow_ref *own,
	const struct flow_begin *begin, uint32_t now_s)
{
	flow_write_at(&table->buckets[flow_bucket_index(table, begin->hash)], own, begin, now_s);
}

// Of a flow that has no row. Always finds a place, at the cost of another flow where the bucket is
// full. 'ttls' has a row for each of the 'services'.
static inline enum flow_inserted flow_insert_first(struct flow_table *table,
	const struct flow_begin *begin, const struct flow_ttl *ttls, uint32_t services,
	uint32_t now_s)
{
	struct flow_bucket *bucket = &table->buckets[flow_bucket_index(table, begin->hash)];
	enum flow_inserted inserted;
	struct flow_ref row =
		flow_choose_row(table, bucket, begin, ttls, services, now_s, &inserted);

	flow_write_at(bucket, &row, begin, now_s);
	return inserted;
}

// Of any flow: into its own row, or a first one.
static inline enum flow_inserted flow_insert(struct flow_table *table,
	const struct flow_begin *begin, const struct flow_ttl *ttls, uint32_t services,
	uint32_t now_s)
{
	enum flow_inserted renewed = FLOW_REPLACED;
	struct flow_ref own;

	if (!flow_own_row(table, begin->hash, begin->client_port, &own))
		return flow_insert_first(table, begin, ttls, services, now_s);
	if (flow_priority(own.bucket, own.way, ttls, services, now_s) == FLOW_PRIORITY_NOTHING)
		renewed = FLOW_INSERTED;
	flow_write(table, &own, begin, now_s);
	return renewed;
}

#endif
