// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <commit/commits_private.h>

// Backends that left, and whose last flow has ended, go by themselves and not with the next apply:
// by a commit of the daemon's own that changes nothing that an operator wrote, so that it is no
// version and is not saved.

#define REAP_NS (2 * CLOCK_NS_PER_S)
#define REST    50 // times as long as the last look took

void commits_reap(struct commits *commits)
{
	const struct running *running = commits->running;
	struct commit *commit;

	if (running->now->config == running->now->written || commits->current != NULL ||
		commits_waits_for_confirmation(commits) ||
		clock_monotonic_ns() < commits->reap_next_ns)
		return;
	commit = commits_new(commits, COMMIT_REAP);
	if (commit == NULL)
		return; // in a second
	commit->is_own = true;
	commit->version = running->version;
	commit->applied = running->applied;
	commit->author = running->author;
	commits_begin(commits, commit);
}

void reap_end(struct commits *commits, const struct commit *commit)
{
	uint64_t now_ns = clock_monotonic_ns(), rest_ns = (now_ns - commit->start_ns) * REST;

	commits->reap_next_ns = now_ns + (rest_ns > REAP_NS ? rest_ns : REAP_NS);
}
