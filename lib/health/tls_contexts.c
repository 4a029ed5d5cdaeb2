// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <health/tls_files.h>
#include <health/tls_private.h>
#include <jobs/job.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define READINGS_MAX \
	64 // at a time, a thread each: a disk that hangs holds up no file of another one
// So long a probe waits for files that are read anew. A disk that takes longer is slow, or hangs:
// what was read before serves.
#define FRESH_NS  (100 * CLOCK_NS_PER_MS)
#define LATE_NS   CLOCK_NS_PER_S // a reading that takes longer is told
#define FAILED_NS CLOCK_NS_PER_S // so long a failure stands, whoever asks

LIST_HEAD(tls_waiters, tls_waiter);

// The thread's, until it is done.
struct reading {
	struct context *context;
	struct tls_files files;
};

struct context {
	struct context *next;
	struct tls_contexts *contexts;
	struct tls_files files; // 'ctx' is what probes use; NULL: not read, or 'fault' says why
	struct tls_waiters waiters;
	struct reading *reading; // NULL: nobody reads
	struct job *job; // likewise
	uint64_t begun_ns; // with reading
	bool is_told; // that it takes long
	uint64_t fresh_by_ns; // until then, who asks waits for the reading
	uint64_t failed_ns; // 0: the last reading did not fail
	bool is_used; // since the files were forgotten last
	bool is_wanted; // it is to be read, when nobody reads
};

struct tls_contexts {
	struct event_base *base;
	struct context *first;
	uint32_t readings;
};

static void ignore_sigpipe(void)
{
	struct sigaction now;

	if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

struct tls_contexts *tls_contexts_new(struct event_base *base)
{
	struct tls_contexts *contexts = calloc(1, sizeof(*contexts));

	ignore_sigpipe();
	OPENSSL_init_ssl(0, NULL); // it reads its own file: now, and not when the loop runs
	if (contexts != NULL)
		contexts->base = base;
	return contexts;
}

static void reading_free(struct reading *reading)
{
	SSL_CTX_free(reading->files.ctx);
	free(reading);
}

// Sessions that run hold their SSL_CTX themselves.
static void context_free(struct context *context)
{
	SSL_CTX_free(context->files.ctx);
	free(context);
}

// --- Reading ---

// On the thread.
static void reading_work(void *argument)
{
	struct reading *reading = argument;

	tls_files_read(&reading->files);
}

static void reading_done(void *argument);

static bool context_begin_reading(struct context *context)
{
	struct tls_contexts *contexts = context->contexts;
	struct reading *reading = malloc(sizeof(*reading));

	context->is_wanted = false;
	if (reading == NULL || job_new(contexts->base, &context->job) != 0) {
		free(reading);
		return false;
	}
	*reading = (struct reading){context, context->files};
	reading->files.ctx = NULL;
	context->reading = reading;
	context->begun_ns = clock_monotonic_ns();
	context->is_told = false;
	contexts->readings++;
	job_start(context->job, reading_work, reading_done, reading);
	return true;
}

// False: no memory, or no thread.
static bool context_read(struct context *context)
{
	context->is_wanted = true;
	if (context->reading != NULL || context->contexts->readings >= READINGS_MAX)
		return true; // later
	return context_begin_reading(context);
}

static void contexts_take_next(struct tls_contexts *contexts)
{
	for (struct context *context = contexts->first; context != NULL; context = context->next)
		if (context->is_wanted)
			context_read(context);
}

// What they do next may begin new probes, which wait here again, and end others.
static void contexts_wake(struct tls_waiters *waiting)
{
	struct tls_waiters waiters = LIST_HEAD_INITIALIZER(waiters);
	struct tls_waiter *waiter;

	while ((waiter = LIST_FIRST(waiting)) != NULL) {
		LIST_REMOVE(waiter, link);
		LIST_INSERT_HEAD(&waiters, waiter, link);
	}
	while ((waiter = LIST_FIRST(&waiters)) != NULL) {
		tls_waiter_leave(waiter);
		waiter->wake(waiter);
	}
}

static void context_take(struct context *context, struct tls_files *files)
{
	SSL_CTX_free(context->files.ctx);
	context->files = *files;
	files->ctx = NULL;
	context->failed_ns = context->files.ctx == NULL ? clock_monotonic_ns() : 0;
	if (!context->is_wanted)
		context->fresh_by_ns = 0;
}

static void reading_done(void *argument)
{
	struct reading *reading = argument;
	struct context *context = reading->context;
	struct tls_contexts *contexts = context->contexts;

	context_take(context, &reading->files);
	reading_free(reading);
	job_free(context->job);
	context->reading = NULL;
	context->job = NULL;
	contexts->readings--;
	contexts_take_next(contexts);
	contexts_wake(&context->waiters);
}

// --- What probes ask for ---

void tls_waiter_leave(struct tls_waiter *waiter)
{
	if (waiter->is_waiting)
		LIST_REMOVE(waiter, link);
	waiter->is_waiting = false;
}

static struct context *context_find(
	struct tls_contexts *contexts, const struct config_health *policy)
{
	struct context *context = contexts->first;

	while (context != NULL && !tls_files_are_for(&context->files, policy))
		context = context->next;
	if (context != NULL)
		return context;
	context = calloc(1, sizeof(*context));
	if (context == NULL)
		return NULL;
	context->contexts = contexts;
	tls_files_set(&context->files, policy);
	LIST_INIT(&context->waiters);
	if (tls_files_are_none(&context->files))
		tls_files_read(&context->files);
	context->next = contexts->first;
	contexts->first = context;
	return context;
}

static void context_wait(struct context *context, struct tls_waiter *waiter)
{
	LIST_INSERT_HEAD(&context->waiters, waiter, link);
	waiter->is_waiting = true;
}

// What was read before serves meanwhile.
static void context_tell_late(struct context *context, uint64_t now_ns)
{
	const struct tls_files *files = &context->files;
	bool has_ca = files->ca[0] != '\0';

	if (context->reading == NULL || context->is_told || now_ns - context->begun_ns < LATE_NS)
		return;
	context->is_told = true;
	log_warning(
		"health: %s '%s' is not read: its disk does not answer; probes go by what was read before",
		has_ca ? "ca" : "certificate", has_ca ? files->ca : files->certificate);
}

SSL_CTX *tls_contexts_get(struct tls_contexts *contexts, const struct config_health *policy,
	struct tls_waiter *waiter, const char **fault)
{
	struct context *context = context_find(contexts, policy);
	uint64_t now_ns = clock_monotonic_ns();

	*fault = "the balancer cannot begin it: no memory";
	if (context == NULL)
		return NULL;
	context->is_used = true;
	if (context->files.ctx != NULL && now_ns >= context->fresh_by_ns) {
		context_tell_late(context, now_ns);
		return context->files.ctx;
	}
	if (context->failed_ns != 0 && now_ns - context->failed_ns < FAILED_NS) {
		*fault = context->files.fault;
		return NULL;
	}
	if (context->reading == NULL && !context_read(context))
		return context->files.ctx;
	context_wait(context, waiter);
	return NULL;
}

// --- Forgetting ---

// What nobody asked for since the last time goes.
static bool context_is_over(const struct context *context)
{
	return !context->is_used && context->reading == NULL && LIST_EMPTY(&context->waiters);
}

static void context_forget(struct context *context)
{
	context->is_used = false;
	context->failed_ns = 0;
	if (tls_files_are_none(&context->files))
		return;
	context->fresh_by_ns = clock_monotonic_ns() + FRESH_NS;
	if (!context_read(context))
		context->fresh_by_ns = 0;
}

void tls_contexts_forget(struct tls_contexts *contexts)
{
	struct context **link = &contexts->first;

	while (*link != NULL) {
		struct context *context = *link;

		if (context_is_over(context)) {
			*link = context->next;
			context_free(context);
			continue;
		}
		context_forget(context);
		link = &context->next;
	}
}

bool tls_contexts_end(struct tls_contexts *contexts, uint64_t until_ns)
{
	bool has_ended = true;

	for (struct context *context = contexts->first; context != NULL; context = context->next) {
		context->is_wanted = false;
		if (context->reading == NULL)
			continue;
		if (job_end(context->job, until_ns))
			reading_free(context->reading);
		else
			has_ended = false;
		context->job = NULL;
		context->reading = NULL;
	}
	return has_ended;
}

void tls_contexts_free(struct tls_contexts *contexts)
{
	if (contexts == NULL)
		return;
	tls_contexts_end(contexts, clock_monotonic_ns() + CLOCK_NS_PER_S);
	for (struct context *context = contexts->first, *next; context != NULL; context = next) {
		next = context->next;
		context_free(context);
	}
	free(contexts);
}
