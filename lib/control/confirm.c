// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/reply_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <unistd.h>

// An apply on trial: in force at once, and taken back by the daemon itself unless somebody confirms it in time, so that
// whoever has locked himself out has only to wait. Until then the state folder keeps what was before: a restart
// in between takes it back as well.

#define RETRY_S 1

static void set_timer(struct control *control, uint32_t seconds)
{
	const struct timeval delay = {.tv_sec = seconds};

	event_add(control->trial_timer, &delay);
}

void control_trial_end(struct control *control)
{
	event_del(control->trial_timer);
	config_free(control->trial.before);
	control->trial = (struct trial){0};
}

void control_trial_retry(struct control *control)
{
	set_timer(control, RETRY_S);
}

uint32_t control_trial_left_s(const struct control *control)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (control->trial.before == NULL)
		return 0;
	if (now_ns + CLOCK_NS_PER_S >= control->trial.until_ns)
		return 1;
	return (uint32_t)((control->trial.until_ns - now_ns) / CLOCK_NS_PER_S);
}

static struct commit *new_reversal(struct control *control)
{
	struct commit *commit = control_commit_new(control);

	if (commit == NULL)
		return NULL;
	commit->takes_back = true;
	commit->author.kind = HISTORY_TAKEN_BACK;
	commit->author.of = control->running.version;
	commit->author.other_uid = control->trial.author.uid;
	commit->author.other_pid = control->trial.author.pid;
	commit->config = config_clone(control->trial.before);
	if (commit->config == NULL) {
		commit_free(commit);
		return NULL;
	}
	return commit;
}

void control_trial_over(int fd, short what, void *context)
{
	STEP_TIMED(TRIAL);
	struct control *control = context;
	struct commit *commit = control->commit == NULL ? new_reversal(control) : NULL;

	if (commit == NULL) { // it is still being saved, or confirmed; or there is no memory
		control_trial_retry(control);
		return;
	}
	log_warning("config: version %lu was not confirmed: version %lu comes back",
		control->running.version, control->trial.version_before);
	commit->is_own = true;
	commit->author.kind = HISTORY_EXPIRED;
	history_identify((uint32_t)getpid(), &commit->author.uid, &commit->author.pid);
	control->commit = commit;
	jobs_next(control->jobs);
}

void control_trial_begin(struct control *control, struct commit *commit)
{
	control->trial = (struct trial){
		.before = commit->fallback,
		.version_before = commit->version - 1,
		.until_ns = clock_monotonic_ns() + commit->confirm_s * CLOCK_NS_PER_S,
		.author = commit->author,
	};
	commit->fallback = NULL;
	set_timer(control, commit->confirm_s);
	log_info("config: version %lu comes back in %u s unless this one is confirmed",
		control->trial.version_before, commit->confirm_s);
}

// The configuration that runs is saved at last, as its own commit would have done.
static struct commit *new_confirmation(struct control *control)
{
	struct commit *commit = control_commit_new(control);

	if (commit == NULL)
		return NULL;
	commit->is_confirmation = true;
	commit->is_equal = true;
	commit->now = control->running.now;
	commit->version = control->running.version;
	commit->applied = control->running.applied;
	commit->author = control->trial.author;
	commit->step = COMMIT_DECIDED;
	return commit;
}

void control_confirm(struct control *control, bool takes_back)
{
	if (control->trial.before == NULL)
		control_reply_error(control, ENOENT, "nothing waits for a confirmation");
	else
		control_commit_start(
			control, takes_back ? new_reversal(control) : new_confirmation(control));
}
