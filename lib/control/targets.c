// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <halfopen/halfopen.h>

#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>

// What a commit changes about the probes is handed to the health room in steps: a probe begun or
// ended takes about a microsecond.
#define TARGET_STEP 256

void control_targets_take(struct control *control, struct commit *commit)
{
	struct target_changes *changes = &control->targets;

	*changes = (struct target_changes){
		.drops = commit->drops,
		.drop_count = commit->drop_count,
		.puts = commit->puts,
		.put_count = commit->put_count,
	};
	commit->drops = NULL;
	commit->puts = NULL;
	halfopen_forget_addresses(control->halfopen);
	control_targets_step(-1, 0, control);
}

void control_targets_forget(struct control *control)
{
	free(control->targets.drops);
	free(control->targets.puts);
	control->targets = (struct target_changes){0};
}

bool control_targets_pending(const struct control *control)
{
	return control->targets.puts != NULL;
}

static void step_again(struct control *control, uint32_t delay_ms)
{
	struct timeval delay = {.tv_usec = delay_ms * 1000};

	event_add(control->targets_event, &delay);
}

static bool put(struct control *control, const struct probe_put *put, uint32_t order)
{
	struct running_backend *state = running_state(&control->running, put->at);
	struct health_target target;

	configuration_target(control->running.now, put->at, put->probe, &target);
	if (health_put_target(control->health, &target, order) != 0)
		return false;
	if (put->probe == 0)
		state->is_probed = true;
	else
		state->probes_put |= (uint16_t)(1u << put->probe);
	return true;
}

void control_targets_step(int fd, short what, void *context)
{
	STEP_TIMED(TARGETS);
	struct control *control = context;
	struct target_changes *changes = &control->targets;

	for (int i = 0; i < TARGET_STEP; i++) {
		if (changes->dropped < changes->drop_count) {
			health_drop_target(control->health, changes->drops[changes->dropped++]);
			continue;
		}
		if (changes->put == changes->put_count) {
			control_targets_forget(control);
			jobs_next(control->jobs);
			return;
		}
		if (!put(control, &changes->puts[changes->put], changes->put)) {
			log_error("no memory to probe all backends; trying again");
			step_again(control, 100);
			return;
		}
		changes->put++;
	}
	step_again(control, 0);
}
