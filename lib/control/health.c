// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/backend_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/reply_private.h>

#include <stdio.h>

// What the probes say, as the control room takes it: told in one line, and then part of the next snapshot.

static enum health_status by_bits(uint32_t up, uint32_t down, uint32_t probe)
{
	if ((up >> probe & 1) != 0)
		return HEALTH_UP;
	return (down >> probe & 1) != 0 ? HEALTH_DOWN : HEALTH_UNKNOWN;
}

enum health_status control_probe_health(const struct control_backend *state, uint32_t probe)
{
	return probe == 0 ? state->health : by_bits(state->probes_up, state->probes_down, probe);
}

enum health_status control_health_in_force(const struct control_backend *state, uint32_t probe)
{
	enum health_status health = control_probe_health(state, probe);
	bool is_kept = probe == 0 ? state->floor.is_kept : (state->probes_kept >> probe & 1) != 0;

	if (health == HEALTH_UNKNOWN)
		return probe == 0 ? state->recalled
				  : by_bits(state->recalled_up, state->recalled_down, probe);
	return is_kept ? HEALTH_UP : health;
}

// Which services go by a probe: "service ssh, git".
static const char *name_services(
	const struct edition *running, uint32_t at, uint32_t probe, char *text, size_t size)
{
	const struct config_backend *backend = &running->config->backends[at];
	size_t used = 0;

	snprintf(text, size, "no service");
	for (uint32_t i = 0; i < running->config->service_count && used + 1 < size; i++) {
		if (running->config->services[i].pool_index != backend->pool_index ||
			running->service_probes[i] != probe)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s",
			used == 0 ? "service " : ", ", running->config->services[i].name);
	}
	return text;
}

const char *control_probe_name(
	const struct control *control, uint32_t at, uint32_t probe, char *text, size_t size)
{
	struct health_target target;
	char services[96];

	edition_target(control->running, at, probe, &target);
	snprintf(text, size, "port %u (%s)", target.port,
		name_services(control->running, at, probe, services, sizeof(services)));
	return text;
}

// What stands before a probe's words where the pool has several probes; else "".
static const char *probe_subject(
	const struct control *control, uint32_t at, uint32_t probe, char *text, size_t size)
{
	char name[160];

	text[0] = '\0';
	if (edition_probes(control->running, at) != NULL)
		snprintf(text, size, ": %s",
			control_probe_name(control, at, probe, name, sizeof(name)));
	return text;
}

static void tell(const struct control *control, uint32_t index, uint64_t before_since_s,
	enum health_status before, const char *reason)
{
	const struct edition *running = control->running;
	const struct config_backend *backend = &running->config->backends[running->places[index]];
	struct health_view view = {0};
	char hold[64] = "";
	char since[32], until[32], subject[176];
	struct events_entry entry = events_about(EVENTS_HEALTH, LOG_LEVEL_INFO,
		health_status_name(before), health_status_name(control->states[index].health),
		"%s/%s", backend->pool, backend->name);

	health_view(control->health, index, &view);
	if (view.held_until_s != 0)
		snprintf(hold, sizeof(hold), "; it flaps, and is held until %s",
			clock_format_utc(view.held_until_s, until, sizeof(until)));
	events_tell(control->events, &entry,
		"health: backend %s/%s%s is %s%s%s (%s since %s; down %u times by now%s%s)",
		backend->pool, backend->name,
		probe_subject(control, running->places[index], 0, subject, sizeof(subject)),
		health_status_name(control->states[index].health), reason[0] != '\0' ? ": " : "",
		reason, health_status_name(before),
		clock_format_utc(before_since_s, since, sizeof(since)), view.downs, hold,
		control->states[index].floor.is_kept ? "; kept in service" : "");
}

// One of a backend's probes has changed its mind; 'before' is what was in force.
static void weigh_loss(
	struct control *control, uint32_t at, uint32_t probe, enum health_status before)
{
	const struct config_backend *backend = &control->running->config->backends[at];
	const struct config_pool *pool = &control->running->config->pools[backend->pool_index];
	struct control_backend *state = &control->states[edition_index(control->running, at)];

	if (control_probe_health(state, probe) != HEALTH_DOWN)
		control_floor_recover(control, pool, state, probe);
	else if (before == HEALTH_UP && backend->state == CONFIG_STATE_ACTIVE)
		control_floor_lose(control, pool, state, probe);
}

// One of the probes beside the pool's own.
static void probe_changed(struct control *control, uint32_t index, uint32_t probe,
	enum health_status status, const char *reason)
{
	struct control_backend *state = &control->states[index];
	uint32_t at = control->running->places[index];
	enum health_status in_force = control_health_in_force(state, probe), before;
	const struct config_backend *backend;
	uint16_t bit = (uint16_t)(1u << probe);
	struct events_entry entry;
	char subject[176];

	if ((state->probes_put & bit) == 0 || at == EDITION_NONE ||
		!edition_is_probed(control->running, at, probe))
		return;
	backend = &control->running->config->backends[at];
	before = control_probe_health(state, probe);
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
	uint32_t index = id & BACKEND_INDEX_MASK, probe = id >> EDITION_PROBE_SHIFT;
	struct control_backend *state = &control->states[index];
	enum health_status before = state->health;
	uint64_t before_since_s = state->since_s;
	enum health_status in_force = control_health_in_force(state, 0);
	uint32_t at = control->running->places[index];
	const struct config_pool *pool;

	if (probe != 0) {
		probe_changed(control, index, probe, status, reason);
		return;
	}
	if (!state->is_probed || at == EDITION_NONE)
		return; // the last word on one that is being dropped
	pool = &control->running->config->pools[control->running->config->backends[at].pool_index];
	state->health = status;
	state->since_s = clock_wall_s();
	weigh_loss(control, at, 0, in_force);
	if (control_health_in_force(state, 0) != in_force || in_force != HEALTH_UP)
		control_begin_ramp(pool, state);
	tell(control, index, before_since_s, before, reason);
	control_save_health_later(control);
	control_rebuild_later(control);
}
