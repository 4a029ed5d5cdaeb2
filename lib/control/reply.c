// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <control/control_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Messages, and buckets of the census, in one step.
#define REPLY_MESSAGES 64
#define CENSUS_BUCKETS 8192

// Sends control->message, or keeps it until there is room. False: it is kept.
static bool send_message(struct control *control)
{
	control->reply.held = channel_server_reply(control->server, &control->message) == -EAGAIN;
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

	snprintf(body.text, sizeof(body.text), "%s", text);
	fill(control, MESSAGE_ERROR, &body, sizeof(body));
	send_message(control);
}

static bool send_done(struct control *control)
{
	struct message_done body = {.version = control->version, .changes = control->reply.changes};

	fill(control, MESSAGE_DONE, &body, sizeof(body));
	return send_message(control);
}

void control_reply_done(struct control *control, uint64_t changes)
{
	control->reply.changes = changes;
	send_done(control);
}

void control_reply_forget(struct control *control)
{
	struct reply *reply = &control->reply;

	free(reply->shares);
	free(reply->flows);
	free(reply->text);
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
	control->reply.changes = changes;
}

static bool show_config(struct control *control)
{
	struct reply *reply = &control->reply;
	FILE *file = open_memstream(&reply->text, &reply->text_size);
	int rc;

	if (file == NULL)
		return false;
	rc = config_write(control->running, file);
	if (fclose(file) != 0 || rc != 0)
		return false;
	reply->step = REPLY_TEXT;
	return true;
}

static bool show_backends(struct control *control)
{
	struct reply *reply = &control->reply;

	reply->step = REPLY_CENSUS;
	reply->flows = calloc(control->backends.capacity, sizeof(*reply->flows));
	reply->shares = calloc(control->backends.capacity, sizeof(*reply->shares));
	return reply->flows != NULL && reply->shares != NULL;
}

void control_show(struct control *control, enum message_show_what what)
{
	bool fine = true;

	control_reply_forget(control);
	control->reply.what = what;
	control->reply.step = REPLY_ROWS;
	if (what == MESSAGE_SHOW_CONFIG)
		fine = show_config(control);
	else if (what == MESSAGE_SHOW_BACKENDS)
		fine = show_backends(control);
	if (!fine) {
		control_reply_forget(control);
		control_reply_error(control, ENOMEM, "out of memory");
	}
}

// Counts the flows of each backend in some more buckets of the workers' tables.
static void step_census(struct control *control)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	struct reply *reply = &control->reply;
	const struct flow_table *table;
	struct flow_row rows[FLOW_WAYS];
	uint32_t now_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);

	if (reply->worker == control->config.worker_count) {
		reply->step = REPLY_ROWS;
		reply->next = 0;
		return;
	}
	table = control->config.flows[reply->worker];
	for (int i = 0; i < CENSUS_BUCKETS && reply->next < flow_table_buckets(table); i++) {
		uint32_t count = flow_read_bucket(table, reply->next++, snapshot->ttls,
			snapshot->service_capacity, now_s, rows);

		for (uint32_t r = 0; r < count; r++) {
			if (snapshot_find_backend(snapshot, rows[r].backend) != NULL)
				reply->flows[rows[r].backend & BACKEND_INDEX_MASK]++;
		}
	}
	if (reply->next == flow_table_buckets(table)) {
		reply->worker++;
		reply->next = 0;
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

static void step_text(struct control *control)
{
	struct reply *reply = &control->reply;
	const char *at = reply->text + reply->text_sent;
	size_t size = reply->text_size - reply->text_sent;
	const char *end;

	if (reply->text == NULL || size == 0) {
		reply->step = reply->waits_for_grace ? REPLY_GRACE : REPLY_END;
		return;
	}
	if (size > CHANNEL_MESSAGE_MAX)
		size = CHANNEL_MESSAGE_MAX;
	end = reply->text_is_lines ? memchr(at, '\n', size) : NULL;
	reply->text_sent += end != NULL ? (size_t)(end - at) + 1 : size;
	fill(control, MESSAGE_TEXT, at, (uint32_t)(end != NULL ? (size_t)(end - at) : size));
	send_message(control);
}

// False: the workers still hold an older snapshot.
static bool step_grace(struct control *control)
{
	if (!publisher_reclaim(control->config.publisher))
		return false;
	control->apply_us = (clock_monotonic_ns() - control->commit_ns) / 1000;
	control->reply.step = REPLY_END;
	return true;
}

// Goes on; false where that has to wait.
static bool step(struct control *control)
{
	switch (control->reply.step) {
	case REPLY_CENSUS:
		step_census(control);
		return false; // it takes about a millisecond: back to the loop
	case REPLY_ROWS:
		step_row(control);
		break;
	case REPLY_TEXT:
		step_text(control);
		break;
	case REPLY_GRACE:
		return step_grace(control);
	case REPLY_END:
		control->reply.step = REPLY_NONE;
		if (send_done(control))
			control_reply_forget(control);
		break;
	case REPLY_NONE:
		break;
	}
	return true;
}

bool control_reply_step(struct control *control)
{
	struct reply *reply = &control->reply;

	for (int i = 0; i < REPLY_MESSAGES; i++) {
		if (reply->held && !send_message(control))
			return true;
		if (reply->step == REPLY_NONE)
			return false;
		if (!step(control))
			return true;
	}
	return true;
}
