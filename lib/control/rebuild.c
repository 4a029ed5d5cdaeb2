// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/rebuild_private.h>
#include <handover/checkpointer.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <string.h>

// The copies of the states and of what is our own are one for all builds: there is one at a time.
void build_begin(struct control *control, struct build *out)
{
	identity_follow(control->identity, control->kernel, control->kernel_sides,
		control->config.port_count, control->config.publisher->current);
	memcpy(control->running.states_copy, control->running.states,
		control->running.backend_registry.end * sizeof(*control->running.states));
	*out = (struct build){
		.states = control->running.states_copy,
		.ports = control->config.ports,
		.previous = control->config.publisher->current,
		.own = identity_freeze(control->identity),
		.metrics = control->config.metrics,
		.worker_count = control->config.worker_count,
		.service_capacity = control->running.service_registry.capacity,
		.version = control->counts.snapshots + 1,
		.now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S),
	};
}

void control_publish(struct control *control, struct snapshot *snapshot)
{
	control->counts.snapshots = snapshot->version;
	publisher_publish(control->config.publisher, snapshot);
	announce_update(control->announce);
	checkpointer_hurry(control->checkpointer);
}

static void rebuild_after(struct control *control, uint32_t delay_us)
{
	struct timeval delay = {.tv_sec = delay_us / 1000000, .tv_usec = delay_us % 1000000};

	if (!event_pending(control->rebuild_event, EV_TIMEOUT, NULL))
		event_add(control->rebuild_event, &delay);
}

static void work(void *context)
{
	struct control *control = context;

	control->rebuild_rc = build_run(&control->build, &control->rebuild_error);
}

static void done(void *context)
{
	struct control *control = context;

	control->has_old_tables = control->rebuild_rc != 0;
	if (!control->has_old_tables) {
		control_publish(control, control->build.snapshot);
		control->build.snapshot = NULL;
	} else {
		log_error("the workers keep their old tables: %s", control->rebuild_error.text);
		announce_update(control->announce);
		rebuild_after(control, 1000 * 1000);
	}
	jobs_next(control->jobs);
}

bool control_rebuild_start(void *context)
{
	struct control *control = context;

	if (!control->rebuild_due)
		return false;
	control->rebuild_due = false;
	build_begin(control, &control->build);
	control->build.configuration = control->running.now;
	jobs_run(control->jobs, work, done, control);
	return true;
}

int control_rebuild_now(struct control *control, struct error *err)
{
	struct build build;
	int rc;

	build_begin(control, &build);
	build.configuration = control->running.now;
	rc = build_run(&build, err);
	if (rc == 0)
		control_publish(control, build.snapshot);
	return rc;
}

void control_rebuild_due(int fd, short what, void *context)
{
	STEP_TIMED(REBUILD);
	struct control *control = context;

	control->rebuild_due = true;
	jobs_next(control->jobs);
}

void control_rebuild_later(struct control *control)
{
	rebuild_after(control, 1000);
}
