// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/control_private.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

// Requests handled in one go: an apply of many records must not keep the loop from its probes.
#define POLL_MESSAGES 64

static void forget_transaction(struct control *control)
{
	config_free(control->pending);
	control->pending = NULL;
	control->pending_error.text[0] = '\0';
}

static void begin(struct control *control)
{
	forget_transaction(control);
	memcpy(&control->pending_header, control->message.body, sizeof(control->pending_header));
	control->pending = config_new();
	if (control->pending == NULL) {
		control_reply_error(control, ENOMEM, "out of memory");
		return;
	}
	memcpy(control->pending->hash_key, control->pending_header.hash_key,
		sizeof(control->pending->hash_key));
	control->pending->hash_key_set = control->pending_header.hash_key_set == 1;
	control_reply_done(control, 0);
}

// A record of the transaction at hand; its content is judged at the commit.
static void add_record(struct control *control, enum message_type type)
{
	struct config *pending = control->pending;
	const void *body = control->message.body;
	int rc = 0;

	if (pending == NULL || control->pending_error.text[0] != '\0')
		return;
	if (type == MESSAGE_APPLY_SERVICE)
		rc = pending->service_count < control->services.capacity
			     ? config_add_service(pending, body)
			     : error_set(&control->pending_error, ENOSPC,
				       "more than the %u services of 'services_max' in the daemon's file",
				       control->services.capacity);
	else if (type == MESSAGE_APPLY_POOL)
		rc = pending->pool_count < control->backends.capacity
			     ? config_add_pool(pending, body)
			     : error_set(&control->pending_error, ENOSPC,
				       "more pools than the %u backends of 'backends_max' in the daemon's file",
				       control->backends.capacity);
	else
		rc = pending->backend_count < control->backends.capacity
			     ? config_add_backend(pending, body)
			     : error_set(&control->pending_error, ENOSPC,
				       "more than the %u backends of 'backends_max' in the daemon's file",
				       control->backends.capacity);
	if (rc == -ENOMEM)
		error_set(&control->pending_error, ENOMEM, "out of memory");
}

static int check_transaction(struct control *control, struct error *err)
{
	const struct message_apply *header = &control->pending_header;
	const struct config *pending = control->pending;

	if (control->pending_error.text[0] != '\0')
		return error_set(err, EINVAL, "%s", control->pending_error.text);
	if (pending == NULL)
		return error_set(err, EPROTO, "a commit without a transaction");
	if (header->service_count != pending->service_count ||
		header->pool_count != pending->pool_count ||
		header->backend_count != pending->backend_count)
		return error_set(err, EPROTO, "the transaction is not whole");
	if (header->if_version != 0 && header->if_version != control->version)
		return error_set(err, ESTALE, "version %lu is in force, not %lu", control->version,
			header->if_version);
	return config_finish(control->pending, err);
}

static void commit(struct control *control)
{
	struct config *config = control->pending;
	struct error err;
	int rc = check_transaction(control, &err);

	if (rc != 0) {
		control_reply_error(control, -rc, err.text);
		forget_transaction(control);
		return;
	}
	control->pending = NULL;
	control_commit_and_reply(control, config);
}

struct lines {
	FILE *file;
};

static void add_line(void *context, const char *sentence)
{
	struct lines *lines = context;

	fprintf(lines->file, "%s\n", sentence);
	log_info("config: %s", sentence);
}

void control_commit_and_reply(struct control *control, struct config *config)
{
	uint64_t commit_ns = clock_monotonic_ns();
	struct config *before = config_clone(control->running);
	struct lines lines = {0};
	struct error err;
	char *text = NULL;
	size_t size = 0;
	uint64_t changes = 0;
	int rc = before == NULL ? error_set(&err, ENOMEM, "out of memory")
				: control_commit(control, config, &err);

	if (rc != 0) {
		config_free(config);
		config_free(before);
		control_reply_error(control, -rc, err.text);
		return;
	}
	control->commit_ns = commit_ns;
	lines.file = open_memstream(&text, &size);
	if (lines.file != NULL) {
		changes = config_diff(before, control->running, add_line, &lines);
		fclose(lines.file);
	}
	config_free(before);
	log_info("config: version %lu, %lu changes", control->version, changes);
	if (control_save_state(control, &err) != 0)
		log_error("state: %s: a restart would not find this configuration", err.text);
	control_reply_commit(control, text, size, changes);
}

static void show(struct control *control)
{
	struct message_show request;

	memcpy(&request, control->message.body, sizeof(request));
	if (request.what < MESSAGE_SHOW_SERVICES || request.what > MESSAGE_SHOW_CONFIG)
		control_reply_error(control, EINVAL, "there is nothing of that kind to show");
	else
		control_show(control, (enum message_show_what)request.what);
}

static void dispatch(struct control *control)
{
	struct message_backend_set set;

	switch ((enum message_type)control->message.type) {
	case MESSAGE_APPLY_BEGIN:
		begin(control);
		break;
	case MESSAGE_APPLY_SERVICE:
	case MESSAGE_APPLY_POOL:
	case MESSAGE_APPLY_BACKEND:
		add_record(control, (enum message_type)control->message.type);
		break;
	case MESSAGE_APPLY_COMMIT:
		commit(control);
		break;
	case MESSAGE_APPLY_ABORT:
		forget_transaction(control);
		control_reply_done(control, 0);
		break;
	case MESSAGE_SHOW:
		show(control);
		break;
	case MESSAGE_BACKEND_SET:
		memcpy(&set, control->message.body, sizeof(set));
		control_set_backend(control, &set);
		break;
	default:
		control_reply_error(control, EPROTO, "an unknown request");
		break;
	}
}

void control_poll(int fd, short what, void *context)
{
	static const struct timeval busy = {.tv_usec = 200};
	static const struct timeval quiet = {.tv_usec = 3000};
	struct control *control = context;
	bool more = false;

	publisher_reclaim(control->config.publisher);
	for (int i = 0; i < POLL_MESSAGES; i++) {
		enum channel_event event;

		more = control_reply_step(control);
		if (more)
			break; // one answer after the other
		event = channel_server_poll(control->server, &control->message);
		if (event == CHANNEL_IDLE)
			break;
		more = true;
		if (event == CHANNEL_RESET) {
			forget_transaction(control);
			control_reply_forget(control);
		} else {
			dispatch(control);
		}
	}
	event_add(control->poll_timer, more || control->pending != NULL ? &busy : &quiet);
}
