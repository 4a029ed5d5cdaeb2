// SPDX-License-Identifier: BSD-3-Clause
#include "confinement.h"
#include "fulcrumd.h"

#include <base/log.h>
#include <base/notify.h>
#include <base/parse.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <signal.h>
#include <stdio.h>

// From ready to stopped. The first signal withdraws the VIPs that are announced, and the workers go
// on while the network learns of it; the second one ends it.

// To save the flows takes less, and a slow disk some more.
#define SAVE_MS 20000ul

struct serving {
	struct event_base *base;
	struct control *control;
	uint32_t grace_ms;
	bool is_stopping;
	struct event *on_term;
	struct event *on_int;
	struct event *on_hup;
	struct event *grace;
	struct event *notify_again;
	char untold[80]; // what the service manager had no room for
	struct event *tell;
};

static void end(int fd, short what, void *context)
{
	STEP_TIMED(SIGNAL);

	event_base_loopbreak(((struct serving *)context)->base);
}

// A manager that is behind with reading is told again, as READY=1 must reach it.
static void notify_manager(int fd, short what, void *context)
{
	STEP_TIMED(SIGNAL);
	static const struct timeval soon = {.tv_usec = 200000};
	struct serving *serving = context;

	if (!notify(serving->untold))
		event_add(serving->notify_again, &soon);
}

static void stop_asked(int signal, short what, void *context)
{
	STEP_TIMED(SIGNAL);
	struct serving *serving = context;
	struct timeval grace = {
		serving->grace_ms / 1000, (suseconds_t)(serving->grace_ms % 1000) * 1000};
	bool is_second = serving->is_stopping;
	uint32_t withdrawn;
	char text[80];

	serving->is_stopping = true;
	if (!is_second) {
		// A unit's stop timeout is not to cut off a long grace, and the flows that are
		// saved after it.
		snprintf(serving->untold, sizeof(serving->untold),
			"STOPPING=1\nEXTEND_TIMEOUT_USEC=%lu",
			(serving->grace_ms + SAVE_MS) * 1000ul);
		notify_manager(-1, 0, serving);
		withdrawn = control_withdraw(serving->control);
		if (withdrawn > 0 && serving->grace_ms > 0) {
			log_info("fulcrumd: stopping: %u VIPs withdrawn, forwarding for %s more",
				withdrawn,
				format_duration_ms(serving->grace_ms, text, sizeof(text)));
			event_add(serving->grace, &grace);
			return;
		}
	}
	log_info("fulcrumd: stopping");
	end(-1, 0, serving);
}

static void reload_asked(int signal, short what, void *context)
{
	STEP_TIMED(SIGNAL);

	control_reload(((struct serving *)context)->control);
}

static void tell_refused(int fd, short what, void *context)
{
	STEP_TIMED(WATCHDOG);
	confinement_tell();
}

static bool make_events(struct serving *serving)
{
	serving->on_term = evsignal_new(serving->base, SIGTERM, stop_asked, serving);
	serving->on_int = evsignal_new(serving->base, SIGINT, stop_asked, serving);
	serving->on_hup = evsignal_new(serving->base, SIGHUP, reload_asked, serving);
	serving->grace = evtimer_new(serving->base, end, serving);
	serving->notify_again = evtimer_new(serving->base, notify_manager, serving);
	serving->tell = event_new(serving->base, -1, EV_PERSIST, tell_refused, NULL);
	return serving->notify_again != NULL && serving->tell != NULL &&
	       event_add(serving->tell, &(struct timeval){.tv_sec = 1}) == 0 &&
	       serving->on_hup != NULL && event_add(serving->on_hup, NULL) == 0 &&
	       serving->on_term != NULL && serving->on_int != NULL && serving->grace != NULL &&
	       event_add(serving->on_term, NULL) == 0 && event_add(serving->on_int, NULL) == 0;
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

int serve(struct event_base *base, struct control *control, struct workers *workers,
	uint32_t grace_ms)
{
	struct serving serving = {.base = base, .control = control, .grace_ms = grace_ms};
	int rc = -1;

	if (make_events(&serving)) {
		workers_launch(workers);
		log_info("fulcrumd: ready");
		snprintf(serving.untold, sizeof(serving.untold), "READY=1");
		notify_manager(-1, 0, &serving);
		rc = event_base_dispatch(base);
		workers->is_left = !workers_stop(workers);
	}
	free_event(serving.on_term);
	free_event(serving.on_int);
	free_event(serving.on_hup);
	free_event(serving.grace);
	free_event(serving.notify_again);
	free_event(serving.tell);
	return rc < 0 ? -1 : 0;
}
