// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <commit/commits_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <unistd.h>

// Commit-confirm: a version that is in force at once, and is taken back by the daemon itself unless
// somebody confirms it in time, so that whoever has locked himself out has only to wait. Until then
// the state folder keeps what was before: a restart in between takes it back as well.

#define RETRY_S 1

static void confirm_set_timer(struct commits *commits, uint32_t seconds)
{
	const struct timeval delay = {.tv_sec = seconds};

	event_add(commits->confirm.timer, &delay);
}

void confirm_end(struct commits *commits)
{
	event_del(commits->confirm.timer);
	config_free(commits->confirm.before);
	commits->confirm = (struct commits_confirm){.timer = commits->confirm.timer};
}

void confirm_retry(struct commits *commits)
{
	confirm_set_timer(commits, RETRY_S);
}

bool commits_waits_for_confirmation(const struct commits *commits)
{
	return commits->confirm.before != NULL;
}

uint32_t commits_confirm_left_s(const struct commits *commits)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (commits->confirm.before == NULL)
		return 0;
	if (now_ns + CLOCK_NS_PER_S >= commits->confirm.until_ns)
		return 1;
	return (uint32_t)((commits->confirm.until_ns - now_ns) / CLOCK_NS_PER_S);
}

static struct commit *confirm_new_revert(struct commits *commits)
{
	struct commit *commit = commits_new(commits, COMMIT_REVERT);

	if (commit == NULL)
		return NULL;
	commit->author.kind = HISTORY_TAKEN_BACK;
	commit->author.of = commits->running->version;
	commit->author.other_uid = commits->confirm.author.uid;
	commit->author.other_pid = commits->confirm.author.pid;
	commit->config = config_clone(commits->confirm.before);
	if (commit->config == NULL) {
		commit_free(commit);
		return NULL;
	}
	return commit;
}

static void confirm_over(int fd, short what, void *context)
{
	STEP_TIMED(CONFIRM);
	struct commits *commits = context;
	struct commit *commit = commits->current == NULL ? confirm_new_revert(commits) : NULL;

	if (commit == NULL) { // it is still being saved, or confirmed; or there is no memory
		confirm_retry(commits);
		return;
	}
	log_warning("config: version %lu was not confirmed: version %lu comes back",
		commits->running->version, commits->confirm.version_before);
	commit->is_own = true;
	commit->author.kind = HISTORY_EXPIRED;
	history_identify((uint32_t)getpid(), &commit->author.uid, &commit->author.pid);
	commits_begin(commits, commit);
}

void confirm_begin(struct commits *commits, struct commit *commit)
{
	commits->confirm = (struct commits_confirm){
		.timer = commits->confirm.timer,
		.before = commit->fallback,
		.version_before = commit->version - 1,
		.until_ns = clock_monotonic_ns() + commit->confirm_s * CLOCK_NS_PER_S,
		.author = commit->author,
	};
	commit->fallback = NULL;
	confirm_set_timer(commits, commit->confirm_s);
	log_info("config: version %lu comes back in %u s unless this one is confirmed",
		commits->confirm.version_before, commit->confirm_s);
}

// The configuration that runs is saved at last, as its own commit would have done.
static struct commit *confirm_new(struct commits *commits)
{
	struct commit *commit = commits_new(commits, COMMIT_CONFIRM);

	if (commit == NULL)
		return NULL;
	commit->is_equal = true;
	commit->author = commits->confirm.author;
	return commit;
}

void commits_confirm(struct commits *commits, bool takes_back)
{
	if (!commits_waits_for_confirmation(commits))
		commits->host.refuse(
			commits->host.context, ENOENT, "nothing waits for a confirmation");
	else
		commits_start(
			commits, takes_back ? confirm_new_revert(commits) : confirm_new(commits));
}

int commits_init(struct commits *commits, struct event_base *base)
{
	commits->confirm.timer = evtimer_new(base, confirm_over, commits);
	return commits->confirm.timer != NULL ? 0 : -ENOMEM;
}

void commits_free(struct commits *commits)
{
	if (commits->confirm.timer != NULL)
		event_free(commits->confirm.timer);
	config_free(commits->confirm.before);
	commit_free(commits->current);
	commit_free(commits->next);
	*commits = (struct commits){0};
}
