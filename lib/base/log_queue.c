// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log_json.h>
#include <base/log_queue.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RESERVE_SIZE (LOG_QUEUE_SIZE / 4) // for warnings and errors
#define EXIT_MS      2000

// In front of each line.
struct queued {
	uint32_t size;
	uint32_t tells; // it says that so many are lost; 0
};

static struct {
	pthread_mutex_t lock; // held for no longer than a copy of a line
	pthread_cond_t filled;
	pthread_cond_t written;
	log_queue_tell_fn *tell;
	bool is_running;
	bool is_ending;
	bool is_writing;
	bool is_failing; // the last line could not be written
	uint64_t lost;
	uint32_t untold; // of them
	size_t first; // byte of the ring
	size_t used;
	char ring[LOG_QUEUE_SIZE];
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER,
	.filled = PTHREAD_COND_INITIALIZER,
	.written = PTHREAD_COND_INITIALIZER};

static void queue_append(const void *bytes, size_t size)
{
	size_t at = (queue.first + queue.used) % LOG_QUEUE_SIZE;
	size_t head = size < LOG_QUEUE_SIZE - at ? size : LOG_QUEUE_SIZE - at;

	memcpy(queue.ring + at, bytes, head);
	memcpy(queue.ring, (const char *)bytes + head, size - head);
	queue.used += size;
}

static void queue_remove(void *bytes, size_t size)
{
	size_t head = size < LOG_QUEUE_SIZE - queue.first ? size : LOG_QUEUE_SIZE - queue.first;

	memcpy(bytes, queue.ring + queue.first, head);
	memcpy((char *)bytes + head, queue.ring, size - head);
	queue.first = (queue.first + size) % LOG_QUEUE_SIZE;
	queue.used -= size;
}

static void queue_append_line(const char *line, size_t size, uint32_t tells)
{
	const struct queued queued = {(uint32_t)size, tells};

	queue_append(&queued, sizeof(queued));
	queue_append(line, size);
}

static bool queue_is_to_tell(void)
{
	return queue.untold > 0 && !queue.is_failing;
}

static void queue_tell_lost(void)
{
	char line[LOG_JSON_SIZE];
	size_t size = queue.tell(line, sizeof(line), queue.untold);

	queue_append_line(line, size, queue.untold);
	queue.untold = 0;
}

// --- The thread ---

static bool queue_write(const char *line, size_t size)
{
	struct pollfd writable = {.fd = STDERR_FILENO, .events = POLLOUT};

	while (size > 0) {
		ssize_t written = write(STDERR_FILENO, line, size);

		if (written < 0 && errno == EAGAIN) // another holder set O_NONBLOCK
			poll(&writable, 1, -1);
		else if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			line += written;
			size -= (size_t)written;
		}
	}
	return true;
}

// One line, without the lock meanwhile.
static void queue_write_first(void)
{
	static char line[LOG_JSON_SIZE]; // of this thread alone
	struct queued queued;
	bool is_written;

	queue_remove(&queued, sizeof(queued));
	queue_remove(line, queued.size);
	queue.is_writing = true;
	pthread_mutex_unlock(&queue.lock);
	is_written = queue_write(line, queued.size);
	pthread_mutex_lock(&queue.lock);
	queue.is_writing = false;
	queue.is_failing = !is_written;
	if (is_written)
		return;
	queue.lost += queued.tells == 0;
	queue.untold += queued.tells == 0 ? 1 : queued.tells;
}

static void *queue_run(void *context)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.used > 0 || queue_is_to_tell() || !queue.is_ending) {
		if (queue.used > 0) {
			queue_write_first();
		} else if (queue_is_to_tell()) {
			queue_tell_lost();
		} else {
			pthread_cond_broadcast(&queue.written);
			pthread_cond_wait(&queue.filled, &queue.lock);
		}
	}
	queue.is_running = false;
	pthread_cond_broadcast(&queue.written);
	pthread_mutex_unlock(&queue.lock);
	return NULL;
}

// --- Its callers ---

static void queue_exit(void)
{
	log_queue_finish(EXIT_MS);
}

int log_queue_start(log_queue_tell_fn *tell)
{
	static bool is_registered;
	sigset_t all, before;
	pthread_t thread;
	int rc;

	if (!is_registered && atexit(queue_exit) != 0)
		return -ENOMEM;
	is_registered = true;
	pthread_mutex_lock(&queue.lock);
	queue.tell = tell;
	queue.is_ending = false;
	sigfillset(&all); // signals are the loop's business
	sigdelset(&all, SIGSYS); // but a refused system call is told by one (confine.h)
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = queue.is_running ? EALREADY : pthread_create(&thread, NULL, queue_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	queue.is_running |= rc == 0;
	if (rc == 0)
		pthread_detach(thread); // it may never return from a write
	pthread_mutex_unlock(&queue.lock);
	return -rc;
}

bool log_queue_put(const char *line, size_t size, bool is_urgent)
{
	size_t limit = is_urgent ? LOG_QUEUE_SIZE : LOG_QUEUE_SIZE - RESERVE_SIZE;
	size_t needed = sizeof(struct queued) + size;
	bool is_running;

	pthread_mutex_lock(&queue.lock);
	is_running = queue.is_running;
	if (is_running && queue.untold > 0)
		needed += sizeof(struct queued) + LOG_JSON_SIZE;
	if (is_running && queue.used + needed > limit) {
		queue.lost++;
		queue.untold++;
	} else if (is_running) {
		if (queue.untold > 0)
			queue_tell_lost();
		queue_append_line(line, size, 0);
		pthread_cond_signal(&queue.filled);
	}
	pthread_mutex_unlock(&queue.lock);
	return is_running;
}

void log_queue_finish(uint32_t deadline_ms)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += deadline_ms / 1000;
	until.tv_nsec += deadline_ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&queue.lock);
	queue.is_ending = true;
	pthread_cond_signal(&queue.filled);
	while (queue.is_running && rc == 0)
		rc = pthread_cond_clockwait(&queue.written, &queue.lock, CLOCK_MONOTONIC, &until);
	pthread_mutex_unlock(&queue.lock);
}

uint64_t log_queue_lost(void)
{
	uint64_t lost;

	pthread_mutex_lock(&queue.lock);
	lost = queue.lost;
	pthread_mutex_unlock(&queue.lock);
	return lost;
}
