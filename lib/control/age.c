// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/saving_private.h>
#include <control/taps.h>
#include <metrics/step.h>
#include <running/fail_open.h>
#include <running/path.h>

#include <string.h>

// Once a second: what goes on by the clock alone. Drains that have a deadline, slow starts, tables
// that are remembered.

static const char *const then_words[] = {
	[MESSAGE_THEN_KEEP] = "what is left goes on",
	[MESSAGE_THEN_RESET] = "what is left is reset",
	[MESSAGE_THEN_REHASH] = "what is left moves to other backends",
};

static bool end_drain(struct control *control, uint32_t at, uint64_t now_ns)
{
	const struct config_backend *backend = &control->running.now->config->backends[at];
	struct running_backend *state = running_state(&control->running, at);
	struct events_entry entry;

	if (state->drain_until_ns == 0 || state->drain_is_over || now_ns < state->drain_until_ns)
		return false;
	state->drain_is_over = true;
	entry = events_about(EVENTS_DRAIN, LOG_LEVEL_INFO, "draining", "deadline", "%s/%s",
		backend->pool, backend->name);
	events_tell(control->events, &entry, "drain: backend %s/%s: the deadline has passed; %s",
		backend->pool, backend->name, then_words[state->drain_then]);
	return true;
}

// A backend that served until a restart has had its slow start, or goes on with it
// (control_recall_ramp()).
void control_begin_ramp(const struct config_pool *pool, struct running_backend *state)
{
	bool ramps = state->health == HEALTH_UP && state->recalled != HEALTH_UP &&
		     pool->slow_start_s > 0;

	state->ramp_from_ns = ramps ? clock_monotonic_ns() : 0;
	state->slow_start_tenths = ramps ? snapshot_slow_start_tenths(0, pool->slow_start_s) : 0;
}

// True: it takes another step.
static bool step_ramp(struct control *control, uint32_t at, uint64_t now_ns)
{
	const struct config *config = control->running.now->config;
	struct running_backend *state = running_state(&control->running, at);
	uint32_t whole_s = config->pools[config->backends[at].pool_index].slow_start_s;
	uint64_t elapsed_s = (now_ns - state->ramp_from_ns) / CLOCK_NS_PER_S;
	uint8_t slow_start_tenths = snapshot_slow_start_tenths(elapsed_s, whole_s);

	if (state->ramp_from_ns == 0)
		return false;
	if (slow_start_tenths == 0)
		state->ramp_from_ns = 0;
	if (slow_start_tenths == state->slow_start_tenths)
		return false;
	state->slow_start_tenths = slow_start_tenths;
	return true;
}

void control_recall_ramp(struct control *control, uint32_t index, uint32_t ramp_s)
{
	struct running_backend *state = &control->running.states[index];
	uint32_t at = control->running.now->places[index];
	uint64_t now_ns = clock_monotonic_ns();

	if (at == CONFIGURATION_NONE || state->recalled != HEALTH_UP)
		return;
	state->ramp_from_ns = now_ns - ramp_s * CLOCK_NS_PER_S;
	state->slow_start_tenths = 0;
	step_ramp(control, at, now_ns);
}

void control_age(int fd, short what, void *context)
{
	STEP_TIMED(AGE);
	struct control *control = context;
	uint64_t now_ns = clock_monotonic_ns();
	bool is_due = snapshot_is_due(
		control->config.publisher->current, (uint32_t)(now_ns / CLOCK_NS_PER_S));
	bool ramps = false;

	control_saving_watch(control);
	taps_remember(control->taps);
	commits_reap(&control->commits);
	is_due |= fail_open_age(&control->running);

	for (uint32_t i = 0; i < control->running.now->config->backend_count; i++) {
		is_due |= end_drain(control, i, now_ns);
		ramps |= step_ramp(control, i, now_ns);
		is_due |= running_path_age(running_state(&control->running, i), now_ns);
	}
	if (ramps)
		control_save_health_later(control);
	if (is_due || ramps)
		control_rebuild_later(control);
}

// The backend's place in the running configuration, where those that leave stand among the others.
static bool find_backend(const struct configuration *configuration, uint32_t written, uint32_t *at)
{
	char name[2 * CONFIG_NAME_SIZE + 1];

	snprintf(name, sizeof(name), "%s/%s", configuration->written->backends[written].pool,
		configuration->written->backends[written].name);
	return config_find_backend(configuration->config, name, at, NULL) == 0;
}

static void take_deadline(struct control *control, const struct message_backend_set *set,
	struct running_backend *state)
{
	if (state->drain_is_over)
		control_rebuild_later(control);
	state->drain_is_over = false;
	state->drain_until_ns = 0;
	if (set->state == CONFIG_STATE_DRAINING && set->deadline_s > 0) {
		state->drain_until_ns = clock_monotonic_ns() + set->deadline_s * CLOCK_NS_PER_S;
		state->drain_then = (enum message_then)set->then;
	}
}

void control_take_drain(
	struct control *control, const struct message_backend_set *set, uint32_t written)
{
	uint32_t at;

	if (set->state == CONFIG_STATE_UNSET || !find_backend(control->running.now, written, &at))
		return;
	take_deadline(control, set, running_state(&control->running, at));
}

void control_take_leaving(
	struct control *control, const struct message_backend_set *set, uint32_t index)
{
	struct running_backend *state = &control->running.states[index];

	if (set->state == CONFIG_STATE_UNSET || !state->is_leaving)
		return;
	take_deadline(control, set, state);
	if (set->state != CONFIG_STATE_DISABLED)
		return;
	state->drain_is_over = true;
	state->drain_then = MESSAGE_THEN_REHASH;
	control_rebuild_later(control);
}
