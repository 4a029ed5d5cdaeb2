// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/reply_private.h>
#include <running/fail_open.h>

#include <stdio.h>

// What the probes say, as the control room takes it: told in one line, and then part of the next
// snapshot.

// What stands before a probe's words where the pool has several probes; else "".
static const char *probe_subject(
	const struct control *control, uint32_t at, uint32_t probe, char *text, size_t size)
{
	char name[160];

	text[0] = '\0';
	if (configuration_probes(control->running.now, at) != NULL)
		snprintf(text, size, ": %s",
			configuration_probe_name(
				control->running.now, at, probe, name, sizeof(name)));
	return text;
}

static void tell(const struct control *control, uint32_t index, uint64_t before_since_s,
	enum health_status before, const char *reason)
{
	const struct configuration *running = control->running.now;
	const struct config_backend *backend = &running->config->backends[running->places[index]];
	struct health_view view = {0};
	char hold[64] = "";
	char since[32], until[32], subject[176];
	struct events_entry entry =
		events_about(EVENTS_HEALTH, LOG_LEVEL_INFO, health_status_name(before),
			health_status_name(control->running.states[index].health), "%s/%s",
			backend->pool, backend->name);

	health_view(control->health, index, &view);
	if (view.held_until_s != 0)
		snprintf(hold, sizeof(hold), "; it flaps, and is held until %s",
			clock_format_utc(view.held_until_s, until, sizeof(until)));
	events_tell(control->events, &entry,
		"health: backend %s/%s%s is %s%s%s (%s since %s; down %u times by now%s%s)",
		backend->pool, backend->name,
		probe_subject(control, running->places[index], 0, subject, sizeof(subject)),
		health_status_name(control->running.states[index].health),
		reason[0] != '\0' ? ": " : "", reason, health_status_name(before),
		clock_format_utc(before_since_s, since, sizeof(since)), view.downs, hold,
		control->running.states[index].fail_open.is_kept ? "; kept in service" : "");
}

// One of a backend's probes has changed its mind; 'before' is what was in force.
static void weigh_loss(
	struct control *control, uint32_t at, uint32_t probe, enum health_status before)
{
	const struct config_backend *backend = &control->running.now->config->backends[at];
	const struct config_pool *pool = &control->running.now->config->pools[backend->pool_index];
	struct running_backend *state = running_state(&control->running, at);

	if (running_backend_probe_health(state, probe) != HEALTH_DOWN)
		fail_open_recover(&control->running, pool, state, probe);
	else if (before == HEALTH_UP && backend->state == CONFIG_STATE_ACTIVE)
		fail_open_lose(&control->running, pool, state, probe);
}

// One of the probes beside the pool's own.
static void probe_changed(struct control *control, uint32_t index, uint32_t probe,
	enum health_status status, const char *reason)
{
	struct running_backend *state = &control->running.states[index];
	uint32_t at = control->running.now->places[index];
	enum health_status in_force = running_backend_health(state, probe), before;
	const struct config_backend *backend;
	uint16_t bit = (uint16_t)(1u << probe);
	struct events_entry entry;
	char subject[176];

	if ((state->probes_put & bit) == 0 || at == CONFIGURATION_NONE ||
		!configuration_is_probed(control->running.now, at, probe))
		return;
	backend = &control->running.now->config->backends[at];
	before = running_backend_probe_health(state, probe);
	state->probes_up &= (uint16_t)~bit;
	state->probes_down &= (uint16_t)~bit;
	if (status == HEALTH_UP)
		state->probes_up |= bit;
	else if (status == HEALTH_DOWN)
		state->probes_down |= bit;
	state->probes_since_s = clock_wall_s();
	weigh_loss(control, at, probe, in_force);
	entry = events_about(EVENTS_HEALTH, LOG_LEVEL_INFO, health_status_name(before),
		health_status_name(status), "%s/%s", backend->pool, backend->name);
	events_tell(control->events, &entry, "health: backend %s/%s%s is %s%s%s%s", backend->pool,
		backend->name, probe_subject(control, at, probe, subject, sizeof(subject)),
		health_status_name(status), reason[0] != '\0' ? ": " : "", reason,
		(state->probes_kept & bit) != 0 ? " (kept in service)" : "");
	control_save_health_later(control);
	control_rebuild_later(control);
}

void control_health_changed(
	void *context, uint32_t id, enum health_status status, const char *reason)
{
	struct control *control = context;
	uint32_t index = id & BACKEND_INDEX_MASK, probe = id >> CONFIGURATION_PROBE_SHIFT;
	struct running_backend *state = &control->running.states[index];
	enum health_status before = state->health;
	uint64_t before_since_s = state->since_s;
	enum health_status in_force = running_backend_health(state, 0);
	uint32_t at = control->running.now->places[index];
	const struct config_pool *pool;

	if (probe != 0) {
		probe_changed(control, index, probe, status, reason);
		return;
	}
	if (!state->is_probed || at == CONFIGURATION_NONE)
		return; // the last word on one that is being dropped
	pool = &control->running.now->config
			->pools[control->running.now->config->backends[at].pool_index];
	state->health = status;
	state->since_s = clock_wall_s();
	weigh_loss(control, at, 0, in_force);
	if (running_backend_health(state, 0) != in_force || in_force != HEALTH_UP)
		control_begin_ramp(pool, state);
	tell(control, index, before_since_s, before, reason);
	control_save_health_later(control);
	control_rebuild_later(control);
}
