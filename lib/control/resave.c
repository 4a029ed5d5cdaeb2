// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>

// A configuration that is in force and could not be kept (the disk is full, the folder read-only) is saved again and again
// until it is: nobody has to apply it anew.

#define RETRY_NS (5 * CLOCK_NS_PER_S)

bool control_is_unkept(const struct control *control)
{
	return control->config.daemon->state[0] != '\0' && !control->is_saved &&
	       control->trial.before == NULL && control->version > 0;
}

void control_resave(struct control *control)
{
	struct commit *commit;

	if (!control_is_unkept(control) || control->commit != NULL ||
		clock_monotonic_ns() < control->resave_next_ns)
		return;
	commit = control_commit_new(control);
	if (commit == NULL)
		return; // in a second
	commit->resaves = true;
	commit->is_own = true;
	commit->is_equal = true;
	commit->now = control->running;
	commit->version = control->version;
	commit->applied = control->applied;
	commit->author = control->author;
	commit->step = COMMIT_DECIDED;
	control->commit = commit;
	control_work(control);
}

void control_resave_done(struct control *control, const struct commit *commit)
{
	control->resave_next_ns = clock_monotonic_ns() + RETRY_NS;
	if (commit->resaves && commit->is_saved)
		log_info("state: version %lu is kept at last", commit->version);
}
