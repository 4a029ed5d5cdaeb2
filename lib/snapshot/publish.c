// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <snapshot/publish.h>

#include <errno.h>
#include <stdlib.h>

struct retired {
	struct retired *next;
	struct snapshot *snapshot;
	uint64_t token;
};

int publisher_init(struct publisher *publisher, uint32_t workers)
{
	size_t size = rte_rcu_qsbr_get_memsize(workers);

	*publisher = (struct publisher){0};
	publisher->qsbr = aligned_alloc(64, (size + 63) & ~(size_t)63);
	if (publisher->qsbr == NULL || rte_rcu_qsbr_init(publisher->qsbr, workers) != 0) {
		free(publisher->qsbr);
		return -ENOMEM;
	}
	return 0;
}

void publisher_destroy(struct publisher *publisher)
{
	publisher_reclaim(publisher);
	while (publisher->retired != NULL) {
		struct retired *first = publisher->retired;

		publisher->retired = first->next;
		snapshot_free(first->snapshot);
		free(first);
	}
	snapshot_free(publisher->current);
	free(publisher->qsbr);
}

// Without memory for the note that says when, the grace period is waited for here.
static void retire(struct publisher *publisher, struct snapshot *snapshot, uint64_t token)
{
	struct retired *retired = malloc(sizeof(*retired));
	struct retired **last = &publisher->retired;

	if (retired == NULL) {
		rte_rcu_qsbr_check(publisher->qsbr, token, true);
		snapshot_free(snapshot);
		return;
	}
	*retired = (struct retired){.snapshot = snapshot, .token = token};
	while (*last != NULL)
		last = &(*last)->next;
	*last = retired;
}

void publisher_publish(struct publisher *publisher, struct snapshot *snapshot)
{
	struct snapshot *old = __atomic_exchange_n(&publisher->current, snapshot, __ATOMIC_ACQ_REL);

	publisher->published_ns = clock_monotonic_ns();
	if (old != NULL)
		retire(publisher, old, rte_rcu_qsbr_start(publisher->qsbr));
}

uint64_t publisher_set_capture(struct publisher *publisher, struct capture *capture)
{
	__atomic_store_n(&publisher->capture, capture, __ATOMIC_RELEASE);
	return rte_rcu_qsbr_start(publisher->qsbr);
}

bool publisher_passed(struct publisher *publisher, uint64_t token)
{
	return rte_rcu_qsbr_check(publisher->qsbr, token, false) == 1;
}

bool publisher_progressed(struct publisher *publisher, uint64_t *token)
{
	if (!publisher_passed(publisher, *token))
		return false;
	*token = rte_rcu_qsbr_start(publisher->qsbr);
	return true;
}

bool publisher_reclaim(struct publisher *publisher)
{
	while (publisher->retired != NULL) {
		struct retired *first = publisher->retired;

		if (rte_rcu_qsbr_check(publisher->qsbr, first->token, false) != 1)
			return false;
		publisher->retired = first->next;
		snapshot_free(first->snapshot);
		free(first);
		if (publisher->retired == NULL)
			publisher->grace_ns = clock_monotonic_ns() - publisher->published_ns;
	}
	return true;
}
