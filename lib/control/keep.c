// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <base/parse.h>
#include <control/backend_private.h>
#include <control/control_private.h>
#include <control/health_private.h>

#include <stdlib.h>

// The floors of the running pools: who is kept in service although its probes fail, and until when. Each port that a
// pool is probed on has a floor of its own: what serves one service is not lost to it because another one failed.

static uint64_t window_ns(const struct config_pool *pool)
{
	const struct config_health *health = &pool->health;

	return ((uint64_t)health->fall * health->interval_ms + health->timeout_ms) *
	       CLOCK_NS_PER_MS;
}

static struct control_backend *member(
	const struct control *control, const struct config_pool *pool, uint32_t i)
{
	return &control->states[edition_index(control->running, pool->first_backend + i)];
}

// Only those that the operator wants to serve.
static bool is_member(const struct control *control, const struct config_pool *pool, uint32_t i)
{
	const struct config *config = control->running->config;

	return config->backends[pool->first_backend + i].state == CONFIG_STATE_ACTIVE;
}

// --- The marks of a backend, by the probe's number ---

static const struct floor_mark *mark_of(const struct control_backend *state, uint32_t probe)
{
	static const struct floor_mark none;

	if (probe == 0)
		return &state->floor;
	return state->probe_floors != NULL ? &state->probe_floors[probe] : &none;
}

// Without memory the mark is lost: the backend goes down as if there were no floor.
static bool put_mark(struct control_backend *state, uint32_t probe, struct floor_mark mark)
{
	if (probe == 0) {
		state->floor = mark;
		return true;
	}
	if (state->probe_floors == NULL)
		state->probe_floors = calloc(CONFIG_PROBES_MAX, sizeof(*state->probe_floors));
	if (state->probe_floors == NULL)
		return false;
	state->probe_floors[probe] = mark;
	state->probes_kept &= (uint16_t) ~(1u << probe);
	state->probes_kept |= (uint16_t)((uint32_t)mark.is_kept << probe);
	return true;
}

static void clear_mark(struct control_backend *state, uint32_t probe)
{
	if (probe == 0 || state->probe_floors != NULL)
		put_mark(state, probe, (struct floor_mark){0});
}

void control_floor_forget(
	struct control_backend *state, const struct edition *edition, uint32_t at, bool is_stranger)
{
	for (uint32_t p = 1; p < CONFIG_PROBES_MAX && state->probe_floors != NULL; p++) {
		if (!edition_is_probed(edition, at, p))
			clear_mark(state, p);
	}
	if (!is_stranger)
		return;
	free(state->probe_floors);
	state->probe_floors = NULL;
}

// --- What a pool has lost ---

static struct floor_count count(const struct control *control, const struct config_pool *pool,
	uint32_t probe, uint64_t now_ns)
{
	struct floor_count count = {0};

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		const struct control_backend *state = member(control, pool, i);

		if (is_member(control, pool, i))
			floor_add(&count, mark_of(state, probe),
				control_health_in_force(state, probe) == HEALTH_UP, now_ns,
				window_ns(pool));
	}
	return count;
}

static void set_of_loss(struct control_backend *state, uint32_t probe, bool is_of_loss)
{
	struct floor_mark mark = *mark_of(state, probe);

	if (mark.is_of_loss == is_of_loss)
		return;
	mark.is_of_loss = is_of_loss;
	put_mark(state, probe, mark);
}

// ", port 3023 (service ssh)", where a pool has several.
static const char *name_probe(const struct control *control, const struct config_pool *pool,
	uint32_t probe, char *text, size_t size)
{
	char name[160];

	text[0] = '\0';
	if (edition_probes(control->running, pool->first_backend) != NULL)
		snprintf(text, size, ", %s",
			control_probe_name(
				control, pool->first_backend, probe, name, sizeof(name)));
	return text;
}

static void begin_loss(struct control *control, const struct config_pool *pool, uint32_t probe,
	const struct floor_count *now, uint64_t now_ns)
{
	struct events_entry entry =
		events_about(EVENTS_HEALTH, LOG_LEVEL_ERROR, "", "kept", "%s", pool->name);
	char window[32], name[176];

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		struct control_backend *state = member(control, pool, i);
		const struct floor_mark *mark = mark_of(state, probe);

		set_of_loss(state, probe,
			mark->failed_ns != 0 && now_ns - mark->failed_ns < window_ns(pool));
	}
	control->has_floors = true;
	events_tell(control->events, &entry,
		"health: pool '%s'%s: %u of the %u backends that served failed within %s, more "
		"than max_down_percent %u allows: whoever fails now is kept in service. Is it "
		"the balancer that cannot reach them?",
		pool->name, name_probe(control, pool, probe, name, sizeof(name)), now->lost + 1,
		now->serving + now->lost,
		format_duration_ms(window_ns(pool) / CLOCK_NS_PER_MS, window, sizeof(window)),
		pool->max_down_percent);
}

static void end_loss(struct control *control, const struct config_pool *pool, uint32_t probe)
{
	struct events_entry entry =
		events_about(EVENTS_HEALTH, LOG_LEVEL_INFO, "kept", "", "%s", pool->name);
	char name[176];

	for (uint32_t i = 0; i < pool->backend_count; i++)
		set_of_loss(member(control, pool, i), probe, false);
	events_tell(control->events, &entry,
		"health: pool '%s'%s: no backend is kept in service any more", pool->name,
		name_probe(control, pool, probe, name, sizeof(name)));
}

void control_floor_lose(struct control *control, const struct config_pool *pool,
	struct control_backend *state, uint32_t probe)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct floor_mark mark = {.is_kept = true};
	struct floor_count now;

	// Asked for as one that still serves.
	if (pool->max_down_percent == 0 || !put_mark(state, probe, mark))
		return;
	now = count(control, pool, probe, now_ns);
	now.kept--;
	mark.is_kept = !floor_may_lose(&now, pool->max_down_percent);
	put_mark(state, probe, mark);
	if (mark.is_kept && now.kept == 0)
		begin_loss(control, pool, probe, &now, now_ns);
	mark.is_of_loss = now.kept > 0 || mark.is_kept;
	mark.failed_ns = now_ns;
	put_mark(state, probe, mark);
}

void control_floor_recover(struct control *control, const struct config_pool *pool,
	struct control_backend *state, uint32_t probe)
{
	bool was_kept = mark_of(state, probe)->is_kept;

	clear_mark(state, probe);
	if (was_kept && count(control, pool, probe, clock_monotonic_ns()).kept == 0)
		end_loss(control, pool, probe);
}

// --- With time ---

static void release_one(
	struct control *control, const struct config_pool *pool, uint32_t probe, uint64_t now_ns)
{
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		struct control_backend *state = member(control, pool, i);
		struct floor_mark mark = *mark_of(state, probe);

		if (!mark.is_kept)
			continue;
		mark.is_kept = false;
		mark.failed_ns = now_ns;
		put_mark(state, probe, mark);
		return;
	}
}

// A backend that is kept is let go when none has failed for a window and the floor has room for it again.
// True: one was.
static bool age(
	struct control *control, const struct config_pool *pool, uint32_t probe, uint64_t now_ns)
{
	struct floor_count now = count(control, pool, probe, now_ns);

	if (now.kept == 0 && now.of_loss > 0)
		end_loss(control, pool, probe);
	control->has_floors |= now.kept > 0;
	if (now.kept == 0 || (pool->max_down_percent != 0 &&
				     (now_ns - now.changed_ns < window_ns(pool) ||
					     !floor_may_lose(&now, pool->max_down_percent))))
		return false;
	release_one(control, pool, probe, now_ns);
	return true;
}

static bool age_pool(struct control *control, uint32_t pool, uint64_t now_ns)
{
	uint32_t probes = control->running->probes[pool] != NULL ? CONFIG_PROBES_MAX : 1;
	bool changed = false;

	for (uint32_t p = 0; p < probes; p++) {
		if (p > 0 && control->running->probes[pool]->list[p].port == 0)
			continue;
		while (age(control, &control->running->config->pools[pool], p, now_ns))
			changed = true;
	}
	return changed;
}

bool control_floor_age(struct control *control)
{
	uint64_t now_ns = clock_monotonic_ns();
	bool changed = false;

	if (!control->has_floors)
		return false;
	control->has_floors = false;
	for (uint32_t i = 0; i < control->running->config->pool_count; i++)
		changed |= age_pool(control, i, now_ns);
	return changed;
}

uint32_t control_floor_kept(const struct control *control, const struct config_pool *pool)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < pool->backend_count && control->has_floors; i++) {
		const struct control_backend *state = member(control, pool, i);

		kept += is_member(control, pool, i) && control_floor_keeps(state);
	}
	return kept;
}

bool control_floor_keeps(const struct control_backend *state)
{
	return state->floor.is_kept || state->probes_kept != 0;
}
