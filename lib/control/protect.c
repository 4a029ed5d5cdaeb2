// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/checkpoint.h>
#include <control/control_private.h>
#include <store/spool.h>
#include <store/wish.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>

// The flows that no hash table would find go to disk, in steps between which other jobs have their turn: at once when something
// happens that makes such flows (a change, a backend that fails), and every few seconds for those that begin meanwhile. It takes
// a fiftieth of a core in the long run, however large the tables are; events have half of what is saved up for themselves.

#define PERIOD_MS 5000
#define PERIOD_MOVING_MS \
	1000 // while a table before is in force, and connections that begin are none of its
#define SOON_MS     100 // events come in groups
#define SHARE       50
#define SAVED_UP_NS CLOCK_NS_PER_S
#define STEP_NS     (5 * CLOCK_NS_PER_MS)

static uint32_t protect_period_ms(const struct control *control)
{
	const struct snapshot *snapshot = control->config.publisher->current;

	for (uint32_t i = 0; i < snapshot->view_count; i++) {
		if (snapshot->views[i].previous != NULL)
			return PERIOD_MOVING_MS;
	}
	return PERIOD_MS;
}

static void protect_schedule(struct control *control, bool is_event)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t wait_ns = (is_event ? SOON_MS : protect_period_ms(control)) * CLOCK_NS_PER_MS;
	uint64_t rest_ns = allowance_wait_ns(
		&control->checkpoint_time, is_event ? 0 : SAVED_UP_NS / 2, now_ns);
	struct timeval wait;

	wait_ns = rest_ns > wait_ns ? rest_ns : wait_ns;
	if (event_pending(control->checkpoint_timer, EV_TIMEOUT, NULL) &&
		control->checkpoint_at_ns <= now_ns + wait_ns)
		return;
	control->checkpoint_at_ns = now_ns + wait_ns;
	wait = (struct timeval){
		(time_t)(wait_ns / CLOCK_NS_PER_S), (suseconds_t)(wait_ns % CLOCK_NS_PER_S / 1000)};
	event_add(control->checkpoint_timer, &wait);
}

static int begin(struct control *control, struct error *err)
{
	struct handover handover = control_handover(control, FLOWS_FILE_CHECKPOINT);

	control->left = control_copy_left(control);
	control->has_left = true;
	control->spool =
		spool_new(control->config.daemon->state, FLOWS_FILE_CHECKPOINT, KEPT_OVER_CRASHES);
	if (control->spool == NULL)
		return error_set(err, ENOMEM, "out of memory");
	handover.spool = control->spool;
	return checkpoint_new(&handover, &control->checkpoint, err);
}

static int write_some(struct control *control, struct error *err)
{
	int rc = control->checkpoint == NULL ? begin(control, err) : 0;

	if (rc != 0 ||
		checkpoint_step(control->checkpoint, control->config.publisher->current, STEP_NS))
		return rc;
	rc = checkpoint_close(control->checkpoint, &control->checkpoint_last, err);
	control->checkpoint = NULL;
	return rc;
}

static void protect_tell(struct control *control, int rc, const struct error *err)
{
	if (rc != 0 && !control->checkpoint_fails)
		log_warning("flows: none would survive if this daemon died: %s", err->text);
	control->checkpoint_fails = rc != 0;
}

// A job's. What it makes goes to the disk beside: the saver has it.
static void work(void *context)
{
	struct control *control = context;
	uint64_t begun_ns = clock_monotonic_ns();

	control->checkpoint_rc = write_some(control, &control->checkpoint_error);
	control->checkpoint_ns = clock_monotonic_ns() - begun_ns;
}

static void protect_hand_over(struct control *control)
{
	struct saver_wish *wish;

	if (control->has_left) {
		control->has_left = false;
		wish = wish_left(control->config.daemon->state, control->left);
		control->left = NULL;
		if (wish != NULL)
			saver_want(control->saving.saver, SAVER_LEFT, wish);
	}
	wish = control->spool != NULL ? spool_wish(control->spool, false) : NULL;
	if (wish != NULL)
		saver_want(control->saving.saver, SAVER_CHECKPOINT, wish);
	else if (control->spool != NULL)
		protect_schedule(control, false); // there was no memory for it
}

// Until the disk has what was made, no more is: the next one begins with what there is then.
static void protect_go_on(struct control *control)
{
	if (control->checkpoint != NULL) {
		control->checkpoint_due = spool_has_room(control->spool);
	} else if (control->spool != NULL && spool_is_over(control->spool)) {
		spool_free(control->spool);
		control->spool = NULL;
		protect_schedule(control, control->checkpoint_again);
		control->checkpoint_again = false;
	}
	jobs_next(control->jobs);
}

// There was no memory for it: later.
static void protect_fail(struct control *control)
{
	config_free(control->left);
	control->left = NULL;
	control->has_left = false;
	spool_free(control->spool);
	control->spool = NULL;
	protect_schedule(control, false);
	jobs_next(control->jobs);
}

static void done(void *context)
{
	struct control *control = context;

	control->checkpoint_runs = false;
	allowance_take(&control->checkpoint_time, control->checkpoint_ns, clock_monotonic_ns());
	if (control->checkpoint_rc != 0) {
		protect_tell(control, control->checkpoint_rc, &control->checkpoint_error);
		protect_fail(control);
		return;
	}
	protect_hand_over(control);
	protect_go_on(control);
}

void control_checkpoint_written(struct control *control, int rc, const struct error *err)
{
	if (control->checkpoint_runs)
		return; // done() has a look
	if (control->spool == NULL || rc != 0 || spool_is_over(control->spool))
		protect_tell(control, rc, err);
	if (rc != 0)
		control->checkpoint_last = (struct checkpoint_last){0};
	if (control->spool != NULL && !control->checkpoint_due)
		protect_go_on(control);
}

bool control_checkpoint_start(void *context)
{
	struct control *control = context;

	if (!control->checkpoint_due)
		return false;
	control->checkpoint_due = false;
	if (control->checkpoint == NULL && control->spool != NULL) {
		protect_hand_over(control);
		return false;
	}
	control->checkpoint_runs = true;
	jobs_run(control->jobs, work, done, control);
	return true;
}

static void on_due(int fd, short what, void *context)
{
	STEP_TIMED(CHECKPOINT);
	struct control *control = context;

	control->checkpoint_due = true;
	jobs_next(control->jobs);
}

int control_checkpoint_init(struct control *control)
{
	if (control->config.daemon->state[0] == '\0')
		return 0;
	control->checkpoint_timer = evtimer_new(control->base, on_due, control);
	if (control->checkpoint_timer == NULL)
		return -ENOMEM;
	allowance_init(&control->checkpoint_time, SHARE, SAVED_UP_NS, clock_monotonic_ns());
	protect_schedule(control, true);
	return 0;
}

void control_checkpoint_soon(struct control *control)
{
	if (control->checkpoint_timer == NULL)
		return;
	if (control->checkpoint_runs || control->spool != NULL)
		control->checkpoint_again = true; // the one at hand may have passed by what is new
	else if (!control->checkpoint_due)
		protect_schedule(control, true);
}

void control_checkpoint_forget(struct control *control)
{
	if (control->checkpoint == NULL)
		return;
	checkpoint_abandon(control->checkpoint);
	control->checkpoint = NULL;
	control->checkpoint_due = false;
	control->checkpoint_again = true;
	if (control->saving.saver != NULL)
		protect_hand_over(control);
}

void control_checkpoint_free(struct control *control)
{
	control_checkpoint_forget(control);
	spool_free(control->spool);
	config_free(control->left);
	if (control->checkpoint_timer != NULL)
		event_free(control->checkpoint_timer);
}
