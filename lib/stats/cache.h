// SPDX-License-Identifier: BSD-3-Clause
#ifndef STATS_CACHE_H
#define STATS_CACHE_H

#include <stats/stats.h>

// What takes too long to be counted for each page that is asked for: the flows, and each backend's
// share of its pool's slots. They are counted in steps, one after the other, for all pages of the
// next five seconds. On the control lcore.

struct stats_cache {
	struct stats *stats; // borrowed
	uint64_t count_round; // of the flows, that the present one waits for
	uint32_t *share_ppm; // by the backend's index: what the last one found
	uint32_t *next_share_ppm; // what the present one has found so far
	uint64_t *slots; // by the backend's index: of the pool at hand
	uint32_t cleared; // indexes of 'next_share_ppm'
	uint32_t pool; // of the snapshot, whose slots are counted
	uint32_t view; // of the pool; VIEW_NONE: it has not begun
	uint64_t slots_whole; // of all its views so far
	uint64_t snapshot; // its version
	enum { STATS_CACHE_NONE, STATS_CACHE_CLEAR, STATS_CACHE_FLOWS, STATS_CACHE_SHARES } step;
	uint64_t done_ns;
};

// 0 or -ENOMEM.
int stats_cache_init(struct stats_cache *cache, struct stats *stats);
void stats_cache_free(struct stats_cache *cache); // a zeroed one is fine
// Goes on until it is done, or until 'until_ns'. True: what it has is no older than a few seconds.
bool stats_cache_run(struct stats_cache *cache, uint64_t until_ns);

#endif
