// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_PUBLISH_H
#define SNAPSHOT_PUBLISH_H

#include <rte_rcu_qsbr.h>
#include <snapshot/snapshot.h>

// Hands snapshots from the control lcore to the workers by one pointer exchange, and frees the old ones
// when every worker has passed a quiescent point since (rte_rcu_qsbr).

struct capture;

struct publisher {
	struct snapshot *current; // loaded and stored atomically
	struct capture *capture; // likewise; NULL while nobody captures
	struct rte_rcu_qsbr *qsbr;
	struct retired *retired; // oldest first
	uint64_t published_ns;
	uint64_t
		grace_ns; // from the last publication to the moment when nobody used an older snapshot
};

// --- The control lcore ---

// 0, or -ENOMEM.
int publisher_init(struct publisher *publisher, uint32_t workers);
// When no worker runs any more.
void publisher_destroy(struct publisher *publisher);

void publisher_publish(struct publisher *publisher, struct snapshot *snapshot);
// Frees what no worker can see any more; never waits. True when nothing is left to free.
bool publisher_reclaim(struct publisher *publisher);

// From now on the workers copy packets into 'capture'; NULL: into none. The one before is the caller's again
// when publisher_passed() says so of the number that this returns.
uint64_t publisher_set_capture(struct publisher *publisher, struct capture *capture);
bool publisher_passed(struct publisher *publisher, uint64_t token);
// True where every worker has passed a quiescent point since it was true the last time for that token; 0 to begin with.
bool publisher_progressed(struct publisher *publisher, uint64_t *token);

// --- A worker ---

static inline void publisher_online(struct publisher *publisher, uint32_t worker)
{
	rte_rcu_qsbr_thread_register(publisher->qsbr, worker);
	rte_rcu_qsbr_thread_online(publisher->qsbr, worker);
}

static inline void publisher_offline(struct publisher *publisher, uint32_t worker)
{
	rte_rcu_qsbr_thread_offline(publisher->qsbr, worker);
	rte_rcu_qsbr_thread_unregister(publisher->qsbr, worker);
}

// Once a loop: the snapshot of the loop before is no longer used, this one is now.
static inline const struct snapshot *publisher_quiesce(struct publisher *publisher, uint32_t worker)
{
	rte_rcu_qsbr_quiescent(publisher->qsbr, worker);
	return __atomic_load_n(&publisher->current, __ATOMIC_ACQUIRE);
}

// After publisher_quiesce(), and good until the next.
static inline struct capture *publisher_capture(const struct publisher *publisher)
{
	return __atomic_load_n(&publisher->capture, __ATOMIC_ACQUIRE);
}

#endif
