// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <handover/allowance.h>
#include <handover/checkpoint.h>
#include <handover/checkpointer.h>
#include <metrics/step.h>
#include <store/spool.h>
#include <store/state_request.h>

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#define PERIOD_MS 5000
#define PERIOD_MOVING_MS \
	1000 // while a table before is in force, and connections that begin are none of its
#define SOON_MS     100 // events come in groups
#define SHARE       50
#define SAVED_UP_NS CLOCK_NS_PER_S
#define STEP_NS     (5 * CLOCK_NS_PER_MS)

struct checkpointer {
	struct jobs *jobs;
	struct saver *saver;
	const struct handover *handover;
	struct event *timer;
	struct allowance time;
	uint64_t at_ns; // when the next one begins
	bool is_due;
	bool runs; // as a job's piece, whose are the checkpoint and the spool then
	bool is_wanted_again; // after the one at hand, which is of no use or was too early
	bool fails; // and the log says so
	struct checkpoint *checkpoint; // half written; NULL
	struct checkpoint_last last;
	struct spool *spool; // that it goes to; NULL
	struct config *removed; // as it begins: handover_copy_removed()
	bool has_removed;
	// The job's.
	uint64_t step_ns; // that the last piece took
	int rc;
	struct error err;
};

static uint32_t checkpointer_period_ms(const struct checkpointer *c)
{
	const struct snapshot *snapshot = c->handover->publisher->current;

	for (uint32_t i = 0; i < snapshot->view_count; i++) {
		if (snapshot->views[i].remembered != NULL)
			return PERIOD_MOVING_MS;
	}
	return PERIOD_MS;
}

static void checkpointer_schedule(struct checkpointer *c, bool is_event)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t wait_ns = (is_event ? SOON_MS : checkpointer_period_ms(c)) * CLOCK_NS_PER_MS;
	uint64_t rest_ns = allowance_wait_ns(&c->time, is_event ? 0 : SAVED_UP_NS / 2, now_ns);
	struct timeval wait;

	wait_ns = rest_ns > wait_ns ? rest_ns : wait_ns;
	if (event_pending(c->timer, EV_TIMEOUT, NULL) && c->at_ns <= now_ns + wait_ns)
		return;
	c->at_ns = now_ns + wait_ns;
	wait = (struct timeval){
		(time_t)(wait_ns / CLOCK_NS_PER_S), (suseconds_t)(wait_ns % CLOCK_NS_PER_S / 1000)};
	event_add(c->timer, &wait);
}

static int checkpointer_begin(struct checkpointer *c, struct error *err)
{
	c->removed = handover_copy_removed(c->handover);
	c->has_removed = true;
	c->spool = spool_new(c->handover->folder, FLOWS_FILE_CHECKPOINT, KEPT_OVER_CRASHES);
	if (c->spool == NULL)
		return error_set(err, ENOMEM, "out of memory");
	return checkpoint_new(c->handover, c->spool, &c->checkpoint, err);
}

static int checkpointer_step(struct checkpointer *c, struct error *err)
{
	int rc = c->checkpoint == NULL ? checkpointer_begin(c, err) : 0;

	if (rc != 0 || checkpoint_step(c->checkpoint, STEP_NS))
		return rc;
	rc = checkpoint_close(c->checkpoint, &c->last, err);
	c->checkpoint = NULL;
	return rc;
}

// A job's. What it makes goes to the disk beside: the saver has it.
static void checkpointer_work(void *context)
{
	struct checkpointer *c = context;
	uint64_t begun_ns = clock_cpu_ns();

	c->rc = checkpointer_step(c, &c->err);
	c->step_ns = clock_cpu_ns() - begun_ns;
}

static void checkpointer_tell(struct checkpointer *c, int rc, const struct error *err)
{
	if (rc != 0 && !c->fails)
		log_warning(
			"flows: no checkpoint is written for the case of a crash: %s", err->text);
	c->fails = rc != 0;
}

static void checkpointer_hand_over(struct checkpointer *c)
{
	struct saver_request *request;

	if (c->has_removed) {
		c->has_removed = false;
		request = state_request_removed(c->handover->folder, c->removed);
		c->removed = NULL;
		if (request != NULL)
			saver_submit(c->saver, SAVER_LEFT, request);
	}
	request = c->spool != NULL ? spool_request(c->spool, false) : NULL;
	if (request != NULL)
		saver_submit(c->saver, SAVER_CHECKPOINT, request);
	else if (c->spool != NULL)
		checkpointer_schedule(c, false); // there was no memory for it
}

// Until the disk has what was made, no more is: the next one begins with what there is then.
static void checkpointer_go_on(struct checkpointer *c)
{
	if (c->checkpoint != NULL) {
		c->is_due = spool_has_room(c->spool);
	} else if (c->spool != NULL && spool_is_over(c->spool)) {
		spool_free(c->spool);
		c->spool = NULL;
		checkpointer_schedule(c, c->is_wanted_again);
		c->is_wanted_again = false;
	}
	jobs_next(c->jobs);
}

// There was no memory for it: later.
static void checkpointer_put_off(struct checkpointer *c)
{
	config_free(c->removed);
	c->removed = NULL;
	c->has_removed = false;
	spool_free(c->spool);
	c->spool = NULL;
	checkpointer_schedule(c, false);
	jobs_next(c->jobs);
}

static void checkpointer_done(void *context)
{
	struct checkpointer *c = context;

	c->runs = false;
	allowance_take(&c->time, c->step_ns, clock_monotonic_ns());
	if (c->rc != 0) {
		checkpointer_tell(c, c->rc, &c->err);
		checkpointer_put_off(c);
		return;
	}
	checkpointer_hand_over(c);
	checkpointer_go_on(c);
}

void checkpointer_conclude(struct checkpointer *c, int rc, const struct error *err)
{
	if (c == NULL || c->runs)
		return; // checkpointer_done() has a look
	if (c->spool == NULL || rc != 0 || spool_is_over(c->spool))
		checkpointer_tell(c, rc, err);
	if (rc != 0)
		c->last = (struct checkpoint_last){0};
	if (c->spool != NULL && !c->is_due)
		checkpointer_go_on(c);
}

// A jobs_start_fn.
static bool checkpointer_start(void *context)
{
	struct checkpointer *c = context;

	if (!c->is_due)
		return false;
	c->is_due = false;
	if (c->checkpoint == NULL && c->spool != NULL) {
		checkpointer_hand_over(c);
		return false;
	}
	c->runs = true;
	jobs_run(c->jobs, checkpointer_work, checkpointer_done, c);
	return true;
}

static void checkpointer_due(int fd, short what, void *context)
{
	STEP_TIMED(CHECKPOINT);
	struct checkpointer *c = context;

	c->is_due = true;
	jobs_next(c->jobs);
}

int checkpointer_new(struct event_base *base, struct jobs *jobs, struct saver *saver,
	const struct handover *handover, struct checkpointer **out)
{
	struct checkpointer *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return -ENOMEM;
	c->jobs = jobs;
	c->saver = saver;
	c->handover = handover;
	c->timer = evtimer_new(base, checkpointer_due, c);
	if (c->timer == NULL) {
		free(c);
		return -ENOMEM;
	}
	jobs_set(jobs, JOBS_CHECKPOINT, checkpointer_start, c);
	allowance_init(&c->time, SHARE, SAVED_UP_NS, clock_monotonic_ns());
	checkpointer_schedule(c, true);
	*out = c;
	return 0;
}

void checkpointer_hurry(struct checkpointer *c)
{
	if (c == NULL)
		return;
	if (c->runs || c->spool != NULL)
		c->is_wanted_again = true; // the one at hand may have passed by what is new
	else if (!c->is_due)
		checkpointer_schedule(c, true);
}

static bool checkpointer_abandon(struct checkpointer *c)
{
	if (c == NULL || c->checkpoint == NULL)
		return false;
	checkpoint_abandon(c->checkpoint);
	c->checkpoint = NULL;
	c->is_due = false;
	c->is_wanted_again = true;
	return true;
}

void checkpointer_drop(struct checkpointer *c)
{
	if (checkpointer_abandon(c))
		checkpointer_hand_over(c);
}

void checkpointer_free(struct checkpointer *c)
{
	if (c == NULL)
		return;
	checkpointer_abandon(c);
	spool_free(c->spool);
	config_free(c->removed);
	event_free(c->timer);
	free(c);
}
