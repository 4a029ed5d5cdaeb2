// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <base/parse.h>
#include <events/events.h>
#include <running/fail_open.h>
#include <running/running.h>

#include <stdlib.h>

// --- The count: no clock, no memory ---

void fail_open_add(struct fail_open_count *count, const struct fail_open_mark *mark,
	bool is_serving, uint64_t now_ns, uint64_t window_ns)
{
	bool is_recent = mark->failed_ns != 0 && now_ns - mark->failed_ns < window_ns;

	count->serving += is_serving;
	count->kept += mark->is_kept;
	count->of_loss += mark->is_of_loss;
	count->lost += !is_serving && (is_recent || mark->is_of_loss);
	if (mark->failed_ns > count->changed_ns)
		count->changed_ns = mark->failed_ns;
}

bool fail_open_may_lose(const struct fail_open_count *count, uint8_t max_down_percent)
{
	uint64_t base = count->serving + count->lost;
	uint64_t limit = base * max_down_percent / 100;

	return count->lost + 1 <= (limit > 0 ? limit : 1);
}

// --- The running pools ---

static uint64_t fail_open_window_ns(const struct config_pool *pool)
{
	const struct config_health *health = &pool->health;

	return ((uint64_t)health->fall * health->interval_ms + health->timeout_ms) *
	       CLOCK_NS_PER_MS;
}

static struct running_backend *fail_open_member(
	const struct running *running, const struct config_pool *pool, uint32_t i)
{
	return running_state(running, pool->first_backend + i);
}

// Only those that the operator wants to serve.
static bool fail_open_is_member(
	const struct running *running, const struct config_pool *pool, uint32_t i)
{
	const struct config *config = running->now->config;

	return config->backends[pool->first_backend + i].state == CONFIG_STATE_ACTIVE;
}

// --- The marks of a backend, by the probe's number ---

static const struct fail_open_mark *fail_open_mark_of(
	const struct running_backend *state, uint32_t probe)
{
	static const struct fail_open_mark none;

	if (probe == 0)
		return &state->fail_open;
	return state->probe_marks != NULL ? &state->probe_marks[probe] : &none;
}

// Without memory the mark is lost: the backend goes down as if there were no floor.
static bool fail_open_put_mark(
	struct running_backend *state, uint32_t probe, struct fail_open_mark mark)
{
	if (probe == 0) {
		state->fail_open = mark;
		return true;
	}
	if (state->probe_marks == NULL)
		state->probe_marks = calloc(CONFIG_PROBES_MAX, sizeof(*state->probe_marks));
	if (state->probe_marks == NULL)
		return false;
	state->probe_marks[probe] = mark;
	state->probes_kept &= (uint16_t) ~(1u << probe);
	state->probes_kept |= (uint16_t)((uint32_t)mark.is_kept << probe);
	return true;
}

static void fail_open_clear_mark(struct running_backend *state, uint32_t probe)
{
	if (probe == 0 || state->probe_marks != NULL)
		fail_open_put_mark(state, probe, (struct fail_open_mark){0});
}

void fail_open_forget(struct running_backend *state, const struct configuration *configuration,
	uint32_t at, bool is_stranger)
{
	for (uint32_t p = 1; p < CONFIG_PROBES_MAX && state->probe_marks != NULL; p++) {
		if (!configuration_is_probed(configuration, at, p))
			fail_open_clear_mark(state, p);
	}
	if (!is_stranger)
		return;
	free(state->probe_marks);
	state->probe_marks = NULL;
}

// --- What a pool has lost ---

static struct fail_open_count fail_open_count_pool(const struct running *running,
	const struct config_pool *pool, uint32_t probe, uint64_t now_ns)
{
	struct fail_open_count count = {0};

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		const struct running_backend *state = fail_open_member(running, pool, i);

		if (fail_open_is_member(running, pool, i))
			fail_open_add(&count, fail_open_mark_of(state, probe),
				running_backend_health(state, probe) == HEALTH_UP, now_ns,
				fail_open_window_ns(pool));
	}
	return count;
}

static void fail_open_set_of_loss(struct running_backend *state, uint32_t probe, bool is_of_loss)
{
	struct fail_open_mark mark = *fail_open_mark_of(state, probe);

	if (mark.is_of_loss == is_of_loss)
		return;
	mark.is_of_loss = is_of_loss;
	fail_open_put_mark(state, probe, mark);
}

// ", port 3023 (service ssh)", where a pool has several.
static const char *fail_open_name_probe(const struct running *running,
	const struct config_pool *pool, uint32_t probe, char *text, size_t size)
{
	char name[160];

	text[0] = '\0';
	if (configuration_probes(running->now, pool->first_backend) != NULL)
		snprintf(text, size, ", %s",
			configuration_probe_name(
				running->now, pool->first_backend, probe, name, sizeof(name)));
	return text;
}

static void fail_open_begin_loss(struct running *running, const struct config_pool *pool,
	uint32_t probe, const struct fail_open_count *now, uint64_t now_ns)
{
	struct events_entry entry =
		events_about(EVENTS_HEALTH, LOG_LEVEL_ERROR, "", "kept", "%s", pool->name);
	char window[32], name[176];

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		struct running_backend *state = fail_open_member(running, pool, i);
		const struct fail_open_mark *mark = fail_open_mark_of(state, probe);

		fail_open_set_of_loss(state, probe,
			mark->failed_ns != 0 &&
				now_ns - mark->failed_ns < fail_open_window_ns(pool));
	}
	running->may_fail_open = true;
	events_tell(running->events, &entry,
		"health: pool '%s'%s: %u of the %u backends that served failed within %s, more "
		"than max_down_percent %u allows: whoever fails now is kept in service. Is it "
		"the balancer that cannot reach them?",
		pool->name, fail_open_name_probe(running, pool, probe, name, sizeof(name)),
		now->lost + 1, now->serving + now->lost,
		format_duration_ms(
			fail_open_window_ns(pool) / CLOCK_NS_PER_MS, window, sizeof(window)),
		pool->max_down_percent);
}

static void fail_open_end_loss(
	struct running *running, const struct config_pool *pool, uint32_t probe)
{
	struct events_entry entry =
		events_about(EVENTS_HEALTH, LOG_LEVEL_INFO, "kept", "", "%s", pool->name);
	char name[176];

	for (uint32_t i = 0; i < pool->backend_count; i++)
		fail_open_set_of_loss(fail_open_member(running, pool, i), probe, false);
	events_tell(running->events, &entry,
		"health: pool '%s'%s: no backend is kept in service any more", pool->name,
		fail_open_name_probe(running, pool, probe, name, sizeof(name)));
}

void fail_open_lose(struct running *running, const struct config_pool *pool,
	struct running_backend *state, uint32_t probe)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct fail_open_mark mark = {.is_kept = true};
	struct fail_open_count now;

	// Asked for as one that still serves.
	if (pool->max_down_percent == 0 || !fail_open_put_mark(state, probe, mark))
		return;
	now = fail_open_count_pool(running, pool, probe, now_ns);
	now.kept--;
	mark.is_kept = !fail_open_may_lose(&now, pool->max_down_percent);
	fail_open_put_mark(state, probe, mark);
	if (mark.is_kept && now.kept == 0)
		fail_open_begin_loss(running, pool, probe, &now, now_ns);
	mark.is_of_loss = now.kept > 0 || mark.is_kept;
	mark.failed_ns = now_ns;
	fail_open_put_mark(state, probe, mark);
}

void fail_open_recover(struct running *running, const struct config_pool *pool,
	struct running_backend *state, uint32_t probe)
{
	bool was_kept = fail_open_mark_of(state, probe)->is_kept;

	fail_open_clear_mark(state, probe);
	if (was_kept && fail_open_count_pool(running, pool, probe, clock_monotonic_ns()).kept == 0)
		fail_open_end_loss(running, pool, probe);
}

// --- With time ---

static void fail_open_release_one(
	struct running *running, const struct config_pool *pool, uint32_t probe, uint64_t now_ns)
{
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		struct running_backend *state = fail_open_member(running, pool, i);
		struct fail_open_mark mark = *fail_open_mark_of(state, probe);

		if (!mark.is_kept)
			continue;
		mark.is_kept = false;
		mark.failed_ns = now_ns;
		fail_open_put_mark(state, probe, mark);
		return;
	}
}

// A backend that is kept is let go when none has failed for a window and the floor has room for it
// again. True: one was.
static bool fail_open_age_probe(
	struct running *running, const struct config_pool *pool, uint32_t probe, uint64_t now_ns)
{
	struct fail_open_count now = fail_open_count_pool(running, pool, probe, now_ns);

	if (now.kept == 0 && now.of_loss > 0)
		fail_open_end_loss(running, pool, probe);
	running->may_fail_open |= now.kept > 0;
	if (now.kept == 0 || (pool->max_down_percent != 0 &&
				     (now_ns - now.changed_ns < fail_open_window_ns(pool) ||
					     !fail_open_may_lose(&now, pool->max_down_percent))))
		return false;
	fail_open_release_one(running, pool, probe, now_ns);
	return true;
}

static bool fail_open_age_pool(struct running *running, uint32_t pool, uint64_t now_ns)
{
	uint32_t probes = running->now->probes[pool] != NULL ? CONFIG_PROBES_MAX : 1;
	bool changed = false;

	for (uint32_t p = 0; p < probes; p++) {
		if (p > 0 && running->now->probes[pool]->list[p].port == 0)
			continue;
		while (fail_open_age_probe(running, &running->now->config->pools[pool], p, now_ns))
			changed = true;
	}
	return changed;
}

bool fail_open_age(struct running *running)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool changed = false;

	if (!running->may_fail_open)
		return false;
	running->may_fail_open = false;
	for (uint32_t i = 0; i < running->now->config->pool_count; i++)
		changed |= fail_open_age_pool(running, i, now_ns);
	return changed;
}

uint32_t fail_open_kept(const struct running *running, const struct config_pool *pool)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pool->backend_count && running->may_fail_open; i++) {
		const struct running_backend *state = fail_open_member(running, pool, i);

		kept += fail_open_is_member(running, pool, i) && fail_open_keeps(state);
	}
	return kept;
}

bool fail_open_keeps(const struct running_backend *state)
{
	return state->fail_open.is_kept || state->probes_kept != 0;
}
