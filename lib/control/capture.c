// SPDX-License-Identifier: BSD-3-Clause
#include <capture/recording.h>
#include <control/control_private.h>
#include <control/reply_private.h>
#include <control/saving_private.h>

// What a client asks of captures (capture/recording.h). It waits for the file to be opened for a
// bounded time.

bool control_capture_opened(void *context, int rc, const struct error *err)
{
	struct control *control = context;
	bool is_awaited = control_is_awaited(control, control->recording_number);

	if (is_awaited && rc != 0)
		control_reply_error(control, -rc, err->text);
	else if (is_awaited)
		control_show(control, MESSAGE_SHOW_CAPTURE);
	control_poll_now(control);
	return is_awaited;
}

void control_capture_begin(struct control *control, const struct message_capture *request)
{
	struct error err;
	int rc = recording_begin(control->recording, control->running.now->config, request, &err);

	if (rc != 0)
		control_reply_error(control, -rc, err.text);
	else
		control->recording_number = control_await_disk(control);
}

void control_capture_end(struct control *control, uint64_t id)
{
	recording_stop(control->recording, id);
	control_show(control, MESSAGE_SHOW_CAPTURE);
}
