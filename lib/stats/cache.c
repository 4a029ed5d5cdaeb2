// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <stats/cache.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_NS (5 * CLOCK_NS_PER_S)

#define CLEAR_STEP 65536 // indexes in one step

int stats_cache_init(struct stats_cache *cache, struct stats *stats)
{
	uint32_t capacity = stats->flow_counts.capacity;

	*cache = (struct stats_cache){.stats = stats,
		.share_ppm = calloc(capacity, sizeof(*cache->share_ppm)),
		.next_share_ppm = calloc(capacity, sizeof(*cache->next_share_ppm)),
		.slots = calloc(capacity, sizeof(*cache->slots))};
	if (cache->share_ppm != NULL && cache->next_share_ppm != NULL && cache->slots != NULL)
		return 0;
	stats_cache_free(cache);
	return -ENOMEM;
}

void stats_cache_free(struct stats_cache *cache)
{
	free(cache->share_ppm);
	free(cache->next_share_ppm);
	free(cache->slots);
	*cache = (struct stats_cache){0};
}

static void cache_begin(struct stats_cache *cache)
{
	cache->step = STATS_CACHE_CLEAR;
	cache->cleared = 0;
	cache->count_round = flow_counts_ask(&cache->stats->flow_counts);
}

// False: all is cleared.
static bool cache_clear_some(struct stats_cache *cache)
{
	uint32_t left = cache->stats->flow_counts.capacity - cache->cleared;
	uint32_t count = left < CLEAR_STEP ? left : CLEAR_STEP;

	memset(cache->next_share_ppm + cache->cleared, 0, count * sizeof(*cache->next_share_ppm));
	cache->cleared += count;
	return count > 0;
}

static void cache_conclude(struct stats_cache *cache)
{
	uint32_t *found = cache->next_share_ppm;

	cache->next_share_ppm = cache->share_ppm;
	cache->share_ppm = found;
	cache->step = STATS_CACHE_NONE;
	cache->done_ns = clock_monotonic_ns();
}

static void cache_begin_pool(struct stats_cache *cache, uint32_t pool)
{
	cache->pool = pool;
	cache->view = VIEW_NONE;
	cache->slots_whole = 0;
	cache->snapshot = cache->stats->from.publisher->current->version;
}

// The members of a pool are those of its views.
static void cache_clear_members(
	struct stats_cache *cache, const struct snapshot *snapshot, uint32_t pool)
{
	for (uint32_t at = snapshot->pools[pool].first_view; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_generation *current = snapshot->views[at].current;

		for (uint32_t i = 0; current != NULL && i < current->member_count; i++)
			cache->slots[current->members[i].backend & BACKEND_INDEX_MASK] = 0;
	}
}

static void cache_conclude_pool(struct stats_cache *cache, const struct snapshot *snapshot)
{
	for (uint32_t at = snapshot->pools[cache->pool].first_view; at != VIEW_NONE;
		at = snapshot->views[at].next) {
		const struct snapshot_generation *current = snapshot->views[at].current;

		for (uint32_t i = 0; current != NULL && i < current->member_count; i++) {
			uint32_t index = current->members[i].backend & BACKEND_INDEX_MASK;

			cache->next_share_ppm[index] =
				(uint32_t)(cache->slots[index] * 1000000 / cache->slots_whole);
		}
	}
}

// Counts one more table. False: that was all.
static bool cache_step_shares(struct stats_cache *cache)
{
	const struct snapshot *snapshot = cache->stats->from.publisher->current;
	const struct snapshot_view *view;

	if (cache->snapshot != snapshot->version)
		cache_begin_pool(cache, cache->pool);
	if (cache->pool >= snapshot->pool_count)
		return false;
	if (cache->view == VIEW_NONE) {
		cache_clear_members(cache, snapshot, cache->pool);
		cache->view = snapshot->pools[cache->pool].first_view;
	}
	view = &snapshot->views[cache->view];
	if (view->current != NULL) {
		stats_add_shares(view, cache->slots);
		cache->slots_whole +=
			(uint64_t)view->current->table->size * stats_view_services(view);
	}
	cache->view = view->next;
	if (cache->view == VIEW_NONE) {
		if (cache->slots_whole > 0)
			cache_conclude_pool(cache, snapshot);
		cache_begin_pool(cache, cache->pool + 1);
	}
	return true;
}

static void cache_step(struct stats_cache *cache)
{
	switch (cache->step) {
	case STATS_CACHE_NONE:
		cache_begin(cache);
		break;
	case STATS_CACHE_CLEAR:
		if (!cache_clear_some(cache))
			cache->step = STATS_CACHE_FLOWS;
		break;
	case STATS_CACHE_FLOWS:
		if (!flow_counts_has(&cache->stats->flow_counts, cache->count_round)) {
			stats_count_flows(cache->stats);
			break;
		}
		cache->step = STATS_CACHE_SHARES;
		cache_begin_pool(cache, 0);
		break;
	case STATS_CACHE_SHARES:
		if (!cache_step_shares(cache))
			cache_conclude(cache);
		break;
	}
}

bool stats_cache_run(struct stats_cache *cache, uint64_t until_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	while (cache->step != STATS_CACHE_NONE || cache->done_ns == 0 ||
		now_ns - cache->done_ns > FRESH_NS) {
		if (now_ns >= until_ns)
			return false;
		cache_step(cache);
		now_ns = clock_monotonic_ns();
	}
	return true;
}
