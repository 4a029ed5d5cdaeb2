// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <base/notify.h>
#include <control/control_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <stdlib.h>
#include <unistd.h>

// The service manager restarts a daemon that no longer works (sd_watchdog_enabled(3)). That it does
// is said by the event loop, which must turn for it, and only while a worker goes round. One that
// stands still while others go on costs its own queue; a restart would cost everybody's (decision
// 26).

#define LOOKS_A_PERIOD 4

static uint64_t period_us(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	const char *period = getenv("WATCHDOG_USEC");

	if (period == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid()))
		return 0;
	return strtoull(period, NULL, 10);
}

static uint64_t watchdog_count(const struct control *control)
{
	const struct publisher *publisher = control->config.publisher;
	uint64_t rounds = 0;

	for (uint32_t w = 0; w < publisher->workers; w++)
		rounds += publisher_rounds(publisher, w);
	return rounds;
}

static void look(int fd, short what, void *context)
{
	STEP_TIMED(WATCHDOG);
	struct control *control = context;
	uint64_t rounds = watchdog_count(control);

	if (rounds == control->watchdog_rounds) {
		if (!control->watchdog_waits)
			log_warning("watchdog: no worker makes progress");
		control->watchdog_waits = true;
		return;
	}
	control->watchdog_waits = false;
	control->watchdog_rounds = rounds;
	notify("WATCHDOG=1");
}

int control_watchdog_start(struct control *control)
{
	uint64_t us = period_us() / LOOKS_A_PERIOD;
	struct timeval period = {
		.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};

	if (us == 0)
		return 0;
	control->watchdog_timer = event_new(control->base, -1, EV_PERSIST, look, control);
	if (control->watchdog_timer == NULL || event_add(control->watchdog_timer, &period) != 0)
		return -ENOMEM;
	return 0;
}
