// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <commit/commits_private.h>

#include <errno.h>
#include <stdlib.h>

// The steps of a commit: where each is done, and what comes after it.

typedef enum commit_step commits_next_fn(struct commits *commits, struct commit *commit);

static enum commit_step commits_after_wanted(struct commits *commits, struct commit *commit)
{
	if (commit->rc != 0) // it could not be read
		return COMMIT_REFUSED;
	commits->host.begin_build(commits->host.context, &commit->build);
	commit->running = commits->running->now;
	return commit->kind == COMMIT_CONFIRM ? COMMIT_INSTALL : COMMIT_PREPARE;
}

static enum commit_step commits_after_prepare(struct commits *commits, struct commit *commit)
{
	bool was_read = commit->kind == COMMIT_ROLLBACK || commit->kind == COMMIT_FILE;

	if (commit->rc == 0 && was_read) // a client's is looked at as it comes
		commit->rc =
			commits->host.check(commits->host.context, commit->config, &commit->err);
	if (commit->rc != 0)
		return COMMIT_REFUSED;
	if (!commit->is_equal)
		return COMMIT_RESOLVE;
	return commit->kind == COMMIT_PLAN ? COMMIT_DONE : COMMIT_INSTALL;
}

static enum commit_step commits_after_resolve(struct commits *commits, struct commit *commit)
{
	return commit->kind == COMMIT_PLAN ? COMMIT_FORECAST : COMMIT_BUILD;
}

static enum commit_step commits_after_forecast(struct commits *commits, struct commit *commit)
{
	return commit->rc == 0 ? COMMIT_DONE : COMMIT_REFUSED;
}

static enum commit_step commits_after_build(struct commits *commits, struct commit *commit)
{
	return commit->rc == 0 ? COMMIT_INSTALL : COMMIT_REFUSED;
}

static void commits_install(struct commits *commits, struct commit *commit)
{
	if (commit->is_equal && commit->kind != COMMIT_CONFIRM)
		commit->author =
			commits->running->author; // asked for again is not put in force again
	commits->running->author = commit->author;
	commit_tell(commits, commit);
	if (commit->is_equal) {
		commit->now = commits->running->now;
		commit->version = commits->running->version;
		commit->applied = commits->running->applied;
	}
	commits->host.install(commits->host.context, commit);
	if (commit->is_equal)
		return;
	commits->applied++;
	commits->grace_from_ns = commit->start_ns;
	if (commit->confirm_s > 0)
		confirm_begin(commits, commit);
}

// Those that left are gone from what runs, and all else is as it was.
static void commits_install_reaping(struct commits *commits, struct commit *commit)
{
	bool is_saved = commits->running->is_saved;

	log_info(
		"config: %u backends that were taken out have no connections any more, and are gone",
		commits->running->now->config->backend_count - commit->all->backend_count);
	commits->host.install(commits->host.context, commit);
	commits->running->is_saved = is_saved;
}

// What the client waits for is decided; the rest is to be told and saved.
static enum commit_step commits_after_install(struct commits *commits, struct commit *commit)
{
	if (commit->kind == COMMIT_REAP) {
		if (commit->is_equal)
			return COMMIT_DONE;
		commits_install_reaping(commits, commit);
		return COMMIT_CONCLUDE;
	}
	commits_install(commits, commit);
	if (!commit->is_equal || !commits->running->is_saved)
		return COMMIT_CONCLUDE;
	commit->is_saved = true;
	return COMMIT_DONE;
}

static enum commit_step commits_after_conclude(struct commits *commits, struct commit *commit)
{
	return COMMIT_DONE;
}

static const struct {
	commits_next_fn *next; // on the loop, when the step's own work is done; NULL: it is over
	job_fn *work; // of a job; NULL: there is none
	bool waits; // for others: nobody else builds meanwhile, and commits_resolved() goes on
} steps[COMMIT_STEPS] = {
	[COMMIT_WANTED] = {commits_after_wanted},
	[COMMIT_PREPARE] = {commits_after_prepare, .work = commit_prepare},
	[COMMIT_RESOLVE] = {commits_after_resolve, .waits = true},
	[COMMIT_FORECAST] = {commits_after_forecast, .work = commit_forecast},
	[COMMIT_BUILD] = {commits_after_build, .work = commit_build},
	[COMMIT_INSTALL] = {commits_after_install},
	[COMMIT_CONCLUDE] = {commits_after_conclude, .work = commit_conclude},
};

// --- When it is over ---

static void commits_done(struct commits *commits, struct commit *commit)
{
	if (commit->kind != COMMIT_REAP && commit->kind != COMMIT_PLAN)
		commits->running->is_saved = commit->is_saved;
	if (commit->kind == COMMIT_CONFIRM || commit->kind == COMMIT_REVERT)
		confirm_end(commits);
}

static void commits_refused(struct commits *commits, struct commit *commit)
{
	commits->failed += commit->kind != COMMIT_REAP;
	if (commit->kind != COMMIT_PLAN && commit->kind != COMMIT_REAP)
		commit_tell_refusal(commits, &commit->author, commit->err.text);
	if (commit->kind != COMMIT_REVERT)
		return;
	if (commit->is_own)
		log_error("config: what was not confirmed cannot be taken back: %s",
			commit->err.text);
	confirm_retry(commits);
}

// One that a client asked for, while the daemon's own was on its way, has its turn.
static void commits_take_next(struct commits *commits)
{
	struct commit *next = commits->next;
	struct error err;

	commits->next = NULL;
	if (next == NULL) {
		commits_reload_next(commits);
	} else if (next->if_version != 0 && next->if_version != commits->running->version) {
		error_set(&err, ESTALE, "version %lu is in force, not %lu",
			commits->running->version, next->if_version);
		commits->host.refuse(commits->host.context, ESTALE, err.text);
		commit_free(next);
	} else {
		next->version = commits->running->version + 1;
		commits->current = next;
	}
	jobs_next(commits->jobs);
}

static void commits_end(struct commits *commits, struct commit *commit)
{
	commits->current = NULL;
	if (commit->step == COMMIT_DONE)
		commits_done(commits, commit);
	else
		commits_refused(commits, commit);
	if (commit->kind == COMMIT_REAP)
		reap_end(commits, commit);
	else if (commit->kind == COMMIT_FILE)
		reload_end(commits, commit);
	commits->host.end(commits->host.context, commit);
	commit_free(commit);
	commits_take_next(commits);
}

// --- From step to step ---

// The work of its step is done.
static void commits_advance(struct commits *commits, struct commit *commit)
{
	do {
		commit->step = steps[commit->step].next(commits, commit);
	} while (steps[commit->step].next != NULL && steps[commit->step].work == NULL &&
		 !steps[commit->step].waits);
	if (steps[commit->step].next == NULL)
		commits_end(commits, commit);
	else if (steps[commit->step].waits)
		commits->host.resolve(commits->host.context, commit);
	else
		jobs_next(commits->jobs);
}

static void commits_job_done(void *context)
{
	struct commit *commit = context;

	commits_advance(commit->commits, commit);
}

bool commits_job(void *context)
{
	struct commits *commits = context;
	struct commit *commit = commits->current;

	if (commit == NULL)
		return false;
	if (steps[commit->step].work != NULL) {
		jobs_run(commits->jobs, steps[commit->step].work, commits_job_done, commit);
	} else if (commit->step == COMMIT_WANTED) {
		if (!commits->host.is_ready(commits->host.context))
			return false;
		commits_advance(commits, commit);
	} // else the loop is at it
	return true;
}

void commits_resolved(struct commits *commits)
{
	commits_advance(commits, commits->current);
}

void commits_begin(struct commits *commits, struct commit *commit)
{
	commits->current = commit;
	jobs_next(commits->jobs);
}

// --- What a client wants ---

struct commit *commits_new(struct commits *commits, enum commit_kind kind)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	if (commit == NULL)
		return NULL;
	commit->commits = commits;
	commit->kind = kind;
	commit->author = HISTORY_NOBODY;
	commit->version = commits->running->version + 1;
	clock_stamp(&commit->applied);
	commit->start_ns = clock_monotonic_ns();
	commit->backend_registry = &commits->running->backend_registry;
	commit->service_registry = &commits->running->service_registry;
	commit->descriptors_own = commits->descriptors_own;
	commit->flows = commits->flows;
	commit->worker_count = commits->worker_count;
	commit->state_folder = commits->state_folder;
	return commit;
}

// Two changes do not overtake each other, and none is built on what may be taken back.
static const char *commits_find_obstacle(
	const struct commits *commits, const struct commit *commit, struct error *err)
{
	if (commits->current != NULL && commits->current->kind == COMMIT_REVERT)
		return "what was not confirmed is being taken back: try again";
	if (!commits_waits_for_confirmation(commits) || commit->kind == COMMIT_CONFIRM ||
		commit->kind == COMMIT_REVERT || commit->kind == COMMIT_PLAN)
		return NULL;
	error_set(err, EINPROGRESS,
		"version %lu waits %u s more for its confirmation: 'fulcrumctl confirm' keeps it, "
		"'fulcrumctl confirm --revert' takes it back",
		commits->running->version, commits_confirm_left_s(commits));
	return err->text;
}

void commits_start(struct commits *commits, struct commit *commit)
{
	const struct commits_host *host = &commits->host;
	struct history_entry *author;
	const char *obstacle;
	struct error err;
	uint32_t pid;

	if (commit == NULL) {
		host->refuse(host->context, ENOMEM, "out of memory");
		return;
	}
	obstacle = commits_find_obstacle(commits, commit, &err);
	if (obstacle != NULL) {
		host->refuse(host->context, EINPROGRESS, obstacle);
		commit_free(commit);
		return;
	}
	author = &commit->author;
	pid = host->admit(host->context);
	if (commit->kind == COMMIT_CONFIRM) // the client is the one who confirms
		history_identify(pid, &author->other_uid, &author->other_pid);
	else
		history_identify(pid, &author->uid, &author->pid);
	commit->version = commits->running->version + (commit->kind != COMMIT_CONFIRM);
	if (commits->current != NULL)
		commits->next = commit;
	else
		commits_begin(commits, commit);
}

void commits_roll_back(
	struct commits *commits, uint64_t version, uint32_t confirm_s, bool is_forced)
{
	const struct commits_host *host = &commits->host;
	struct commit *commit;

	if (version == 0) {
		host->refuse(host->context, EINVAL, "there is no version 0");
		return;
	}
	if (confirm_s > MESSAGE_CONFIRM_MAX_S) {
		host->refuse(
			host->context, EINVAL, "a confirmation is waited for no longer than a day");
		return;
	}
	commit = commits_new(commits, COMMIT_ROLLBACK);
	if (commit == NULL) {
		host->refuse(host->context, ENOMEM, "out of memory");
		return;
	}
	commit->rollback = version;
	commit->confirm_s = confirm_s;
	commit->is_forced = is_forced;
	commit->author.kind = HISTORY_ROLLBACK;
	commit->author.of = version;
	host->read(host->context, commit);
}

void commits_count_refusal(
	struct commits *commits, const struct history_entry *author, const char *reason)
{
	commits->failed++;
	if (author != NULL)
		commit_tell_refusal(commits, author, reason);
}
