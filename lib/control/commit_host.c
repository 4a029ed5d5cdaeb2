// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/reply_private.h>
#include <control/resolve_private.h>
#include <control/saving_private.h>

#include <stdlib.h>

// What the commits ask of the loop (commits.h).

static bool host_is_ready(void *context)
{
	return !control_targets_pending(context);
}

static void host_begin_build(void *context, struct build *out)
{
	build_begin(context, out);
}

static int host_check(void *context, const struct config *config, struct error *err)
{
	struct control *control = context;

	return announce_check_own(control->kernel, config, err);
}

static void host_resolve(void *context, struct commit *commit)
{
	control_resolve_begin(context, commit);
	control_resolve_step(-1, 0, context);
}

static void host_install(void *context, struct commit *commit)
{
	struct control *control = context;

	if (commit->kind != COMMIT_REAP)
		health_forget_files(control->health);
	if (!commit->is_equal)
		control_install(control, commit);
	for (uint32_t i = 0; i < commit->selected_count; i++)
		control_take_drain(control, &commit->set, commit->selected[i]);
	for (uint32_t i = 0; i < commit->leaving_count; i++)
		control_take_leaving(control, &commit->set, commit->leaving[i]);
}

static void host_answer(struct control *control, struct commit *commit)
{
	if (commit->step == COMMIT_REFUSED) {
		control_reply_refusal(control, commit);
	} else if (commit->kind == COMMIT_PLAN) {
		control_reply_plan(control, commit);
	} else {
		control_reply_commit(control, commit->text, commit->text_size, commit->changes);
		commit->text = NULL;
	}
}

static void host_end(void *context, struct commit *commit)
{
	struct control *control = context;

	if (commit->wants_saving)
		control_keep(control, commit->save);
	commit->save = NULL;
	if (!commit->is_own)
		host_answer(control, commit);
	control_poll_now(control);
}

static void host_refuse(void *context, int code, const char *sentence)
{
	control_reply_error(context, code, sentence);
	control_poll_now(context);
}

static uint32_t host_admit(void *context)
{
	struct control *control = context;

	control->reply.step = REPLY_WAIT;
	return channel_server_client(control->server);
}

static void host_read(void *context, struct commit *commit)
{
	control_read_commit(context, commit);
}

static bool host_is_reading(void *context)
{
	return control_reading_is_busy(context);
}

int control_commits_init(struct control *control)
{
	control->commits = (struct commits){
		.host = {control, host_is_ready, host_begin_build, host_check, host_resolve,
			host_install, host_end, host_refuse, host_admit, host_read,
			host_is_reading},
		.running = &control->running,
		.jobs = control->jobs,
		.flows = control->config.flows,
		.worker_count = control->config.worker_count,
		.state_folder = control->config.daemon->state,
		.pools_path = control->config.daemon->pools,
	};
	return commits_init(&control->commits, control->base);
}

// --- Clients' changes ---

void control_set_backend(struct control *control, const struct message_backend_set *set)
{
	struct commit *commit = commits_new(&control->commits, COMMIT_BACKENDS);

	if (set->name[0] != '\0') {
		struct message_backend_select row = {0};

		memcpy(row.name, set->name, sizeof(row.name));
		selection_add(&control->selection, &row);
	}
	if (commit != NULL) {
		commit->author.kind = HISTORY_BACKEND;
		commit->set = *set;
		commit->selection = control->selection;
		control->selection = (struct selection){0};
	}
	selection_free(&control->selection);
	commits_start(&control->commits, commit);
}
