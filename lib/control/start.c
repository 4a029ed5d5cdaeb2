// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/resolve_private.h>
#include <store/state.h>

#include <errno.h>

// The last committed configuration, or an empty one, so that the workers have a snapshot from the
// start. The flow tables are empty, so a connection from before the last change of its pool is
// found by the table before that change alone: the configuration before is built first, with the
// same health, and replaced.

// Takes 'config' over; 'left' may be NULL. 0, or a negative errno with the sentence.
static int start_begin(struct control *control, struct config *config, const struct config *left,
	const struct state_mark *mark, struct error *err)
{
	struct commit *commit = commits_new(&control->commits, COMMIT_APPLY);
	int rc;

	if (commit == NULL) {
		config_free(config);
		return error_set(err, ENOMEM, "out of memory");
	}
	commit->config = config;
	commit->is_forced = true;
	commit->is_of_start = true;
	commit->left = left;
	commit->version = mark->version;
	commit->applied = mark->applied;
	commit->running = control->running.now;
	build_begin(control, &commit->build);
	commit->build.age_s = clock_since_s(&mark->applied);
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
	control->running.is_saved = true;
	commit_free(commit);
	return rc;
}

// The probes of one configuration are all handed on before the next one takes its place.
static void start_finish_targets(struct control *control)
{
	for (uint32_t i = 0;
		i < control->running.backend_registry.capacity && control_targets_pending(control);
		i++)
		control_targets_step(-1, 0, control);
}

// The configuration before, on top of the one in force, whose names it needs beside its own: the
// two may share indexes in no other way. False: there is none, or it cannot be.
static bool start_step_back(struct control *control, const struct state_mark *loaded)
{
	const char *folder = control->config.daemon->state;
	struct state_mark mark;
	struct config *before = state_load_before(folder, loaded, &mark);
	struct error err;

	if (before == NULL)
		return false;
	if (start_begin(control, before, NULL, &mark, &err) != 0) {
		log_warning("state: connections from before version %lu may break: %s",
			loaded->version, err.text);
		return false;
	}
	start_finish_targets(control);
	return true;
}

static int start_step_forth(struct control *control, const struct config *now,
	const struct config *left, const struct state_mark *mark, struct error *err)
{
	struct config *config = config_clone(now);
	int rc;

	if (config == NULL)
		return error_set(err, ENOMEM, "out of memory");
	rc = start_begin(control, config, left, mark, err);
	start_finish_targets(control);
	return rc;
}

// 'now' is still the caller's.
static int start_begin_with(struct control *control, const struct config *now,
	const struct state_mark *mark, struct error *err)
{
	int rc = start_step_forth(control, now, NULL, mark, err);
	bool is_back = rc == 0 && start_step_back(control, mark);

	if (rc == 0 && control_recall_health(control) != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	if (rc == 0)
		rc = control_rebuild_now(control, err);
	if (rc != 0 || !is_back)
		return rc;
	rc = start_step_forth(control, now, NULL, mark, err);
	if (rc == 0 && control_recall_lines(control))
		rc = control_rebuild_now(control, err);
	return rc;
}

// Backends that left before the last change, with flows of which the last daemon tells, leave
// again.
static int start_take_left(struct control *control, const struct config *now,
	const struct state_mark *mark, struct error *err)
{
	struct config *left = state_take_left(control->config.daemon->state);
	int rc = 0;

	if (left != NULL)
		rc = start_step_forth(control, now, left, mark, err);
	config_free(left);
	return rc;
}

int control_start(struct control *control, struct error *err)
{
	struct state_mark mark;
	struct config *config = state_load(control->config.daemon->state, &mark);
	int rc;

	if (config == NULL)
		config = config_new();
	if (config == NULL)
		return error_set(err, ENOMEM, "out of memory");
	rc = start_begin_with(control, config, &mark, err);
	if (rc == 0)
		rc = start_take_left(control, config, &mark, err);
	config_free(config);
	return rc;
}
