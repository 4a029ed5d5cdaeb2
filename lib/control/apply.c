// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/reply_private.h>
#include <control/resolve_private.h>
#include <control/saving_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// The loop's side of a commit: asks for its parts, one after the other, and answers.

// One that a client asked for, while the daemon's own was on its way, has its turn.
static void take_next(struct control *control)
{
	struct commit *next = control->next_commit;
	struct error err;

	control->next_commit = NULL;
	if (next == NULL) {
		control_reload_next(control);
	} else if (next->if_version != 0 && next->if_version != control->running.version) {
		error_set(&err, ESTALE, "version %lu is in force, not %lu",
			control->running.version, next->if_version);
		control_reply_error(control, ESTALE, err.text);
		commit_free(next);
	} else {
		next->version = control->running.version + 1;
		control->commit = next;
	}
	control_poll_now(control);
	jobs_next(control->jobs);
}

static void concluded(void *context)
{
	struct commit *commit = context;
	struct control *control = commit->control;

	control->commit = NULL;
	if (commit->reaps)
		control_reap_end(control, commit);
	else
		control->running.is_saved = commit->is_saved;
	if (commit->wants_saving)
		control_keep(control, commit->wish);
	commit->wish = NULL;
	if (commit->is_file)
		control_reload_done(control, commit);
	if (commit->is_confirmation || commit->takes_back)
		control_trial_end(control);
	if (!commit->is_own) {
		control_reply_commit(control, commit->text, commit->text_size, commit->changes);
		commit->text = NULL;
	}
	commit_free(commit);
	take_next(control);
}

static void fail(struct control *control)
{
	struct commit *commit = control->commit;

	control->apply_failures += !commit->reaps;
	control->commit = NULL;
	if (!commit->is_plan && !commit->reaps)
		control_tell_refusal(control, &commit->author, commit->err.text);
	if (commit->reaps)
		control_reap_end(control, commit);
	else if (commit->is_file)
		control_reload_refused(control, commit);
	else if (commit->is_own)
		log_error("config: what was not confirmed cannot be taken back: %s",
			commit->err.text);
	else
		control_reply_refusal(control, commit);
	if (commit->takes_back)
		control_trial_retry(control);
	commit_free(commit);
	take_next(control);
}

// What the client waits for is decided; the rest is to be told and saved.
static void decide(struct control *control, struct commit *commit)
{
	health_forget_files(control->health);
	if (commit->is_equal && !commit->is_confirmation)
		commit->author =
			control->running.author; // it is not put in force by being asked for again
	control->running.author = commit->author;
	control_tell_commit(control, commit);
	if (!commit->is_equal) {
		control_install(control, commit);
		control->applies++;
		control->apply_start_ns = commit->start_ns;
		if (commit->confirm_s > 0)
			control_trial_begin(control, commit);
	} else {
		commit->now = control->running.now;
		commit->version = control->running.version;
		commit->applied = control->running.applied;
	}
	for (uint32_t i = 0; i < commit->selected_count; i++)
		control_take_drain(control, &commit->set, commit->selected[i]);
	for (uint32_t i = 0; i < commit->leaving_count; i++)
		control_take_leaving(control, &commit->set, commit->leaving[i]);
	if (commit->is_equal && control->running.is_saved) {
		commit->is_saved = true;
		concluded(commit);
	} else {
		commit->step = COMMIT_DECIDED;
		jobs_next(control->jobs);
	}
}

// Those that left are gone from what runs, and all else is as it was.
static void decide_reaping(struct control *control, struct commit *commit)
{
	bool is_saved = control->running.is_saved;

	if (commit->is_equal) {
		concluded(commit);
		return;
	}
	log_info(
		"config: %u backends that were taken out have no connections any more, and are gone",
		control->running.now->config->backend_count - commit->all->backend_count);
	control_install(control, commit);
	control->running.is_saved = is_saved;
	commit->step = COMMIT_DECIDED;
	jobs_next(control->jobs);
}

static void built(void *context)
{
	struct commit *commit = context;

	if (commit->rc != 0)
		fail(commit->control);
	else if (commit->reaps)
		decide_reaping(commit->control, commit);
	else
		decide(commit->control, commit);
}

void control_build_start(struct control *control)
{
	control->commit->step = COMMIT_BUILDING;
	jobs_run(control->jobs, commit_build, built, control->commit);
}

static void forecast(void *context)
{
	struct commit *commit = context;
	struct control *control = commit->control;

	if (commit->rc != 0) {
		fail(control);
		return;
	}
	control->commit = NULL;
	control_reply_plan(control, commit);
	commit_free(commit);
	take_next(control);
}

void control_forecast_start(struct control *control)
{
	control->commit->step = COMMIT_BUILDING;
	jobs_run(control->jobs, commit_forecast, forecast, control->commit);
}

static void prepared(void *context)
{
	struct commit *commit = context;

	if (commit->rc == 0 &&
		(commit->rollback != 0 || commit->is_file)) // another file is looked at as it comes
		commit->rc =
			announce_check_own(commit->control->kernel, commit->config, &commit->err);
	if (commit->rc != 0) {
		fail(commit->control);
	} else if (commit->is_equal && commit->reaps) {
		decide_reaping(commit->control, commit);
	} else if (commit->is_equal && commit->is_plan) {
		forecast(commit);
	} else if (commit->is_equal) {
		decide(commit->control, commit);
	} else {
		commit->step = COMMIT_RESOLVING;
		control_resolve_begin(commit->control, commit);
		control_resolve_step(-1, 0, commit->control);
	}
}

void control_prepare_start(struct control *control)
{
	struct commit *commit = control->commit;

	commit->step = COMMIT_PREPARING;
	if (commit->rc != 0) { // it could not be read
		fail(control);
		return;
	}
	build_begin(control, &commit->build);
	commit->running = control->running.now;
	jobs_run(control->jobs, commit_prepare, prepared, commit);
}

void control_conclude_start(struct control *control)
{
	control->commit->step = COMMIT_CONCLUDING;
	jobs_run(control->jobs, commit_conclude, concluded, control->commit);
}

// One step at a time.
bool control_commit_next(void *context)
{
	struct control *control = context;
	const struct commit *commit = control->commit;

	if (commit == NULL)
		return false;
	if (commit->step == COMMIT_RESOLVING)
		return true; // no other build comes in between
	if (commit->step == COMMIT_DECIDED)
		control_conclude_start(control);
	else if (commit->step == COMMIT_RESOLVED && commit->is_plan)
		control_forecast_start(control);
	else if (commit->step == COMMIT_RESOLVED)
		control_build_start(control);
	else if (commit->step == COMMIT_WANTED && !control_targets_pending(control))
		control_prepare_start(control);
	else
		return false;
	return true;
}

struct commit *control_commit_new(struct control *control)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	if (commit == NULL)
		return NULL;
	commit->control = control;
	commit->author = HISTORY_NOBODY;
	commit->version = control->running.version + 1;
	clock_stamp(&commit->applied);
	commit->start_ns = clock_monotonic_ns();
	commit->backend_registry = &control->running.backend_registry;
	commit->service_registry = &control->running.service_registry;
	commit->descriptors_own = control->descriptors_own;
	commit->flows = control->config.flows;
	commit->worker_count = control->config.worker_count;
	commit->state_folder = control->config.daemon->state;
	return commit;
}

// Two changes do not overtake each other, and none is built on what may be taken back.
static const char *find_obstacle(
	const struct control *control, const struct commit *commit, struct error *err)
{
	if (control->commit != NULL && control->commit->takes_back)
		return "what was not confirmed is being taken back: try again";
	if (control->trial.before == NULL || commit->is_confirmation || commit->takes_back ||
		commit->is_plan)
		return NULL;
	error_set(err, EINPROGRESS,
		"version %lu waits %u s more for its confirmation: 'fulcrumctl confirm' keeps it, "
		"'fulcrumctl confirm --revert' takes it back",
		control->running.version, control_trial_left_s(control));
	return err->text;
}

// Of a confirmation, the client is the one who confirms.
static void identify(const struct control *control, struct commit *commit)
{
	struct history_entry *author = &commit->author;
	uint32_t pid = channel_server_client(control->server);

	if (commit->is_confirmation)
		history_identify(pid, &author->other_uid, &author->other_pid);
	else
		history_identify(pid, &author->uid, &author->pid);
}

void control_commit_start(struct control *control, struct commit *commit)
{
	const char *obstacle;
	struct error err;

	if (commit == NULL) {
		control_reply_error(control, ENOMEM, "out of memory");
		return;
	}
	obstacle = find_obstacle(control, commit, &err);
	if (obstacle != NULL) {
		control_reply_error(control, EINPROGRESS, obstacle);
		commit_free(commit);
		return;
	}
	identify(control, commit);
	commit->version =
		commit->is_confirmation ? control->running.version : control->running.version + 1;
	if (control->commit != NULL)
		control->next_commit = commit;
	else
		control->commit = commit;
	control->reply.step = REPLY_WAIT;
	jobs_next(control->jobs);
}

void control_commit(
	struct control *control, struct config *config, const struct commit_terms *terms)
{
	struct commit *commit = control_commit_new(control);

	if (commit != NULL) {
		commit->config = config;
		commit->if_version = terms->if_version;
		commit->confirm_s = terms->confirm_s;
		commit->is_forced = terms->is_forced;
	} else {
		config_free(config);
	}
	control_commit_start(control, commit);
}

void control_plan(struct control *control, struct config *config)
{
	struct commit *commit = control_commit_new(control);

	if (commit != NULL) {
		commit->config = config;
		commit->is_plan = true;
	} else {
		config_free(config);
	}
	control_commit_start(control, commit);
}

void control_set_backend(struct control *control, const struct message_backend_set *set)
{
	struct commit *commit = control_commit_new(control);

	if (set->name[0] != '\0') {
		struct message_backend_select row = {0};

		memcpy(row.name, set->name, sizeof(row.name));
		selection_add(&control->selection, &row);
	}
	if (commit != NULL) {
		commit->is_backend_set = true;
		commit->author.kind = HISTORY_BACKEND;
		commit->set = *set;
		commit->selection = control->selection;
		control->selection = (struct selection){0};
	}
	selection_free(&control->selection);
	control_commit_start(control, commit);
}

void control_rollback(struct control *control, uint64_t version, const struct commit_terms *terms)
{
	struct commit *commit;

	if (version == 0) {
		control_reply_error(control, EINVAL, "there is no version 0");
		return;
	}
	if (terms->confirm_s > MESSAGE_CONFIRM_MAX_S) {
		control_reply_error(
			control, EINVAL, "a confirmation is waited for no longer than a day");
		return;
	}
	commit = control_commit_new(control);
	if (commit == NULL) {
		control_reply_error(control, ENOMEM, "out of memory");
	} else {
		commit->rollback = version;
		commit->confirm_s = terms->confirm_s;
		commit->is_forced = terms->is_forced;
		commit->author.kind = HISTORY_ROLLBACK;
		commit->author.of = version;
		control_read_commit(control, commit);
	}
}
