// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <base/parse.h>
#include <control/backend_private.h>
#include <control/control_private.h>
#include <control/health_private.h>

// The floors of the running pools: who is kept in service although its probes fail, and until when.

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

static struct floor_count count(
	const struct control *control, const struct config_pool *pool, uint64_t now_ns)
{
	struct floor_count count = {0};

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		const struct control_backend *state = member(control, pool, i);

		if (is_member(control, pool, i))
			floor_add(&count, &state->floor,
				control_health_in_force(state) == HEALTH_UP, now_ns,
				window_ns(pool));
	}
	return count;
}

static void begin_loss(struct control *control, const struct config_pool *pool,
	const struct floor_count *now, uint64_t now_ns)
{
	char window[32];

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		struct floor_mark *mark = &member(control, pool, i)->floor;

		mark->is_of_loss =
			mark->failed_ns != 0 && now_ns - mark->failed_ns < window_ns(pool);
	}
	log_error("health: pool '%s': %u of the %u backends that served failed within %s, more "
		  "than max_down_percent %u allows: whoever fails now is kept in service. Is it "
		  "the balancer that cannot reach them?",
		pool->name, now->lost + 1, now->serving + now->lost,
		format_duration_ms(window_ns(pool) / CLOCK_NS_PER_MS, window, sizeof(window)),
		pool->max_down_percent);
}

static void end_loss(struct control *control, const struct config_pool *pool)
{
	for (uint32_t i = 0; i < pool->backend_count; i++)
		member(control, pool, i)->floor.is_of_loss = false;
	log_info("health: pool '%s': no backend is kept in service any more", pool->name);
}

void control_floor_lose(
	struct control *control, const struct config_pool *pool, struct control_backend *state)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct floor_count now;

	if (pool->max_down_percent == 0)
		return;
	// Asked for as one that still serves.
	state->floor = (struct floor_mark){.is_kept = true};
	now = count(control, pool, now_ns);
	now.kept--;
	state->floor.is_kept = !floor_may_lose(&now, pool->max_down_percent);
	if (state->floor.is_kept && now.kept == 0)
		begin_loss(control, pool, &now, now_ns);
	state->floor.is_of_loss = now.kept > 0 || state->floor.is_kept;
	state->floor.failed_ns = now_ns;
}

void control_floor_recover(
	struct control *control, const struct config_pool *pool, struct control_backend *state)
{
	bool was_kept = state->floor.is_kept;

	state->floor = (struct floor_mark){0};
	if (was_kept && count(control, pool, clock_monotonic_ns()).kept == 0)
		end_loss(control, pool);
}

static void release_one(struct control *control, const struct config_pool *pool, uint64_t now_ns)
{
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		struct control_backend *state = member(control, pool, i);

		if (!state->floor.is_kept)
			continue;
		state->floor.is_kept = false;
		state->floor.failed_ns = now_ns;
		return;
	}
}

// Somebody who is kept may go when nobody has failed for a window: others may have come back meanwhile.
static bool age(struct control *control, const struct config_pool *pool, uint64_t now_ns)
{
	struct floor_count now = count(control, pool, now_ns);

	if (now.kept == 0 && now.of_loss > 0)
		end_loss(control, pool);
	if (now.kept == 0 || (pool->max_down_percent != 0 &&
				     (now_ns - now.changed_ns < window_ns(pool) ||
					     !floor_may_lose(&now, pool->max_down_percent))))
		return false;
	release_one(control, pool, now_ns);
	return true;
}

bool control_floor_age(struct control *control)
{
	const struct config *config = control->running->config;
	uint64_t now_ns = clock_monotonic_ns();
	bool changed = false;

	for (uint32_t i = 0; i < config->pool_count; i++) {
		while (age(control, &config->pools[i], now_ns))
			changed = true;
	}
	return changed;
}

uint32_t control_floor_kept(const struct control *control, const struct config_pool *pool)
{
	return count(control, pool, clock_monotonic_ns()).kept;
}
