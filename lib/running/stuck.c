// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <running/stuck.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>

#define LOOK_NS  (50 * CLOCK_NS_PER_MS)
#define BRIEF_NS (200 * CLOCK_NS_PER_MS) // any worker may be without a processor for so long
#define TOLD_NS  (2 * CLOCK_NS_PER_S)
// A process that was stopped as a whole finds its workers where they were: they have this many
// looks' time to go on.
#define LOOKS_MIN 10
// One healthy backend in so many is taken for dead, each time that a worker stands still.
#define ODDS 10000.0

struct watched {
	uint64_t rounds; // at the last look; 0: it does not run
	uint64_t moved_ns; // the last look that found it further
	uint64_t still_ns; // the last look that did not
	uint32_t still_looks; // since it moved
	bool is_told;
	uint64_t
		gap_from_ns; // the last time that it stood still for more than BRIEF_NS, and went on
	uint64_t gap_to_ns;
};

struct stuck {
	const struct publisher *publisher;
	stuck_tell_fn *tell;
	void *context;
	struct event *timer;
	struct watched workers[];
};

static void stuck_moved(struct stuck *stuck, uint32_t w, uint64_t rounds, uint64_t now_ns)
{
	struct watched *watched = &stuck->workers[w];
	bool was_told = watched->is_told;
	uint64_t gap_ns = watched->still_looks > 0 ? watched->still_ns - watched->moved_ns : 0;

	if (gap_ns >= BRIEF_NS) {
		watched->gap_from_ns = watched->moved_ns;
		watched->gap_to_ns = watched->still_ns;
	}
	watched->rounds = rounds;
	watched->moved_ns = now_ns;
	watched->still_looks = 0;
	watched->is_told = false;
	if (was_told)
		stuck->tell(stuck->context, w, false, gap_ns / CLOCK_NS_PER_MS);
}

static void stuck_look_at(struct stuck *stuck, uint32_t w, uint64_t now_ns)
{
	struct watched *watched = &stuck->workers[w];
	uint64_t rounds = publisher_rounds(stuck->publisher, w);

	if (rounds == 0 || rounds != watched->rounds) {
		stuck_moved(stuck, w, rounds, now_ns);
		return;
	}
	watched->still_ns = now_ns;
	watched->still_looks++;
	if (watched->is_told || watched->still_looks < LOOKS_MIN ||
		now_ns - watched->moved_ns < TOLD_NS)
		return;
	watched->is_told = true;
	stuck->tell(stuck->context, w, true, (now_ns - watched->moved_ns) / CLOCK_NS_PER_MS);
}

static void stuck_look(struct stuck *stuck)
{
	uint64_t now_ns = clock_monotonic_ns();

	for (uint32_t w = 0; w < stuck->publisher->workers; w++)
		stuck_look_at(stuck, w, now_ns);
}

static void stuck_due(int fd, short what, void *context)
{
	STEP_TIMED(WORKERS);
	stuck_look(context);
}

int stuck_new(struct event_base *base, const struct publisher *publisher, stuck_tell_fn *tell,
	void *context, struct stuck **out)
{
	static const struct timeval period = {.tv_usec = LOOK_NS / 1000};
	struct stuck *stuck =
		calloc(1, sizeof(*stuck) + publisher->workers * sizeof(stuck->workers[0]));

	if (stuck == NULL)
		return -ENOMEM;
	stuck->publisher = publisher;
	stuck->tell = tell;
	stuck->context = context;
	stuck->timer = event_new(base, -1, EV_PERSIST, stuck_due, stuck);
	if (stuck->timer == NULL || event_add(stuck->timer, &period) != 0) {
		stuck_free(stuck);
		return -ENOMEM;
	}
	*out = stuck;
	return 0;
}

void stuck_free(struct stuck *stuck)
{
	if (stuck != NULL && stuck->timer != NULL)
		event_free(stuck->timer);
	free(stuck);
}

uint64_t stuck_for_ms(const struct stuck *stuck, uint32_t worker)
{
	const struct watched *watched = &stuck->workers[worker];

	return watched->is_told ? (watched->still_ns - watched->moved_ns) / CLOCK_NS_PER_MS : 0;
}

bool stuck_first(const struct stuck *stuck, uint32_t *worker)
{
	for (*worker = 0; *worker < stuck->publisher->workers; (*worker)++) {
		if (stuck->workers[*worker].is_told)
			return true;
	}
	return false;
}

static bool stuck_moves(const struct watched *watched)
{
	return watched->still_looks == 0 || watched->still_ns - watched->moved_ns < BRIEF_NS;
}

uint32_t stuck_instead(const struct stuck *stuck, uint32_t worker, uint32_t workers)
{
	for (uint32_t i = 0; i < workers; i++) {
		uint32_t w = (worker + i) % workers;

		if (stuck_moves(&stuck->workers[w]))
			return w;
	}
	return STUCK_ALL;
}

static uint64_t stuck_overlap(uint64_t since_ns, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t first_ns = from_ns > since_ns ? from_ns : since_ns;

	return to_ns > first_ns ? to_ns - first_ns : 0;
}

uint32_t stuck_since(struct stuck *stuck, uint64_t since_ns, uint32_t *running)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint32_t count = 0;

	stuck_look(stuck);
	*running = 0;
	for (uint32_t w = 0; w < stuck->publisher->workers; w++) {
		const struct watched *watched = &stuck->workers[w];
		uint64_t still_ns =
			stuck_overlap(since_ns, watched->gap_from_ns, watched->gap_to_ns);

		if (!stuck_moves(watched))
			still_ns += stuck_overlap(since_ns, watched->moved_ns, watched->still_ns);
		*running += watched->rounds != 0;
		count += still_ns > 0 && still_ns >= (now_ns - since_ns) / 2;
	}
	return count;
}

uint32_t stuck_proof(uint32_t stuck, uint32_t running, uint32_t queues)
{
	double chance = 1, passes = 1;
	uint32_t times = 0;

	if (stuck == 0)
		return 0;
	if (stuck >= running)
		return STUCK_ALL;
	for (uint32_t i = 0; i < queues; i++)
		passes = passes * (running - stuck) / running;
	for (; chance * ODDS > 1; times++)
		chance *= 1 - passes;
	return times;
}
