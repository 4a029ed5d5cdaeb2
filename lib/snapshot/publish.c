// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <snapshot/publish.h>

#include <errno.h>
#include <stdlib.h>

struct publisher_note {
	struct snapshot *held; // that the worker took last, as far as is known
	struct snapshot *offered; // since; NULL: it is known to have taken it
	bool is_awaited;
};

// Of each worker two, the latest, and a new one.
static uint32_t publisher_kept_max(uint32_t workers)
{
	return 2 * workers + 2;
}

int publisher_init(struct publisher *publisher, uint32_t workers)
{
	size_t size = rte_rcu_qsbr_get_memsize(workers);

	*publisher = (struct publisher){.workers = workers};
	publisher->qsbr = aligned_alloc(64, (size + 63) & ~(size_t)63);
	publisher->places = aligned_alloc(64, workers * sizeof(*publisher->places));
	publisher->notes = calloc(workers, sizeof(*publisher->notes));
	publisher->kept = calloc(publisher_kept_max(workers), sizeof(struct snapshot *));
	if (publisher->qsbr == NULL || publisher->places == NULL || publisher->notes == NULL ||
		publisher->kept == NULL || rte_rcu_qsbr_init(publisher->qsbr, workers) != 0) {
		publisher_destroy(publisher);
		return -ENOMEM;
	}
	for (uint32_t w = 0; w < workers; w++) {
		publisher->places[w] = (struct publisher_place){0};
		publisher->notes[w].is_awaited = true;
	}
	return 0;
}

void publisher_destroy(struct publisher *publisher)
{
	for (uint32_t i = 0; i < publisher->kept_count; i++)
		snapshot_free(publisher->kept[i]);
	free(publisher->kept);
	free(publisher->notes);
	free(publisher->places);
	free(publisher->qsbr);
}

static bool publisher_needs(const struct publisher *publisher, const struct snapshot *snapshot)
{
	bool is_needed = snapshot == publisher->current;

	for (uint32_t w = 0; w < publisher->workers; w++)
		is_needed |= publisher->notes[w].held == snapshot ||
			     publisher->notes[w].offered == snapshot;
	return is_needed;
}

static void publisher_sweep(struct publisher *publisher)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < publisher->kept_count; i++) {
		if (publisher_needs(publisher, publisher->kept[i]))
			publisher->kept[count++] = publisher->kept[i];
		else
			snapshot_free(publisher->kept[i]);
	}
	publisher->kept_count = count;
}

// The worker has taken what was on offer, so that it no longer uses what it held.
static void publisher_note_taken(struct publisher_note *note)
{
	if (note->offered != NULL)
		note->held = note->offered;
	note->offered = NULL;
}

static void publisher_offer(struct publisher *publisher, uint32_t w, struct snapshot *snapshot)
{
	struct publisher_note *note = &publisher->notes[w];

	if (__atomic_exchange_n(&publisher->places[w].offered, snapshot, __ATOMIC_ACQ_REL) == NULL)
		publisher_note_taken(note);
	note->offered = snapshot;
}

void publisher_publish(struct publisher *publisher, struct snapshot *snapshot)
{
	publisher->current = snapshot;
	publisher->published_ns = clock_monotonic_ns();
	publisher->kept[publisher->kept_count++] = snapshot;
	for (uint32_t w = 0; w < publisher->workers; w++)
		publisher_offer(publisher, w, snapshot);
	publisher_sweep(publisher);
}

// True: nothing is waited for any more.
static bool publisher_look(struct publisher *publisher, uint32_t w)
{
	struct publisher_note *note = &publisher->notes[w];
	struct publisher_place *place = &publisher->places[w];

	if (__atomic_load_n(&place->offered, __ATOMIC_ACQUIRE) == NULL)
		publisher_note_taken(note);
	return note->offered == NULL || !note->is_awaited ||
	       !__atomic_load_n(&place->is_online, __ATOMIC_ACQUIRE);
}

bool publisher_reclaim(struct publisher *publisher)
{
	uint32_t waits = 0;

	for (uint32_t w = 0; w < publisher->workers; w++)
		waits += !publisher_look(publisher, w);
	publisher_sweep(publisher);
	if (waits == 0 && publisher->published_ns != 0) {
		publisher->grace_ns = clock_monotonic_ns() - publisher->published_ns;
		publisher->published_ns = 0;
	}
	return waits == 0;
}

void publisher_await(struct publisher *publisher, uint32_t worker, bool is_awaited)
{
	publisher->notes[worker].is_awaited = is_awaited;
}

uint64_t publisher_rounds(const struct publisher *publisher, uint32_t worker)
{
	const struct publisher_place *place = &publisher->places[worker];

	if (!__atomic_load_n(&place->is_online, __ATOMIC_ACQUIRE))
		return 0;
	return __atomic_load_n(&place->rounds, __ATOMIC_RELAXED);
}

// Stores before it come before the loads of publisher_passed() in every processor's order: a worker
// that is not seen on line yet will find what was stored (rte_rcu_qsbr_thread_online() has the
// other fence).
static uint64_t publisher_start(struct publisher *publisher)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return rte_rcu_qsbr_start(publisher->qsbr);
}

uint64_t publisher_set_capture(struct publisher *publisher, struct capture *capture)
{
	__atomic_store_n(&publisher->capture, capture, __ATOMIC_RELEASE);
	return publisher_start(publisher);
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

void publisher_online(struct publisher *publisher, uint32_t worker)
{
	rte_rcu_qsbr_thread_register(publisher->qsbr, worker);
	rte_rcu_qsbr_thread_online(publisher->qsbr, worker);
	__atomic_store_n(&publisher->places[worker].rounds, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&publisher->places[worker].is_online, true, __ATOMIC_RELEASE);
}

void publisher_offline(struct publisher *publisher, uint32_t worker)
{
	__atomic_store_n(&publisher->places[worker].is_online, false, __ATOMIC_RELEASE);
	rte_rcu_qsbr_thread_offline(publisher->qsbr, worker);
	rte_rcu_qsbr_thread_unregister(publisher->qsbr, worker);
}
