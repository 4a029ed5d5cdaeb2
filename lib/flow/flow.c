// SPDX-License-Identifier: BSD-3-Clause
#include <flow/flow_inline.h>

#define CAPACITY_MAX (1ull << 31)
// A reader's clock may be behind the worker's: a row that it finds this little in the future is
// just seen.
#define CLOCK_SKEW_MAX_S 16u

_Static_assert(FLOW_TTL_MAX_S + 2 * FLOW_SWEEP_PERIOD_S + CLOCK_SKEW_MAX_S < 1u << 16,
	"an expired row is swept before its clock wraps");
_Static_assert(FLOW_AGE_MAX_S + 2 * FLOW_SWEEP_PERIOD_S < 1u << 16,
	"an age is held back before its clock wraps");
_Static_assert((FLOW_AGE_MAX_S & ~FLOW_LIFE_BEGUN) == 0, "an age that is held back is exact");
_Static_assert(FLOW_STATES <= FLOW_LIFE_STATE_MASK + 1, "a state fits into a row");

#define PAIR      2u
#define HEAD_SIZE sizeof(struct flow_bucket)
_Static_assert(sizeof(struct flow_table) <= HEAD_SIZE, "the table's head stands in front");

static bool capacity_is_valid(uint64_t capacity)
{
	return capacity >= PAIR * FLOW_WAYS && capacity <= CAPACITY_MAX;
}

static uint32_t buckets_for(uint64_t capacity)
{
	uint64_t pair = PAIR * FLOW_WAYS;

	return (uint32_t)((capacity + pair - 1) / pair * PAIR);
}

size_t flow_table_footprint(uint64_t capacity)
{
	if (!capacity_is_valid(capacity))
		return 0;
	return HEAD_SIZE + buckets_for(capacity) * sizeof(struct flow_bucket);
}

struct flow_table *flow_table_new(void *memory, uint64_t capacity)
{
	struct flow_table *table = memory;

	if (memory == NULL || (uintptr_t)memory % _Alignof(struct flow_bucket) != 0 ||
		!capacity_is_valid(capacity))
		return NULL;
	table->bucket_count = buckets_for(capacity);
	table->buckets = (struct flow_bucket *)memory + 1;
	return table;
}

uint64_t flow_table_capacity(const struct flow_table *table)
{
	return (uint64_t)table->bucket_count * FLOW_WAYS;
}

uint32_t flow_table_buckets(const struct flow_table *table)
{
	return table->bucket_count;
}

static struct addr load_client(const struct flow_client *client)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct addr addr = {.family = ADDR_IPV6};
	struct flow_client value;

	value.half[0] = __atomic_load_n(&client->half[0], __ATOMIC_RELAXED);
	value.half[1] = __atomic_load_n(&client->half[1], __ATOMIC_RELAXED);
	if ((value.half[0] | value.half[1]) == 0)
		return (struct addr){.family = ADDR_NONE};
	memcpy(addr.bytes, &value, sizeof(value));
	if (memcmp(addr.bytes, mapped, sizeof(mapped)) == 0) {
		uint32_t ipv4_be;

		memcpy(&ipv4_be, addr.bytes + sizeof(mapped), sizeof(ipv4_be));
		return addr_from_ipv4_be(ipv4_be);
	}
	return addr;
}

static uint32_t idle_s(uint16_t seen, uint32_t now_s)
{
	uint16_t idle = (uint16_t)(now_s - seen);

	return idle >= UINT16_MAX - CLOCK_SKEW_MAX_S ? 0 : idle;
}

static uint32_t age_s(uint16_t life, uint32_t now_s)
{
	uint16_t age = (uint16_t)(now_s - (life & FLOW_LIFE_BEGUN));

	if (age >= UINT16_MAX - CLOCK_SKEW_MAX_S)
		return 0;
	return age < FLOW_AGE_MAX_S ? age : FLOW_AGE_MAX_S;
}

bool flow_read_row(const struct flow_bucket *rows, uint32_t way, const struct flow_ttl *ttl,
	uint32_t services, uint32_t now_s, struct flow_row *out, bool *has_mark)
{
	uint16_t life = __atomic_load_n(&rows->life[way], __ATOMIC_ACQUIRE);
	uint16_t seen = __atomic_load_n(&rows->seen[way], __ATOMIC_RELAXED);

	*has_mark = (life & FLOW_LIFE_MARK) != 0;
	out->state = flow_life_state(life);
	out->service = __atomic_load_n(&rows->service[way], __ATOMIC_RELAXED);
	out->idle_s = idle_s(seen, now_s);
	if (out->state == FLOW_EMPTY || out->state >= FLOW_STATES || out->service >= services ||
		out->idle_s > ttl[out->service].seconds[out->state])
		return false;
	out->age_s = age_s(life, now_s);
	out->backend = __atomic_load_n(&rows->backend[way], __ATOMIC_RELAXED);
	out->tag = __atomic_load_n(&rows->tag[way], __ATOMIC_RELAXED);
	out->client_port = __atomic_load_n(&rows->client_port[way], __ATOMIC_RELAXED);
	return true;
}

uint32_t flow_read_bucket(const struct flow_table *table, uint32_t bucket,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s,
	struct flow_row out[FLOW_WAYS])
{
	const struct flow_bucket *rows = &table->buckets[bucket];
	uint32_t count = 0;
	bool has_mark;

	if (bucket >= table->bucket_count)
		return 0;
	for (uint32_t way = 0; way < FLOW_WAYS; way++) {
		if (!flow_read_row(rows, way, ttl, services, now_s, &out[count], &has_mark))
			continue;
		out[count++].client = load_client(&rows->client[way]);
	}
	return count;
}

uint32_t flow_count_bucket(const struct flow_table *table, uint32_t bucket,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s,
	struct flow_row out[FLOW_WAYS])
{
	const struct flow_bucket *rows = &table->buckets[bucket];
	uint32_t count = 0;
	bool has_mark;

	if (bucket >= table->bucket_count)
		return 0;
	for (uint32_t way = 0; way < FLOW_WAYS; way++)
		count += flow_read_row(rows, way, ttl, services, now_s, &out[count], &has_mark);
	return count;
}

bool flow_row_is_of(
	const struct flow_table *table, uint32_t bucket, const struct flow_row *row, uint64_t hash)
{
	return row->tag == (uint32_t)hash && (flow_bucket_index(table, hash) | 1) == (bucket | 1);
}

static void copy_row(
	const struct flow_bucket *from, uint32_t way, uint32_t now_s, struct flow_bucket *out)
{
	out->life[way] = __atomic_load_n(&from->life[way], __ATOMIC_ACQUIRE);
	out->tag[way] = __atomic_load_n(&from->tag[way], __ATOMIC_RELAXED);
	out->backend[way] = __atomic_load_n(&from->backend[way], __ATOMIC_RELAXED);
	out->seen[way] = __atomic_load_n(&from->seen[way], __ATOMIC_RELAXED);
	out->client_port[way] = __atomic_load_n(&from->client_port[way], __ATOMIC_RELAXED);
	out->service[way] = __atomic_load_n(&from->service[way], __ATOMIC_RELAXED);
	if (idle_s(out->seen[way], now_s) == 0)
		out->seen[way] = (uint16_t)now_s;
}

void flow_copy(const struct flow_table *table, uint64_t hash, uint32_t now_s, struct flow_copy *out)
{
	const struct flow_bucket *own = &table->buckets[flow_bucket_index(table, hash)];
	const struct flow_bucket *sibling = flow_sibling(table, own);
	uint32_t at;

	memset(out, 0, sizeof(*out));
	out->table = (struct flow_table){.buckets = out->pair, .bucket_count = PAIR};
	at = flow_bucket_index(&out->table, hash);
	for (uint32_t way = 0; way < FLOW_WAYS; way++) {
		copy_row(own, way, now_s, &out->pair[at]);
		copy_row(sibling, way, now_s, &out->pair[at ^ 1]);
	}
}

void flow_ref_read(const struct flow_ref *ref, uint32_t now_s, struct flow_row *out)
{
	const struct flow_bucket *bucket = ref->bucket;
	uint32_t way = ref->way;

	*out = (struct flow_row){
		.client_port = bucket->client_port[way],
		.service = bucket->service[way],
		.backend = bucket->backend[way],
		.tag = bucket->tag[way],
		.state = flow_life_state(bucket->life[way]),
		.age_s = age_s(bucket->life[way], now_s),
		.idle_s = idle_s(bucket->seen[way], now_s),
	};
}

// Clears the row if it has expired, else holds its age back; true if it lives.
static bool sweep_row(struct flow_bucket *bucket, uint32_t way, const struct flow_ttl *ttl,
	uint32_t services, uint32_t now_s)
{
	uint16_t life = bucket->life[way];
	enum flow_state state = flow_life_state(life);

	if (state == FLOW_EMPTY)
		return false;
	if (bucket->service[way] >= services ||
		!flow_is_live(state, bucket->seen[way], &ttl[bucket->service[way]], now_s)) {
		flow_forget(&(struct flow_ref){bucket, way});
		return false;
	}
	if ((uint16_t)(now_s - (life & FLOW_LIFE_BEGUN)) > FLOW_AGE_MAX_S + 16)
		__atomic_store_n(&bucket->life[way],
			flow_life_begun(state, now_s - FLOW_AGE_MAX_S, life & FLOW_LIFE_MARK),
			__ATOMIC_RELAXED);
	return true;
}

static uint32_t sweep_bucket(struct flow_table *table, struct flow_bucket *bucket,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s)
{
	struct flow_bucket *sibling = flow_sibling(table, bucket);
	uint32_t live = 0;
	bool overflows = false;

	for (uint32_t way = 0; way < FLOW_WAYS; way++) {
		if (!sweep_row(bucket, way, ttl, services, now_s))
			continue;
		live++;
		overflows |= way > 0 && (bucket->life[way] & FLOW_LIFE_MARK) != 0;
	}
	if (!overflows && flow_has_overflow(sibling))
		__atomic_store_n(&sibling->life[0], (uint16_t)(sibling->life[0] & ~FLOW_LIFE_MARK),
			__ATOMIC_RELAXED);
	return live;
}

uint32_t flow_sweep(struct flow_table *table, uint32_t first, uint32_t count,
	const struct flow_ttl *ttl, uint32_t services, uint32_t now_s)
{
	uint32_t live = 0;

	for (uint32_t i = first; i < table->bucket_count && i - first < count; i++)
		live += sweep_bucket(table, &table->buckets[i], ttl, services, now_s);
	return live;
}
