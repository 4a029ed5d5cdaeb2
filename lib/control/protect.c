// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/checkpoint.h>
#include <control/control_private.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>

// Every few seconds the flows that no hash table would find go to disk, in steps between which other jobs have their turn.
// It takes a fiftieth of the control lcore at most, however large the tables are.

#define PERIOD_S 5
#define REST     50 // times as long as the last copy took
#define STEP_NS  (5 * CLOCK_NS_PER_MS)

static void next_later(struct control *control)
{
	uint64_t rest_ms = control->checkpoint_ns * REST / CLOCK_NS_PER_MS;
	struct timeval wait = {.tv_sec = PERIOD_S};

	if (rest_ms > PERIOD_S * 1000)
		wait = (struct timeval){(time_t)(rest_ms / 1000), (rest_ms % 1000) * 1000};
	control->checkpoint_ns = 0;
	event_add(control->checkpoint_timer, &wait);
}

static int begin(struct control *control, struct error *err)
{
	struct handover handover = control_handover(control, FLOWS_FILE_CHECKPOINT);
	int rc = control_save_left(control, err);

	return rc == 0 ? checkpoint_new(&handover, &control->checkpoint, err) : rc;
}

static int write_some(struct control *control, struct error *err)
{
	int rc = control->checkpoint == NULL ? begin(control, err) : 0;

	if (rc != 0 ||
		checkpoint_step(control->checkpoint, control->config.publisher->current, STEP_NS))
		return rc;
	rc = checkpoint_close(control->checkpoint, err);
	control->checkpoint = NULL;
	return rc;
}

// A job's.
static void work(void *context)
{
	struct control *control = context;
	uint64_t begun_ns = clock_monotonic_ns();
	struct error err;
	int rc = write_some(control, &err);

	control->checkpoint_ns += clock_monotonic_ns() - begun_ns;
	if (rc != 0 && !control->checkpoint_fails)
		log_warning("flows: none would survive if this daemon died: %s", err.text);
	control->checkpoint_fails = rc != 0;
}

static void done(void *context)
{
	struct control *control = context;

	control->checkpoint_due = control->checkpoint != NULL;
	if (!control->checkpoint_due)
		next_later(control);
	control_work(control);
}

void control_checkpoint_start(struct control *control)
{
	job_start(control->job, work, done, control);
}

static void on_due(int fd, short what, void *context)
{
	STEP_TIMED(CHECKPOINT);
	struct control *control = context;

	control->checkpoint_due = true;
	control_work(control);
}

int control_checkpoint_init(struct control *control)
{
	if (control->config.daemon->state[0] == '\0')
		return 0;
	control->checkpoint_timer = evtimer_new(control->base, on_due, control);
	if (control->checkpoint_timer == NULL)
		return -ENOMEM;
	next_later(control);
	return 0;
}

void control_checkpoint_forget(struct control *control)
{
	checkpoint_abandon(control->checkpoint);
	control->checkpoint = NULL;
}

void control_checkpoint_free(struct control *control)
{
	control_checkpoint_forget(control);
	if (control->checkpoint_timer != NULL)
		event_free(control->checkpoint_timer);
}
