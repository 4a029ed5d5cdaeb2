// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/control_private.h>

#include <errno.h>
#include <stdlib.h>

// The loop's side of a commit: asks for its parts, one after the other, and answers.

static void concluded(void *context)
{
	struct commit *commit = context;
	struct control *control = commit->control;

	control->commit = NULL;
	control->is_saved = commit->is_saved;
	control_reply_commit(control, commit->text, commit->text_size, commit->changes);
	commit->text = NULL;
	commit_free(commit);
	control_poll_now(control);
	control_work(control);
}

static void fail(struct control *control)
{
	struct commit *commit = control->commit;

	control->commit = NULL;
	control_reply_error(control, -commit->rc, commit->err.text);
	commit_free(commit);
	control_poll_now(control);
	control_work(control);
}

// What the client waits for is decided; the rest is to be told and saved.
static void decide(struct control *control, struct commit *commit)
{
	if (!commit->is_equal) {
		control_install(control, commit);
		control->apply_start_ns = commit->start_ns;
	} else {
		commit->now = control->running;
		commit->version = control->version;
		commit->applied_s = control->applied_s;
	}
	if (commit->is_backend_set)
		control_take_drain(control, &commit->set);
	if (commit->is_equal && control->is_saved) {
		commit->is_saved = true;
		concluded(commit);
	} else {
		commit->step = COMMIT_DECIDED;
		control_work(control);
	}
}

static void built(void *context)
{
	struct commit *commit = context;

	if (commit->rc != 0)
		fail(commit->control);
	else
		decide(commit->control, commit);
}

void control_build_start(struct control *control)
{
	control->commit->step = COMMIT_BUILDING;
	job_start(control->job, commit_build, built, control->commit);
}

static void prepared(void *context)
{
	struct commit *commit = context;

	if (commit->rc != 0) {
		fail(commit->control);
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
	build_begin(control, &commit->build);
	commit->running = control->running;
	job_start(control->job, commit_prepare, prepared, commit);
}

void control_conclude_start(struct control *control)
{
	control->commit->step = COMMIT_CONCLUDING;
	job_start(control->job, commit_conclude, concluded, control->commit);
}

static struct commit *commit_new(struct control *control)
{
	struct commit *commit = calloc(1, sizeof(*commit));

	if (commit == NULL)
		return NULL;
	commit->control = control;
	commit->version = control->version + 1;
	commit->applied_s = clock_wall_s();
	commit->start_ns = clock_monotonic_ns();
	commit->backend_registry = &control->backends;
	commit->service_registry = &control->services;
	commit->flows = control->config.flows;
	commit->worker_count = control->config.worker_count;
	commit->state_folder = control->config.daemon->state;
	return commit;
}

static void request(struct control *control, struct commit *commit)
{
	if (commit == NULL) {
		control_reply_error(control, ENOMEM, "out of memory");
		return;
	}
	history_identify(&commit->who, channel_server_client(control->server));
	control->commit = commit;
	control->reply.step = REPLY_WAIT;
	control_work(control);
}

void control_commit(struct control *control, struct config *config)
{
	struct commit *commit = commit_new(control);

	if (commit != NULL)
		commit->config = config;
	else
		config_free(config);
	request(control, commit);
}

void control_set_backend(struct control *control, const struct message_backend_set *set)
{
	struct commit *commit = commit_new(control);

	if (commit != NULL) {
		commit->is_backend_set = true;
		commit->set = *set;
	}
	request(control, commit);
}

void control_rollback(struct control *control, uint64_t version)
{
	struct commit *commit;

	if (version == 0) {
		control_reply_error(control, EINVAL, "there is no version 0");
		return;
	}
	commit = commit_new(control);
	if (commit != NULL)
		commit->rollback = version;
	request(control, commit);
}

int control_begin(struct control *control, struct config *config, const struct state_mark *mark,
	struct error *err)
{
	struct commit *commit = commit_new(control);
	uint64_t now_s = clock_wall_s();
	int rc;

	if (commit == NULL) {
		config_free(config);
		return error_set(err, ENOMEM, "out of memory");
	}
	commit->config = config;
	commit->version = mark->version;
	commit->applied_s = mark->applied_s;
	commit->running = control->running;
	build_begin(control, &commit->build);
	if (now_s > mark->applied_s)
		commit->build.age_s = now_s - mark->applied_s;
	commit_prepare(commit);
	if (commit->rc == 0 && !commit->is_equal) {
		control_resolve_begin(control, commit);
		while (control_resolve_commit(control, commit))
			;
		commit_build(commit);
	}
	rc = commit->rc;
	if (rc == 0 && !commit->is_equal)
		control_install(control, commit);
	else if (rc != 0)
		*err = commit->err;
	control->is_saved = true;
	commit_free(commit);
	return rc;
}
