// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/control_private.h>
#include <control/reply_private.h>
#include <control/saving_private.h>
#include <forecast/explain_rows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_NS (5 * CLOCK_NS_PER_S)

// Sends control->message, or keeps it until there is room. False: it is kept.
static bool send_message(struct control *control)
{
	int rc = channel_server_reply(control->server, &control->message);

	control->reply.held = rc == -EAGAIN;
	control->reply.is_lost = rc == -ECONNRESET;
	return !control->reply.held;
}

static void fill(struct control *control, enum message_type type, const void *body, uint32_t size)
{
	control->message.type = (uint16_t)type;
	control->message.zero = 0;
	control->message.size = size;
	memcpy(control->message.body, body, size);
}

void control_reply_error(struct control *control, int code, const char *text)
{
	struct message_error body = {.code = code};

	control_reply_forget(control);
	snprintf(body.text, sizeof(body.text), "%s", text);
	fill(control, MESSAGE_ERROR, &body, sizeof(body));
	send_message(control);
}

void control_reply_done(struct control *control, uint64_t changes)
{
	struct message_done body = {.version = control->running.version,
		.changes = changes,
		.is_unkept = control_is_unkept(control)};

	control_reply_forget(control);
	fill(control, MESSAGE_DONE, &body, sizeof(body));
	send_message(control);
}

void control_reply_forget(struct control *control)
{
	struct reply *reply = &control->reply;

	free(reply->shares);
	free(reply->memory);
	free(reply->history);
	free(reply->text);
	free(reply->loss);
	free(reply->plan);
	*reply = (struct reply){.pool = UINT32_MAX};
}

void control_reply_commit(struct control *control, char *text, size_t size, uint64_t changes)
{
	control_reply_forget(control);
	control->reply.step = REPLY_TEXT;
	control->reply.text = text;
	control->reply.text_size = size;
	control->reply.text_is_lines = true;
	control->reply.waits_for_grace = true;
	control->reply.grace_until_ns = clock_monotonic_ns() + GRACE_NS;
	control->reply.keep_until_ns = clock_monotonic_ns() + control_patience_ns(control);
	control->reply.changes = changes;
}

void control_reply_plan(struct control *control, struct commit *commit)
{
	struct reply *reply = &control->reply;

	control_reply_forget(control);
	reply->step = REPLY_TEXT;
	reply->text = commit->text;
	reply->text_size = commit->text_size;
	reply->text_is_lines = true;
	reply->plan = commit->rows;
	reply->plan_count = commit->row_count;
	reply->changes = commit->changes;
	reply->loss = commit->loss;
	reply->loss_size = commit->loss_size;
	commit->text = NULL;
	commit->rows = NULL;
	commit->loss = NULL;
}

void control_reply_refusal(struct control *control, struct commit *commit)
{
	struct reply *reply = &control->reply;

	control_reply_forget(control);
	reply->step = REPLY_LOSS;
	reply->loss = commit->loss;
	reply->loss_size = commit->loss_size;
	reply->refusal_code = -commit->rc;
	reply->refusal = commit->err;
	commit->loss = NULL;
}

static void step_flows(struct control *control)
{
	const struct flows_source source = {
		.tables = control->config.flows,
		.table_count = control->config.worker_count,
		.snapshot = control->config.publisher->current,
		.configuration = control->running.now,
		.now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S),
	};
	struct message_row_flow row;

	switch (flows_next(&control->reply.listing, &source, &row)) {
	case FLOWS_ROW:
		fill(control, MESSAGE_ROW_FLOW, &row, sizeof(row));
		send_message(control);
		break;
	case FLOWS_MORE:
		break;
	case FLOWS_END:
		control->reply.step = REPLY_END;
		control->reply.changes = control->reply.listing.matched;
		break;
	}
}

static void step_events(struct control *control)
{
	struct message_row_event row;

	if (!control_event_row(control, &row)) {
		control->reply.step = REPLY_END;
		control->reply.changes = control->reply.event;
		return;
	}
	control->reply.event = row.sequence;
	fill(control, MESSAGE_ROW_EVENT, &row, sizeof(row));
	send_message(control);
}

static void reply_tell_backend(void *context, uint32_t at, struct message_row_explain_flow *out)
{
	const struct control *control = context;
	const struct reason_source source = control_reason_source(control);

	out->health = reason_backend_health(&source, at);
	reason_backend(&source, at, out->reason, sizeof(out->reason));
}

static void step_explain(struct control *control)
{
	const struct explain_rows_source source = {
		.configuration = control->running.now,
		.snapshot = control->config.publisher->current,
		.ports = control->config.ports,
		.port_count = control->config.port_count,
		.tables = control->config.flows,
		.worker_count = control->config.worker_count,
		.tell_backend = reply_tell_backend,
		.context = control,
	};

	if (explain_rows_fill(
		    &source, &control->reply.packet, control->reply.next, &control->message)) {
		control->reply.next++;
		send_message(control);
	} else {
		control->reply.step = REPLY_END;
	}
}

static void step_row(struct control *control)
{
	if (control_row(control, control->reply.what, control->reply.next)) {
		control->reply.next++;
		send_message(control);
	} else {
		control->reply.step = REPLY_END;
	}
}

// The next piece of a text, or its next line.
static void send_text(struct control *control, enum message_type type, const char *at, size_t size,
	bool is_lines, size_t *sent)
{
	const char *end;

	if (size > CHANNEL_MESSAGE_MAX)
		size = CHANNEL_MESSAGE_MAX;
	end = is_lines ? memchr(at, '\n', size) : NULL;
	*sent += end != NULL ? (size_t)(end - at) + 1 : size;
	fill(control, type, at, (uint32_t)(end != NULL ? (size_t)(end - at) : size));
	send_message(control);
}

static void step_text(struct control *control)
{
	struct reply *reply = &control->reply;
	size_t size = reply->text_size - reply->text_sent;

	if (reply->text == NULL || size == 0)
		reply->step = reply->waits_for_grace ? REPLY_KEEP : REPLY_LOSS;
	else
		send_text(control, MESSAGE_TEXT, reply->text + reply->text_sent, size,
			reply->text_is_lines, &reply->text_sent);
}

static void step_loss(struct control *control)
{
	struct reply *reply = &control->reply;
	size_t size = reply->loss_size - reply->loss_sent;
	struct error refusal = reply->refusal;

	if (reply->loss != NULL && size > 0)
		send_text(control, MESSAGE_LOSS, reply->loss + reply->loss_sent, size, true,
			&reply->loss_sent);
	else if (reply->refusal_code != 0)
		control_reply_error(control, reply->refusal_code, refusal.text);
	else
		reply->step = REPLY_PLAN;
}

// None, where the text was no plan's.
static void step_plan(struct control *control)
{
	struct reply *reply = &control->reply;

	if (reply->next == reply->plan_count) {
		reply->step = REPLY_END;
		return;
	}
	fill(control, MESSAGE_ROW_PLAN, &reply->plan[reply->next++], sizeof(*reply->plan));
	send_message(control);
}

// What is in force is told as such when the disk has had its time.
static enum pace step_keep(struct control *control)
{
	char fault[320], line[400];
	int size;

	if (!control_keep_is_settled(control, control->reply.keep_until_ns))
		return PACE_QUIET;
	control->reply.step = REPLY_GRACE;
	if (control_is_unkept(control)) {
		size = snprintf(line, sizeof(line),
			"warning: a restart would not find this configuration: %s",
			control_keep_fault(control, fault, sizeof(fault)));
		fill(control, MESSAGE_TEXT, line, (uint32_t)size);
		send_message(control);
	}
	return PACE_NOW;
}

static enum pace step_grace(struct control *control)
{
	if (publisher_reclaim(control->config.publisher)) {
		control->reply.step = REPLY_END;
		return PACE_NOW;
	}
	if (clock_monotonic_ns() < control->reply.grace_until_ns)
		return PACE_SOON;
	control_reply_error(control, ETIMEDOUT,
		"the configuration is committed, but a worker goes on with the one before: it does not run");
	return PACE_NOW;
}

bool control_reply_is_active(const struct control *control)
{
	return control->reply.held || control->reply.step != REPLY_NONE;
}

enum pace control_reply_step(struct control *control)
{
	if (control->reply.held && !send_message(control))
		return PACE_SOON;
	if (control->reply.is_lost) {
		control_reply_forget(control);
		return PACE_NOW;
	}
	switch (control->reply.step) {
	case REPLY_WAIT:
		return control_reading_gives_up(control) ? PACE_NOW : PACE_QUIET;
	case REPLY_KEEP:
		return step_keep(control);
	case REPLY_COUNTS:
		if (flow_counts_has(&control->stats.flow_counts, control->reply.count_round))
			control->reply.step = REPLY_ROWS;
		else
			stats_count_flows(&control->stats);
		break;
	case REPLY_FLOWS:
		step_flows(control);
		break;
	case REPLY_EVENTS:
		step_events(control);
		break;
	case REPLY_ROWS:
		step_row(control);
		break;
	case REPLY_EXPLAIN:
		step_explain(control);
		break;
	case REPLY_TEXT:
		step_text(control);
		break;
	case REPLY_LOSS:
		step_loss(control);
		break;
	case REPLY_PLAN:
		step_plan(control);
		break;
	case REPLY_GRACE:
		return step_grace(control);
	case REPLY_END:
		control_reply_done(control, control->reply.changes);
		break;
	case REPLY_NONE:
		break;
	}
	return PACE_NOW;
}
