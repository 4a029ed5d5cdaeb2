// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <events/events.h>

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
	bool is_kept = commit->resaves && commit->is_saved;
	struct events_entry entry =
		events_about(EVENTS_APPLY, is_kept ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "",
			is_kept ? "kept" : "not kept", "config");

	control->resave_next_ns = clock_monotonic_ns() + RETRY_NS;
	entry.version = control->version;
	if (is_kept)
		events_tell(control->events, &entry, "apply: version %lu is kept at last",
			entry.version);
	else if (!commit->reaps && !commit->resaves && control_is_unkept(control))
		events_tell(control->events, &entry,
			"apply: version %lu is in force and not kept: a restart would undo it",
			entry.version);
}
