// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <jobs/job.h>

#include <errno.h>
#include <event2/event.h>
#include <metrics/step.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define FOREVER_NS (1ull << 62)

struct job {
	struct event *done_event;
	int done_fd; // the thread writes when a piece is done
	bool busy; // the loop's
	pthread_t thread;
	pthread_mutex_t lock; // over what follows
	pthread_cond_t wanted;
	bool stop;
	bool started;
	bool has_ended;
	job_fn *work;
	job_fn *done;
	void *context;
};

static void tell_done(const struct job *job)
{
	uint64_t one = 1;

	while (write(job->done_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *run(void *argument)
{
	struct job *job = argument;

	pthread_setname_np(pthread_self(), "fulcrum-jobs");
	pthread_mutex_lock(&job->lock);
	while (!job->stop) {
		if (!job->started) {
			pthread_cond_wait(&job->wanted, &job->lock);
			continue;
		}
		job->started = false;
		pthread_mutex_unlock(&job->lock);
		job->work(job->context);
		tell_done(job);
		pthread_mutex_lock(&job->lock);
	}
	job->has_ended = true;
	pthread_cond_broadcast(&job->wanted);
	pthread_mutex_unlock(&job->lock);
	return NULL;
}

static void on_done(int fd, short what, void *context)
{
	STEP_TIMED(JOB);
	struct job *job = context;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return;
	job->busy = false;
	job->done(job->context);
}

// Signals are the loop's business.
static int start_thread(struct job *job)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigdelset(&all, SIGSYS); // a system call that the daemon may not make is told (confine.h)
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&job->thread, NULL, run, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static void release(struct job *job)
{
	if (job->done_event != NULL)
		event_free(job->done_event);
	if (job->done_fd >= 0)
		close(job->done_fd);
	pthread_mutex_destroy(&job->lock);
	pthread_cond_destroy(&job->wanted);
	free(job);
}

int job_new(struct event_base *base, struct job **out)
{
	struct job *job = calloc(1, sizeof(*job));
	pthread_condattr_t monotonic;

	if (job == NULL)
		return -ENOMEM;
	pthread_mutex_init(&job->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&job->wanted, &monotonic);
	pthread_condattr_destroy(&monotonic);
	job->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (job->done_fd >= 0)
		job->done_event = event_new(base, job->done_fd, EV_READ | EV_PERSIST, on_done, job);
	if (job->done_event == NULL || event_add(job->done_event, NULL) != 0 ||
		start_thread(job) != 0) {
		release(job);
		return -ENOMEM;
	}
	*out = job;
	return 0;
}

bool job_end(struct job *job, uint64_t until_ns)
{
	struct timespec until = {
		(time_t)(until_ns / CLOCK_NS_PER_S), (long)(until_ns % CLOCK_NS_PER_S)};
	bool has_ended;

	if (job == NULL)
		return true;
	pthread_mutex_lock(&job->lock);
	job->stop = true;
	pthread_cond_broadcast(&job->wanted);
	while (!job->has_ended && clock_monotonic_ns() < until_ns)
		pthread_cond_timedwait(&job->wanted, &job->lock, &until);
	has_ended = job->has_ended;
	pthread_mutex_unlock(&job->lock);
	if (!has_ended) {
		event_free(job->done_event);
		pthread_detach(job->thread);
		return false;
	}
	pthread_join(job->thread, NULL);
	release(job);
	return true;
}

void job_free(struct job *job)
{
	job_end(job, FOREVER_NS);
}

bool job_is_busy(const struct job *job)
{
	return job->busy;
}

void job_start(struct job *job, job_fn *work, job_fn *done, void *context)
{
	job->busy = true;
	pthread_mutex_lock(&job->lock);
	job->work = work;
	job->done = done;
	job->context = context;
	job->started = true;
	pthread_cond_signal(&job->wanted);
	pthread_mutex_unlock(&job->lock);
}
