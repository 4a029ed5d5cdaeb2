// SPDX-License-Identifier: BSD-3-Clause
#include "session.h"

#include <base/printable.h>
#include <channel/channel.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct session {
	struct channel_client *client;
	struct channel_message message;
};

int session_fail(int code, const struct error *err)
{
	enum ctl_exit status = CTL_FAILED;

	switch (-code) {
	case ENOENT:
	case ECONNREFUSED:
	case ECONNRESET:
		status = CTL_NO_DAEMON;
		break;
	case EPROTO:
		status = CTL_VERSION;
		break;
	case EBUSY:
		status = CTL_BUSY;
		break;
	}
	return ctl_fail(status, "%s", err->text);
}

// An error that the daemon answered.
static int session_refused(const struct message_error *error)
{
	switch (error->code) {
	case EINVAL:
		return ctl_fail(CTL_BAD_INPUT, "%.*s", (int)sizeof(error->text), error->text);
	case EBUSY:
		return ctl_fail(CTL_BUSY, "%.*s", (int)sizeof(error->text), error->text);
	case ECANCELED:
		return ctl_fail(CTL_WANTS_FORCE, "%.*s", (int)sizeof(error->text), error->text);
	}
	return ctl_fail(CTL_FAILED, "%.*s", (int)sizeof(error->text), error->text);
}

int session_try(const struct ctl *ctl, struct session **out, struct error *err)
{
	struct session *session = calloc(1, sizeof(*session));
	const char *note;
	int code;

	if (session == NULL)
		return error_set(err, ENOMEM, "out of memory");
	code = channel_client_open(ctl->channel, ctl->wait_ms, &session->client, err);
	if (code < 0) {
		free(session);
		return code;
	}
	note = channel_client_note(session->client);
	if (note != NULL)
		printable_line(stderr, "fulcrumctl: note: %s", note);
	*out = session;
	return 0;
}

int session_open(const struct ctl *ctl, struct session **out)
{
	struct error err;
	int code = session_try(ctl, out, &err);

	return code < 0 ? session_fail(code, &err) : CTL_OK;
}

void session_close(struct session *session)
{
	if (session == NULL)
		return;
	channel_client_close(session->client);
	free(session);
}

int session_send(struct session *session, enum message_type type, const void *body, uint32_t size)
{
	struct error err;
	int code;

	session->message.type = type;
	session->message.zero = 0;
	session->message.size = size;
	if (size > 0)
		memcpy(session->message.body, body, size);
	code = channel_client_send(session->client, &session->message, CHANNEL_SILENCE_MS, &err);
	return code < 0 ? session_fail(code, &err) : CTL_OK;
}

int session_receive(
	struct session *session, session_row_fn *row, void *context, struct message_done *done)
{
	const struct channel_message *message = &session->message;
	int status = CTL_OK;
	struct error err;
	int code;

	for (;;) {
		code = channel_client_receive(
			session->client, &session->message, CHANNEL_SILENCE_MS, &err);
		if (code < 0)
			return session_fail(code, &err);
		if (message->type == MESSAGE_ERROR)
			return session_refused((const struct message_error *)message->body);
		if (message->type == MESSAGE_DONE) {
			if (done != NULL)
				memcpy(done, message->body, sizeof(*done));
			return status;
		}
		if (row != NULL && status == CTL_OK)
			status = row(context, message->type, message->body, message->size);
	}
}

int session_ask(const struct ctl *ctl, enum message_type type, const void *body, uint32_t size,
	session_row_fn *row, void *context, struct message_done *done)
{
	struct session *session;
	int status = session_open(ctl, &session);

	if (status != CTL_OK)
		return status;
	status = session_send(session, type, body, size);
	if (status == CTL_OK)
		status = session_receive(session, row, context, done);
	session_close(session);
	return status;
}

int session_print_text(void *context, uint16_t type, const void *body, uint32_t size)
{
	bool is_line = type == MESSAGE_TEXT || type == MESSAGE_LOSS;
	char *line = is_line ? strndup(body, size) : NULL;

	if (line != NULL)
		fprintf(type == MESSAGE_TEXT ? stdout : stderr, "%s\n", printable_make(line));
	free(line);
	return CTL_OK;
}

int session_print_done(const struct message_done *done)
{
	if (done->changes == 0)
		printf("nothing changed; version %" PRIu64 " is in force\n", done->version);
	else
		printf("%" PRIu64 " change%s; version %" PRIu64 " is in force\n", done->changes,
			done->changes == 1 ? "" : "s", done->version);
	if (done->is_unkept == 0)
		return CTL_OK;
	return ctl_fail(CTL_NOT_KEPT,
		"version %" PRIu64
		" is in force and NOT kept: a restart would undo it; the daemon tries on until it is kept",
		done->version);
}
