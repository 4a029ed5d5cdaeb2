// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/apply_private.h>
#include <control/control_private.h>

// Backends that left, and whose last flow has ended, go by themselves and not with the next apply: by a commit of the
// daemon's own that changes nothing that an operator wrote, so that it is no version and is not saved.

#define REAP_NS (2 * CLOCK_NS_PER_S)
#define REST    50 // times as long as the last look took

void control_reap(struct control *control)
{
	struct commit *commit;

	if (control->running.now->config == control->running.now->written ||
		control->commit != NULL || control->trial.before != NULL ||
		clock_monotonic_ns() < control->reap_next_ns)
		return;
	commit = control_commit_new(control);
	if (commit == NULL)
		return; // in a second
	commit->reaps = true;
	commit->is_own = true;
	commit->version = control->running.version;
	commit->applied = control->running.applied;
	commit->author = control->running.author;
	control->commit = commit;
	jobs_next(control->jobs);
}

void control_reap_end(struct control *control, const struct commit *commit)
{
	uint64_t now_ns = clock_monotonic_ns(), rest_ns = (now_ns - commit->start_ns) * REST;

	control->reap_next_ns = now_ns + (rest_ns > REAP_NS ? rest_ns : REAP_NS);
}
