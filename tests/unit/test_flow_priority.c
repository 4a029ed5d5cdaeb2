// SPDX-License-Identifier: BSD-3-Clause
#include <flow/flow_inline.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define SERVICES 3u
#define ROUNDS   200000

static const struct flow_ttl ttls[SERVICES] = {
	{{[FLOW_NEW] = 60,
		[FLOW_ESTABLISHED] = 14400,
		[FLOW_CLOSING] = 30,
		[FLOW_UDP] = 120,
		[FLOW_FINISHED] = 60,
		[FLOW_HALF_CLOSED] = 120}},
	{{[FLOW_NEW] = 1,
		[FLOW_ESTABLISHED] = FLOW_TTL_MAX_S,
		[FLOW_CLOSING] = FLOW_TTL_MAX_S,
		[FLOW_UDP] = 2}},
	{{0}},
};

static uint16_t any_of(const uint16_t *values, size_t count)
{
	return values[(size_t)random() % count];
}

// Rows at the edges of what can be told apart, of services that are there and that are no more.
static void fill(struct flow_bucket *bucket, uint32_t now_s)
{
	static const uint16_t idles[] = {0, 1, 2, 3, 29, 30, 31, 60, 61, 119, 120, 121, 14399,
		14400, 14401, FLOW_TTL_MAX_S - 1, FLOW_TTL_MAX_S, FLOW_TTL_MAX_S + 1, 65535};
	static const uint16_t services[] = {0, 0, 0, 1, 1, 2, SERVICES, 32768, 65535};

	for (uint32_t way = 0; way < FLOW_WAYS; way++) {
		bucket->seen[way] = (uint16_t)(now_s - any_of(idles, COUNT(idles)));
		bucket->service[way] = any_of(services, COUNT(services));
		bucket->life[way] = (uint16_t)((uint32_t)random() & ~FLOW_LIFE_STATE_MASK);
		bucket->life[way] |= (uint16_t)(random() % FLOW_STATES);
	}
}

typedef struct flow_victim victim_fn(struct flow_bucket *bucket, uint32_t first,
	const struct flow_ttl *ttls, uint32_t services, uint32_t now_s);
typedef uint32_t match_fn(const struct flow_bucket *bucket, uint32_t tag, uint16_t client_port);

static void try_victim(victim_fn *victim_in)
{
	srandom(1);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t now_s = (uint32_t)random(), first = round & 1, least = first;
		struct flow_bucket bucket;
		struct flow_victim victim;
		uint32_t priorities[FLOW_WAYS];

		fill(&bucket, now_s);
		for (uint32_t way = 0; way < FLOW_WAYS; way++)
			priorities[way] = flow_priority(&bucket, way, ttls, SERVICES, now_s);
		for (uint32_t way = first; way < FLOW_WAYS; way++)
			least = priorities[way] < priorities[least] ? way : least;
		victim = victim_in(&bucket, first, ttls, SERVICES, now_s);
		assert_ptr_equal(victim.ref.bucket, &bucket);
		assert_int_equal(victim.ref.way, least);
		assert_int_equal(victim.priority, priorities[least]);
	}
}

// Tags and ports that differ in one bit at most, so that each way is often the one, and several
// often are.
static void try_match(match_fn *match_of)
{
	srandom(2);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t tag = (uint32_t)random(), expected = 0;
		uint16_t port = (uint16_t)random();
		struct flow_bucket bucket;

		for (uint32_t way = 0; way < FLOW_WAYS; way++) {
			bucket.tag[way] = tag ^ (random() & 1u) << (random() & 31u);
			bucket.client_port[way] =
				port ^ (uint16_t)((random() & 1u) << (random() & 15u));
			expected |= (uint32_t)(bucket.tag[way] == tag &&
					       bucket.client_port[way] == port)
				    << way;
		}
		assert_int_equal(match_of(&bucket, tag, port), expected);
	}
}

static void one_way_after_the_other_finds_what_is_there(void **state)
{
	try_match(flow_match_scalar);
	try_victim(flow_victim_in_scalar);
}

static void all_ways_at_once_find_the_same(void **state)
{
#if FLOW_HAS_VECTOR
	try_match(flow_match_vector);
	try_victim(flow_victim_in_vector);
#else
	skip();
#endif
}

static void workers_run_what_the_processor_has(void **state)
{
#ifdef __x86_64__
	assert_int_equal(FLOW_HAS_VECTOR, 1);
#endif
	try_match(flow_match);
	try_victim(flow_victim_in);
}

static void a_live_row_has_a_priority_and_an_expired_one_none(void **state)
{
	const uint32_t now_s = 100000;
	struct flow_bucket bucket = {.service = {1, 1, 0, 0}};

	bucket.life[0] = bucket.life[1] = FLOW_CLOSING;
	bucket.seen[0] = (uint16_t)(now_s - FLOW_TTL_MAX_S);
	bucket.seen[1] = (uint16_t)(now_s - FLOW_TTL_MAX_S - 1);
	bucket.life[2] = FLOW_NEW;
	bucket.seen[2] = (uint16_t)(now_s - 60);
	assert_in_range(flow_priority(&bucket, 2, ttls, SERVICES, now_s), 1, FLOW_PRIORITY_LITTLE);
	bucket.life[2] = FLOW_UDP;
	bucket.life[3] = FLOW_ESTABLISHED;
	bucket.seen[2] = (uint16_t)now_s;
	bucket.seen[3] = (uint16_t)(now_s - ttls[0].seconds[FLOW_ESTABLISHED]);
	assert_in_range(flow_priority(&bucket, 0, ttls, SERVICES, now_s), FLOW_PRIORITY_LITTLE + 1,
		2 * FLOW_PRIORITY_LITTLE);
	assert_int_equal(flow_priority(&bucket, 1, ttls, SERVICES, now_s), FLOW_PRIORITY_NOTHING);
	assert_true(flow_priority(&bucket, 2, ttls, SERVICES, now_s) > FLOW_PRIORITY_LITTLE);
	assert_true(flow_priority(&bucket, 3, ttls, SERVICES, now_s) >
		    flow_priority(&bucket, 2, ttls, SERVICES, now_s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_way_after_the_other_finds_what_is_there),
		cmocka_unit_test(all_ways_at_once_find_the_same),
		cmocka_unit_test(workers_run_what_the_processor_has),
		cmocka_unit_test(a_live_row_has_a_priority_and_an_expired_one_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
