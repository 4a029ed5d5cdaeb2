// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/announce_private.h>
#include <control/apply_private.h>
#include <control/backend_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/resolve_private.h>

// What a commit has made comes into force: pointers are exchanged, and a snapshot is published.

// Forgets what is known of probes that are gone. True: there was something to forget.
static bool forget_probes(struct control_backend *state, const struct edition *edition, uint32_t at)
{
	uint32_t known = state->probes_put | state->probes_up | state->probes_down;
	uint32_t gone = 0;

	for (uint32_t p = 1; p < CONFIG_PROBES_MAX && known != 0; p++)
		gone |= edition_is_probed(edition, at, p) ? 0 : known & 1u << p;
	state->probes_put &= (uint16_t)~gone;
	state->probes_up &= (uint16_t)~gone;
	state->probes_down &= (uint16_t)~gone;
	state->probes_kept &= (uint16_t)~gone;
	state->recalled_up &= (uint16_t)~gone;
	state->recalled_down &= (uint16_t)~gone;
	return gone != 0;
}

// A service that now has a probe of its own goes by the pool's probe until its own has given a result.
static bool inherit_probes(
	struct control_backend *state, const struct edition *edition, uint32_t at)
{
	const struct edition_probes *probes = edition_probes(edition, at);
	uint16_t heirs = 0;

	if (probes != NULL)
		heirs = (uint16_t)(probes->heirs &
				   ~(state->probes_put | state->probes_up | state->probes_down));
	if (state->health == HEALTH_UP)
		state->recalled_up |= heirs;
	else if (state->health == HEALTH_DOWN)
		state->recalled_down |= heirs;
	return heirs != 0;
}

bool control_backend_touch(struct control_backend *state, const struct edition *edition,
	uint32_t at, bool is_stranger, uint64_t now_s)
{
	enum health_status health;
	bool is_touched = is_stranger;

	if (is_stranger)
		*state = (struct control_backend){.port = BACKEND_PORT_NONE, .since_s = now_s};
	is_touched |= forget_probes(state, edition, at);
	is_touched |= inherit_probes(state, edition, at);
	if (edition_is_probed(edition, at, 0))
		return is_touched;
	health = edition_is_unprobed(edition, at) ? HEALTH_UP : HEALTH_UNKNOWN;
	if (state->health == health && !state->is_probed)
		return is_touched;
	state->is_probed = false;
	state->floor = (struct floor_mark){0};
	state->health = health;
	state->since_s = now_s;
	return true;
}

// Whatever had an index before, what is counted under it from now on belongs to another.
static void touch_all(struct control *control, const struct commit *commit)
{
	const struct control_config *config = &control->config;

	for (uint32_t i = 0; i < commit->touched_count; i++) {
		bool is_stranger = (commit->touched[i] & COMMIT_STRANGER) != 0;
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		uint32_t index = edition_index(commit->edition, at);

		control_floor_forget(&control->states[index], commit->edition, at, is_stranger);
		control_backend_touch(&control->states[index], commit->edition, at, is_stranger,
			commit->applied.wall_s);
		if (is_stranger)
			control_resolve_take(&control->states[index], &commit->build.states[index]);
	}
	for (uint32_t i = 0; i < commit->new_backend_count; i++) {
		metrics_backend(config->metrics, config->worker_count, commit->new_backends[i],
			&control->backend_baselines[commit->new_backends[i]]);
		census_forget(&control->census, commit->new_backends[i]);
	}
	for (uint32_t i = 0; i < commit->new_service_count; i++)
		metrics_service(config->metrics, config->worker_count, commit->new_services[i],
			&control->service_baselines[commit->new_services[i]]);
}

// 'age_s': for how long what is installed is in force already, over a restart.
static void mark_leaving(struct control *control, const struct edition *edition, uint64_t age_s)
{
	int64_t since_ns = (int64_t)clock_monotonic_ns() - (int64_t)(age_s * CLOCK_NS_PER_S);

	for (uint32_t i = 0; i < edition->config->backend_count; i++) {
		struct control_backend *state = &control->states[edition_index(edition, i)];
		bool leaves = edition->config->backends[i].state == CONFIG_STATE_LEAVING;

		if (leaves && !state->is_leaving)
			state->leaving_ns = since_ns;
		// One that comes back begins anew.
		if (state->is_leaving && !leaves) {
			state->drain_is_over = false;
			state->drain_until_ns = 0;
		}
		state->is_leaving = leaves;
	}
}

void control_install(struct control *control, struct commit *commit)
{
	control_checkpoint_forget(control);
	commit->before = control->running;
	control->running = commit->edition;
	commit->now = commit->edition;
	commit->is_installed = true;
	touch_all(control, commit);
	mark_leaving(control, commit->edition, commit->build.age_s);
	control->version = commit->version;
	control->applied = commit->applied;
	control->is_saved = false;
	control_announce_take(control);
	control_publish(control, commit->build.snapshot);
	commit->build.snapshot = NULL;
	control_targets_take(control, commit);
	control_resolve_installed(control, commit);
}
