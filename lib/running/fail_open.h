// SPDX-License-Identifier: BSD-3-Clause
#ifndef RUNNING_FAIL_OPEN_H
#define RUNNING_FAIL_OPEN_H

#include <stdbool.h>
#include <stdint.h>

// Fail-open of a pool ('max_down_percent'): of the backends that served, no more than that share
// may be lost at once, but always one. A backend that fails beyond it is kept in service: its
// health is down, and it serves as if it were not. Each port that a pool is probed on is counted by
// itself: what serves one service is not lost to it because another one failed.
//
// "At once" is within a window, the time that one event may take until the probes have found it
// everywhere. As long as a backend is kept, the loss goes on: one that was lost in it counts until
// it serves again, however long that takes. On the control lcore.

struct config_pool;
struct configuration;
struct running;
struct running_backend;

// What is remembered of one backend. All zero: it serves, or never did.
struct fail_open_mark {
	uint64_t failed_ns; // when it stopped serving, or was kept; 0
	bool is_kept;
	bool is_of_loss; // lost in the loss that goes on
};

// What a pool has, by one of its ports. No clock, no memory.
struct fail_open_count {
	uint32_t serving; // with those that are kept
	uint32_t kept;
	uint32_t lost;
	uint32_t of_loss;
	uint64_t changed_ns; // the last failure of those counted
};

void fail_open_add(struct fail_open_count *count, const struct fail_open_mark *mark,
	bool is_serving, uint64_t now_ns, uint64_t window_ns);

// Whether one more of those that serve may be lost.
bool fail_open_may_lose(const struct fail_open_count *count, uint8_t max_down_percent);

// A backend that served fails by one of its probes: it is lost, or kept. Tells of a loss that
// begins.
void fail_open_lose(struct running *running, const struct config_pool *pool,
	struct running_backend *state, uint32_t probe);
void fail_open_recover(struct running *running, const struct config_pool *pool,
	struct running_backend *state, uint32_t probe);
// What is remembered of probes that are no more, or of another backend.
void fail_open_forget(struct running_backend *state, const struct configuration *configuration,
	uint32_t at, bool is_stranger);
// Once a second. True: somebody is kept no longer.
bool fail_open_age(struct running *running);
// For one of its services at least.
bool fail_open_keeps(const struct running_backend *state);
// How many of the pool's are.
uint32_t fail_open_kept(const struct running *running, const struct config_pool *pool);

#endif
