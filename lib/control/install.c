// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/clock.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/resolve_private.h>
#include <handover/checkpointer.h>
#include <running/fail_open.h>

// What a commit has made comes into force: pointers are exchanged, and a snapshot is published.

// Whatever had an index before, what is counted under it from now on belongs to another.
static void touch_all(struct control *control, const struct commit *commit)
{
	const struct control_config *config = &control->config;

	for (uint32_t i = 0; i < commit->touched_count; i++) {
		bool is_stranger = (commit->touched[i] & COMMIT_STRANGER) != 0;
		uint32_t at = commit->touched[i] & ~COMMIT_STRANGER;
		uint32_t index = configuration_index(commit->configuration, at);

		fail_open_forget(
			&control->running.states[index], commit->configuration, at, is_stranger);
		running_backend_touch(&control->running.states[index], commit->configuration, at,
			is_stranger, commit->applied.wall_s);
		if (is_stranger)
			control_resolve_take(
				&control->running.states[index], &commit->build.states[index]);
	}
	for (uint32_t i = 0; i < commit->new_backend_count; i++) {
		metrics_backend(config->metrics, config->worker_count, commit->new_backends[i],
			&control->running.backend_baselines[commit->new_backends[i]]);
		flow_counts_forget(&control->stats.flow_counts, commit->new_backends[i]);
	}
	for (uint32_t i = 0; i < commit->new_service_count; i++)
		metrics_service(config->metrics, config->worker_count, commit->new_services[i],
			&control->running.service_baselines[commit->new_services[i]]);
}

// 'age_s': for how long what is installed is in force already, over a restart.
static void mark_leaving(
	struct control *control, const struct configuration *configuration, uint64_t age_s)
{
	int64_t since_ns = (int64_t)clock_monotonic_ns() - (int64_t)(age_s * CLOCK_NS_PER_S);

	for (uint32_t i = 0; i < configuration->config->backend_count; i++) {
		struct running_backend *state =
			&control->running.states[configuration_index(configuration, i)];
		bool leaves = configuration->config->backends[i].state == CONFIG_STATE_LEAVING;

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
	checkpointer_drop(control->checkpointer);
	commit->before = control->running.now;
	control->running.now = commit->configuration;
	commit->now = commit->configuration;
	commit->is_installed = true;
	touch_all(control, commit);
	mark_leaving(control, commit->configuration, commit->build.age_s);
	control->running.version = commit->version;
	control->running.applied = commit->applied;
	control->running.is_saved = false;
	announce_set_configuration(
		control->announce, control->running.now, control->running.applied.wall_s);
	control_publish(control, commit->build.snapshot);
	commit->build.snapshot = NULL;
	control_targets_take(control, commit);
	control_resolve_installed(control, commit);
}
