// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/health_private.h>
#include <control/rebuild_private.h>
#include <control/reply_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <string.h>

// Then the other events of the loop have their turn.
#define POLL_NS (500 * 1000)

static void show(struct control *control, const struct message_show *request)
{
	if (request->what < MESSAGE_SHOW_SERVICES || request->what > MESSAGE_SHOW_SECRETS)
		control_reply_error(control, EINVAL, "there is nothing of that kind to show");
	else
		control_show(control, (enum message_show_what)request->what);
}

// What belongs to a client's transaction.
static void dispatch_transaction(struct control *control, enum message_type type)
{
	switch (type) {
	case MESSAGE_APPLY_BEGIN:
		transaction_begin(control);
		break;
	case MESSAGE_APPLY_SERVICE:
	case MESSAGE_APPLY_POOL:
	case MESSAGE_APPLY_BACKEND:
		transaction_add(control, type);
		break;
	case MESSAGE_APPLY_COMMIT:
		transaction_commit(control, false);
		break;
	case MESSAGE_PLAN:
		transaction_commit(control, true);
		break;
	case MESSAGE_APPLY_ABORT:
		transaction_forget(&control->transaction);
		control_reply_done(control, 0);
		break;
	default:
		control_reply_error(control, EPROTO, "an unknown request");
		break;
	}
}

static void dispatch(struct control *control)
{
	enum message_type type = (enum message_type)control->message.type;
	union {
		struct message_show show;
		struct message_backend_select select;
		struct message_backend_set set;
		struct message_capture capture;
		struct message_capture_end capture_end;
		struct message_flows flows;
		struct message_events events;
		struct message_explain explain;
		struct message_rollback rollback;
		struct message_confirm confirm;
	} request;

	memcpy(&request, control->message.body, sizeof(request));
	switch (type) {
	case MESSAGE_SHOW:
		show(control, &request.show);
		break;
	case MESSAGE_BACKEND_SELECT:
		selection_add(&control->selection, &request.select);
		break;
	case MESSAGE_BACKEND_SET:
		control_set_backend(control, &request.set);
		break;
	case MESSAGE_CAPTURE_BEGIN:
		control_capture_begin(control, &request.capture);
		break;
	case MESSAGE_CAPTURE_END:
		control_capture_end(control, request.capture_end.id);
		break;
	case MESSAGE_EVENTS:
		control_show_events(control, &request.events);
		break;
	case MESSAGE_FLOWS:
		control_show_flows(control, &request.flows);
		break;
	case MESSAGE_EXPLAIN:
		control_explain(control, &request.explain);
		break;
	case MESSAGE_ROLLBACK:
		commits_roll_back(&control->commits, request.rollback.version,
			request.rollback.confirm_s, request.rollback.is_forced == 1);
		break;
	case MESSAGE_CONFIRM:
		commits_confirm(&control->commits, request.confirm.takes_back != 0);
		break;
	default:
		dispatch_transaction(control, type);
		break;
	}
}

// One answer after the other: no request is taken while the one before goes on.
static enum pace step(struct control *control)
{
	if (control_reply_is_active(control))
		return control_reply_step(control);
	switch (channel_server_poll(control->server, &control->message)) {
	case CHANNEL_RESET:
		transaction_forget(&control->transaction);
		selection_free(&control->selection);
		control_reply_forget(control);
		return PACE_NOW;
	case CHANNEL_MESSAGE:
		control->counts.requests++;
		dispatch(control);
		return PACE_NOW;
	default:
		return control->transaction.config != NULL ? PACE_SOON : PACE_QUIET;
	}
}

// How long the last apply took until every worker went by it.
static void watch_apply(struct control *control)
{
	if (!publisher_reclaim(control->config.publisher) || control->commits.grace_from_ns == 0)
		return;
	control->counts.apply_us = (clock_monotonic_ns() - control->commits.grace_from_ns) / 1000;
	control->commits.grace_from_ns = 0;
}

void control_poll(int fd, short what, void *context)
{
	STEP_TIMED(CHANNEL);
	static const struct timeval delays[] = {
		[PACE_NOW] = {0}, [PACE_SOON] = {.tv_usec = 200}, [PACE_QUIET] = {.tv_usec = 3000}};
	struct control *control = context;
	uint64_t until_ns = clock_monotonic_ns() + POLL_NS;
	const char *news;
	enum pace pace;

	channel_server_beat(control->server);
	news = channel_server_news(control->server);
	if (news != NULL)
		log_warning("%s", news);
	watch_apply(control);
	do {
		pace = step(control);
	} while (pace == PACE_NOW && clock_monotonic_ns() < until_ns);
	if (pace == PACE_QUIET && control->commits.grace_from_ns != 0)
		pace = PACE_SOON;
	event_add(control->poll_timer, &delays[pace]);
}

void control_poll_now(struct control *control)
{
	static const struct timeval now = {0};

	event_add(control->poll_timer, &now);
}
