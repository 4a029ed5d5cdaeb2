// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_PUBLISH_H
#define SNAPSHOT_PUBLISH_H

#include <rte_branch_prediction.h>
#include <rte_rcu_qsbr.h>
#include <snapshot/snapshot.h>

// Hands snapshots from the control lcore, for which the job thread built them, to the workers, and
// frees the old ones. Each worker has a place where the latest snapshot is offered to it. The
// worker takes it out by an atomic exchange between two bursts, when it uses none. The control
// lcore puts in the next one by another exchange, which gives back what was not taken. So it is
// known at any time which snapshots a worker may use: the one that it took last, and the one that
// is on offer. A worker that stands still holds two of them, however many are published meanwhile.
//
// What a worker copies packets into goes by quiescent states (rte_rcu_qsbr).

struct capture;

// A worker's; on a line of its own.
struct publisher_place {
	struct snapshot *offered; // exchanged by both sides; NULL: it has been taken
	const struct snapshot *used; // the worker's own
	uint64_t rounds; // stored by the worker
	bool is_online; // likewise
} __attribute__((aligned(64)));

struct publisher {
	struct snapshot *current; // the control lcore's
	struct capture *capture; // loaded and stored atomically; NULL while nobody captures
	struct rte_rcu_qsbr *qsbr;
	struct publisher_place *places; // by worker
	struct publisher_note *notes; // likewise: what the control lcore knows of them
	struct snapshot **kept; // those that somebody may use, 'current' among them
	uint32_t kept_count;
	uint32_t workers;
	uint64_t published_ns;
	uint64_t grace_ns; // from the last publication to the moment when every worker had taken it
};

// --- The control lcore ---

// 0, or -ENOMEM.
int publisher_init(struct publisher *publisher, uint32_t workers);
// When no worker runs any more.
void publisher_destroy(struct publisher *publisher);

void publisher_publish(struct publisher *publisher, struct snapshot *snapshot);
// Frees what no worker can see any more; never waits. True when every worker that runs has taken
// the latest snapshot.
bool publisher_reclaim(struct publisher *publisher);
// Whether publisher_reclaim() waits for the worker; it does, to begin with.
void publisher_await(struct publisher *publisher, uint32_t worker, bool is_awaited);

// How many rounds the worker has begun; 0 while it does not run.
uint64_t publisher_rounds(const struct publisher *publisher, uint32_t worker);

// From now on the workers copy packets into 'capture'; NULL: into none. The one before is the
// caller's again when publisher_passed() says so of the number that this returns.
uint64_t publisher_set_capture(struct publisher *publisher, struct capture *capture);
bool publisher_passed(struct publisher *publisher, uint64_t token);
// True where every worker has passed a quiescent point since it was true the last time for that
// token; 0 to begin with.
bool publisher_progressed(struct publisher *publisher, uint64_t *token);

// --- A worker ---

void publisher_online(struct publisher *publisher, uint32_t worker);
void publisher_offline(struct publisher *publisher, uint32_t worker);

// Once a loop: the snapshot of the loop before is no longer used, this one is now.
static inline const struct snapshot *publisher_quiesce(struct publisher *publisher, uint32_t worker)
{
	struct publisher_place *place = &publisher->places[worker];

	__atomic_store_n(&place->rounds, place->rounds + 1, __ATOMIC_RELAXED);
	rte_rcu_qsbr_quiescent(publisher->qsbr, worker);
	if (unlikely(__atomic_load_n(&place->offered, __ATOMIC_RELAXED) != NULL))
		place->used = __atomic_exchange_n(&place->offered, NULL, __ATOMIC_ACQ_REL);
	return place->used;
}

// After publisher_quiesce(), and good until the next.
static inline struct capture *publisher_capture(const struct publisher *publisher)
{
	return __atomic_load_n(&publisher->capture, __ATOMIC_ACQUIRE);
}

#endif
