// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <metrics/step.h>
#include <store/saver.h>

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct saver_slot {
	struct saver_request *request; // that waits; NULL
	uint64_t since_ns; // since when something of this place is not written; 0: all is
	uint64_t not_before_ns; // of one that is tried again
	// What became of the last try.
	bool has_report;
	uint64_t tag;
	int rc;
	struct error err;
};

struct saver {
	struct event *event;
	int fd; // the thread writes when there is something to tell
	saver_done_fn *done;
	void *context;
	pthread_t thread;
	pthread_mutex_t lock; // over what follows
	pthread_cond_t changed;
	struct saver_slot slots[SAVER_PLACES];
	struct saver_request *at_hand; // NULL: the thread waits
	uint32_t place_at_hand;
	bool stop;
	bool has_ended;
};

static struct timespec saver_timespec(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / CLOCK_NS_PER_S), (long)(ns % CLOCK_NS_PER_S)};
}

// --- The thread, with the lock but while it writes ---

// SAVER_PLACES: none is due. 'until_ns' is when the next one will be, or 0.
static uint32_t saver_find(const struct saver *saver, uint64_t *until_ns)
{
	uint64_t now_ns = clock_monotonic_ns();

	*until_ns = 0;
	for (uint32_t place = 0; place < SAVER_PLACES; place++) {
		const struct saver_slot *slot = &saver->slots[place];

		if (slot->request == NULL)
			continue;
		if (saver->stop || slot->not_before_ns <= now_ns)
			return place;
		if (*until_ns == 0 || slot->not_before_ns < *until_ns)
			*until_ns = slot->not_before_ns;
	}
	return SAVER_PLACES;
}

static void saver_sleep(struct saver *saver, uint64_t until_ns)
{
	struct timespec until = saver_timespec(until_ns);

	if (until_ns == 0)
		pthread_cond_wait(&saver->changed, &saver->lock);
	else
		pthread_cond_timedwait(&saver->changed, &saver->lock, &until);
}

static void saver_report(
	struct saver *saver, struct saver_slot *slot, uint64_t tag, int rc, const struct error *err)
{
	uint64_t one = 1;

	slot->has_report = true;
	slot->tag = tag;
	slot->rc = rc;
	slot->err = *err;
	while (write(saver->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void saver_write(struct saver *saver, uint32_t place)
{
	struct saver_slot *slot = &saver->slots[place];
	struct saver_request *request = slot->request;
	struct error err = {.text = ""};
	uint64_t begun_ns = clock_monotonic_ns();
	int rc;

	slot->request = NULL;
	saver->at_hand = request;
	saver->place_at_hand = place;
	pthread_mutex_unlock(&saver->lock);
	rc = request->work(request, &err);
	pthread_mutex_lock(&saver->lock);
	saver->at_hand = NULL;
	saver_report(saver, slot, request->tag, rc, &err);
	if (rc != 0 && request->retry_ns != 0 && slot->request == NULL && !saver->stop) {
		slot->request = request;
		slot->not_before_ns = clock_monotonic_ns() + request->retry_ns;
		return;
	}
	if (slot->request == NULL)
		slot->since_ns = 0;
	else if (rc == 0)
		slot->since_ns = begun_ns; // the next one is not older
	request->free(request);
}

static void *saver_run(void *argument)
{
	struct saver *saver = argument;
	uint64_t until_ns;

	pthread_setname_np(pthread_self(), "fulcrum-saver");
	pthread_mutex_lock(&saver->lock);
	for (;;) {
		uint32_t place = saver_find(saver, &until_ns);

		if (place < SAVER_PLACES)
			saver_write(saver, place);
		else if (saver->stop)
			break;
		else
			saver_sleep(saver, until_ns);
	}
	saver->has_ended = true;
	pthread_cond_broadcast(&saver->changed);
	pthread_mutex_unlock(&saver->lock);
	return NULL;
}

// --- The loop's thread ---

static void saver_tell(int fd, short what, void *context)
{
	STEP_TIMED(JOB);
	struct saver *saver = context;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	for (uint32_t place = 0; place < SAVER_PLACES; place++) {
		struct saver_slot report;

		pthread_mutex_lock(&saver->lock);
		report = saver->slots[place];
		saver->slots[place].has_report = false;
		pthread_mutex_unlock(&saver->lock);
		if (report.has_report)
			saver->done(saver->context, (enum saver_place)place, report.tag, report.rc,
				&report.err);
	}
}

// Signals are the loop's business.
static int saver_start(struct saver *saver)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigdelset(&all, SIGSYS); // a system call that the daemon may not make is told (confine.h)
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&saver->thread, NULL, saver_run, saver);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void saver_release(struct saver *saver)
{
	if (saver->event != NULL)
		event_free(saver->event);
	if (saver->fd >= 0)
		close(saver->fd);
	pthread_mutex_destroy(&saver->lock);
	pthread_cond_destroy(&saver->changed);
	free(saver);
}

int saver_new(struct event_base *base, saver_done_fn *done, void *context, struct saver **out)
{
	struct saver *saver = calloc(1, sizeof(*saver));
	pthread_condattr_t monotonic;

	if (saver == NULL)
		return -ENOMEM;
	saver->done = done;
	saver->context = context;
	pthread_mutex_init(&saver->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&saver->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	saver->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (saver->fd >= 0)
		saver->event = event_new(base, saver->fd, EV_READ | EV_PERSIST, saver_tell, saver);
	if (saver->event == NULL || event_add(saver->event, NULL) != 0 || saver_start(saver) != 0) {
		saver_release(saver);
		return -ENOMEM;
	}
	*out = saver;
	return 0;
}

void saver_submit(struct saver *saver, enum saver_place place, struct saver_request *request)
{
	struct saver_slot *slot = &saver->slots[place];
	struct saver_request *before;

	pthread_mutex_lock(&saver->lock);
	before = slot->request;
	slot->request = request;
	slot->not_before_ns = 0;
	if (slot->since_ns == 0)
		slot->since_ns = clock_monotonic_ns();
	pthread_cond_broadcast(&saver->changed);
	pthread_mutex_unlock(&saver->lock);
	if (before != NULL)
		before->free(before);
}

uint64_t saver_late_ns(struct saver *saver)
{
	uint64_t since_ns = 0, now_ns = clock_monotonic_ns();

	if (saver == NULL)
		return 0;
	pthread_mutex_lock(&saver->lock);
	for (uint32_t place = 0; place < SAVER_PLACES; place++) {
		uint64_t ns = saver->slots[place].since_ns;

		if (ns != 0 && (since_ns == 0 || ns < since_ns))
			since_ns = ns;
	}
	pthread_mutex_unlock(&saver->lock);
	return since_ns != 0 && now_ns > since_ns ? now_ns - since_ns : 0;
}

bool saver_is_idle(struct saver *saver, enum saver_place place)
{
	bool is_idle;

	pthread_mutex_lock(&saver->lock);
	is_idle = saver->slots[place].request == NULL &&
		  (saver->at_hand == NULL || saver->place_at_hand != place);
	pthread_mutex_unlock(&saver->lock);
	return is_idle;
}

bool saver_end(struct saver *saver, uint64_t until_ns)
{
	struct timespec until = saver_timespec(until_ns);
	bool has_ended;

	if (saver == NULL)
		return true;
	pthread_mutex_lock(&saver->lock);
	saver->stop = true;
	pthread_cond_broadcast(&saver->changed);
	while (!saver->has_ended && clock_monotonic_ns() < until_ns)
		pthread_cond_timedwait(&saver->changed, &saver->lock, &until);
	has_ended = saver->has_ended;
	pthread_mutex_unlock(&saver->lock);
	event_free(saver->event);
	saver->event = NULL;
	if (!has_ended) {
		pthread_detach(saver->thread);
		return false;
	}
	pthread_join(saver->thread, NULL);
	saver_release(saver);
	return true;
}
