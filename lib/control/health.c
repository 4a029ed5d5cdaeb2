// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <stdio.h>

// What the probes say, as the control room takes it: told in one line, and then part of the next snapshot.

enum health_status control_health_in_force(const struct control_backend *state)
{
	if (state->health == HEALTH_UNKNOWN)
		return state->recalled;
	return state->floor.is_kept ? HEALTH_UP : state->health;
}

static void tell(const struct control *control, uint32_t index, uint64_t before_since_s,
	enum health_status before, const char *reason)
{
	const struct edition *running = control->running;
	const struct config_backend *backend = &running->config->backends[running->places[index]];
	struct health_view view = {0};
	char hold[64] = "";
	char since[32], until[32];

	health_view(control->health, index, &view);
	if (view.held_until_s != 0)
		snprintf(hold, sizeof(hold), "; it flaps, and is held until %s",
			clock_format_utc(view.held_until_s, until, sizeof(until)));
	log_info("health: backend %s/%s is %s%s%s (%s since %s; down %u times by now%s%s)",
		backend->pool, backend->name, health_status_name(control->states[index].health),
		reason[0] != '\0' ? ": " : "", reason, health_status_name(before),
		clock_format_utc(before_since_s, since, sizeof(since)), view.downs, hold,
		control->states[index].floor.is_kept ? "; kept in service" : "");
}

void control_health_changed(
	void *context, uint32_t index, enum health_status status, const char *reason)
{
	struct control *control = context;
	struct control_backend *state = &control->states[index];
	enum health_status before = state->health;
	uint64_t before_since_s = state->since_s;
	enum health_status in_force = control_health_in_force(state);
	const struct config_backend *backend;
	const struct config_pool *pool;

	if (!state->is_probed || control->running->places[index] == EDITION_NONE)
		return; // the last word on one that is being dropped
	backend = &control->running->config->backends[control->running->places[index]];
	pool = &control->running->config->pools[backend->pool_index];
	state->health = status;
	state->since_s = clock_wall_s();
	if (status != HEALTH_DOWN)
		control_floor_recover(control, pool, state);
	else if (in_force == HEALTH_UP && backend->state == CONFIG_STATE_ACTIVE)
		control_floor_lose(control, pool, state);
	if (control_health_in_force(state) != in_force || in_force != HEALTH_UP)
		control_begin_ramp(pool, state);
	tell(control, index, before_since_s, before, reason);
	control_save_health_later(control);
	control_rebuild_later(control);
}
