// SPDX-License-Identifier: BSD-3-Clause
#include <control/control_private.h>
#include <control/reply_private.h>
#include <control/saving_private.h>
#include <forecast/explain_rows.h>
#include <running/digest.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// How the answer to a question begins; reply.c sends it.

static int write_digests(const struct control *control, FILE *file)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	char config[DIGEST_TEXT_SIZE], tables[DIGEST_TEXT_SIZE], remembered[DIGEST_TEXT_SIZE];
	int rc = digest_config(control->running.now->written, config);

	if (rc == 0)
		rc = digest_tables(control->running.now, snapshot, tables);
	if (rc == 0)
		rc = digest_remembered(control->running.now, snapshot, remembered);
	if (rc == 0)
		fprintf(file, "config %s\ntables %s\nremembered %s\n", config, tables, remembered);
	return rc;
}

static void write_text(struct control *control)
{
	struct reply *reply = &control->reply;
	FILE *file = open_memstream(&reply->text, &reply->text_size);
	int rc;

	if (file == NULL)
		return;
	if (reply->what == MESSAGE_SHOW_DIGEST)
		rc = write_digests(control, file);
	else if (reply->what == MESSAGE_SHOW_SECRETS)
		rc = config_write(control->running.now->written, file);
	else
		rc = config_write_redacted(control->running.now->written, file);
	if (fclose(file) != 0 || rc != 0) {
		free(reply->text);
		reply->text = NULL;
	}
}

// A job's: a large configuration takes its time.
static void gather(void *context)
{
	struct control *control = context;

	if (control->reply.what == MESSAGE_SHOW_MEMORY)
		control_measure_memory(control);
	else
		write_text(control);
}

static void gathered(void *context)
{
	struct control *control = context;

	if (control->reply.memory != NULL)
		control->reply.step = REPLY_ROWS;
	else if (control->reply.text != NULL)
		control->reply.step = REPLY_TEXT;
	else
		control_reply_error(control, ENOMEM, "out of memory");
	control_poll_now(control);
	jobs_next(control->jobs);
}

bool control_show_start(void *context)
{
	struct control *control = context;

	if (!control->reply.wants_job)
		return false;
	control->reply.wants_job = false;
	jobs_run(control->jobs, gather, gathered, control);
	return true;
}

// Whoever asks how many flows there are is told of those that there are when he asks.
static void show_after_count(struct control *control)
{
	control->reply.step = REPLY_COUNTS;
	control->reply.count_round = flow_counts_ask(&control->stats.flow_counts);
}

static bool show_backends(struct control *control)
{
	struct reply *reply = &control->reply;

	show_after_count(control);
	reply->shares = calloc(control->running.backend_registry.capacity, sizeof(*reply->shares));
	return reply->shares != NULL;
}

// Whoever may read the state folder may know what stands there.
static bool show_may_tell_secrets(const struct control *control)
{
	uint32_t uid = HISTORY_UID_UNKNOWN, pid;

	history_identify(channel_server_client(control->server), &uid, &pid);
	return uid == 0 || uid == geteuid();
}

void control_show(struct control *control, enum message_show_what what)
{
	if (what == MESSAGE_SHOW_SECRETS && !show_may_tell_secrets(control)) {
		control_reply_error(control, EPERM, "secrets are told to root alone");
		return;
	}
	control_reply_forget(control);
	control->reply.what = what;
	control->reply.step = REPLY_ROWS;
	if (what == MESSAGE_SHOW_CONFIG || what == MESSAGE_SHOW_SECRETS ||
		what == MESSAGE_SHOW_DIGEST || what == MESSAGE_SHOW_MEMORY) {
		control->reply.text_is_lines = what == MESSAGE_SHOW_DIGEST;
		control->reply.step = REPLY_WAIT;
		control->reply.wants_job = true;
		jobs_next(control->jobs);
	} else if (what == MESSAGE_SHOW_HISTORY) {
		control_read_history(control);
	} else if (what == MESSAGE_SHOW_WORKERS) {
		show_after_count(control);
	} else if (what == MESSAGE_SHOW_BACKENDS && !show_backends(control)) {
		control_reply_error(control, ENOMEM, "out of memory");
	}
}

void control_show_flows(struct control *control, const struct message_flows *request)
{
	struct error err;
	int rc;

	control_reply_forget(control);
	rc = flows_begin(&control->reply.listing, request, control->running.now, &err);
	if (rc != 0)
		control_reply_error(control, -rc, err.text);
	else
		control->reply.step = REPLY_FLOWS;
}

void control_show_events(struct control *control, const struct message_events *request)
{
	bool is_other = request->started_s != 0 && request->started_s != control->counts.started_s;

	control_reply_forget(control);
	control->reply.event = is_other ? 0 : request->after;
	control->reply.step = REPLY_EVENTS;
}

void control_explain(struct control *control, const struct message_explain *request)
{
	struct error err;
	int rc = explain_rows_check(request, &err);

	if (rc != 0) {
		control_reply_error(control, -rc, err.text);
		return;
	}
	control_reply_forget(control);
	control->reply.packet = *request;
	control->reply.step = REPLY_EXPLAIN;
}
