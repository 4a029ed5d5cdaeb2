// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <store/spool.h>

#include <config/daemon.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct spool_piece {
	struct spool_piece *next;
	size_t size;
	uint8_t bytes[];
};

struct spool {
	char folder[DAEMON_PATH_SIZE];
	char name[KEPT_FILE_NAME_SIZE];
	enum kept_over over;
	pthread_mutex_t lock; // over what follows
	pthread_cond_t changed;
	uint32_t holders;
	struct spool_piece *first;
	struct spool_piece **last; // where the next one is put
	size_t waiting;
	bool has_no_memory;
	enum spool_end end;
	bool is_over;
	// The writer's own.
	struct kept_file kept;
	bool is_begun;
	int rc;
};

struct spool *spool_new(const char *folder, const char *name, enum kept_over over)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	pthread_condattr_t monotonic;

	if (spool == NULL)
		return NULL;
	snprintf(spool->folder, sizeof(spool->folder), "%s", folder);
	snprintf(spool->name, sizeof(spool->name), "%s", name);
	spool->over = over;
	spool->holders = 1;
	spool->last = &spool->first;
	pthread_mutex_init(&spool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&spool->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return spool;
}

static void spool_free_pieces(struct spool_piece *piece)
{
	for (struct spool_piece *next; piece != NULL; piece = next) {
		next = piece->next;
		free(piece);
	}
}

void spool_free(struct spool *spool)
{
	uint32_t holders;

	if (spool == NULL)
		return;
	pthread_mutex_lock(&spool->lock);
	holders = --spool->holders;
	pthread_mutex_unlock(&spool->lock);
	if (holders > 0)
		return;
	if (spool->is_begun && !spool->is_over)
		kept_file_abandon(&spool->kept);
	spool_free_pieces(spool->first);
	pthread_mutex_destroy(&spool->lock);
	pthread_cond_destroy(&spool->changed);
	free(spool);
}

void spool_add(struct spool *spool, const void *bytes, size_t size)
{
	struct spool_piece *piece = malloc(sizeof(*piece) + size);

	if (piece != NULL) {
		piece->next = NULL;
		piece->size = size;
		memcpy(piece->bytes, bytes, size);
	}
	pthread_mutex_lock(&spool->lock);
	if (piece == NULL) {
		spool->has_no_memory = true;
	} else {
		*spool->last = piece;
		spool->last = &piece->next;
		spool->waiting += size;
	}
	pthread_cond_broadcast(&spool->changed);
	pthread_mutex_unlock(&spool->lock);
}

void spool_end(struct spool *spool, enum spool_end end)
{
	pthread_mutex_lock(&spool->lock);
	spool->end = end;
	pthread_cond_broadcast(&spool->changed);
	pthread_mutex_unlock(&spool->lock);
}

bool spool_wait_for_room(struct spool *spool, uint64_t until_ns)
{
	struct timespec until = {
		(time_t)(until_ns / CLOCK_NS_PER_S), (long)(until_ns % CLOCK_NS_PER_S)};
	bool has_room;

	pthread_mutex_lock(&spool->lock);
	while (spool->waiting >= SPOOL_WAITING_MAX && clock_monotonic_ns() < until_ns)
		pthread_cond_timedwait(&spool->changed, &spool->lock, &until);
	has_room = spool->waiting < SPOOL_WAITING_MAX;
	pthread_mutex_unlock(&spool->lock);
	return has_room;
}

bool spool_has_room(struct spool *spool)
{
	return spool_wait_for_room(spool, 0);
}

bool spool_is_over(struct spool *spool)
{
	bool is_over;

	pthread_mutex_lock(&spool->lock);
	is_over = spool->is_over;
	pthread_mutex_unlock(&spool->lock);
	return is_over;
}

// --- The thread that writes ---

static int spool_put(struct spool *spool, const uint8_t *at, size_t size)
{
	if (!spool->is_begun) {
		int rc = kept_file_begin(&spool->kept, spool->folder, spool->name, spool->over);

		if (rc != 0)
			return rc;
		spool->is_begun = true;
	}
	while (size > 0) {
		ssize_t written = write(fileno(spool->kept.file), at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		at += written;
		size -= (size_t)written;
	}
	return 0;
}

static void spool_remove(const struct spool *spool)
{
	char path[sizeof(spool->folder) + sizeof(spool->name) + 1];

	snprintf(path, sizeof(path), "%s/%s", spool->folder, spool->name);
	unlink(path);
}

static int spool_conclude(struct spool *spool, enum spool_end end)
{
	if (spool->rc == 0 && end == SPOOL_KEEP && spool->is_begun)
		return kept_file_commit(&spool->kept);
	if (spool->is_begun)
		kept_file_abandon(&spool->kept);
	if (end == SPOOL_REMOVE)
		spool_remove(spool);
	return end == SPOOL_ABANDON ? 0 : spool->rc;
}

// The pieces that wait; 'end' is what stood behind them.
static struct spool_piece *spool_take(struct spool *spool, enum spool_end *end)
{
	struct spool_piece *pieces;

	pthread_mutex_lock(&spool->lock);
	pieces = spool->first;
	spool->first = NULL;
	spool->last = &spool->first;
	*end = spool->is_over ? SPOOL_GOES_ON : spool->end;
	if (spool->has_no_memory && spool->rc == 0)
		spool->rc = -ENOMEM;
	pthread_mutex_unlock(&spool->lock);
	return pieces;
}

static void spool_written(struct spool *spool, size_t size)
{
	pthread_mutex_lock(&spool->lock);
	spool->waiting -= size;
	pthread_cond_broadcast(&spool->changed);
	pthread_mutex_unlock(&spool->lock);
}

static int spool_tell(const struct spool *spool, struct error *err)
{
	if (spool->rc == 0)
		return 0;
	return error_set(err, -spool->rc, "%s/%s%s: %s", spool->folder, spool->name,
		spool->is_begun ? "" : ".new", strerror(-spool->rc));
}

int spool_write(struct spool *spool, struct error *err)
{
	enum spool_end end;
	struct spool_piece *pieces = spool_take(spool, &end);

	for (struct spool_piece *piece = pieces; piece != NULL; piece = piece->next) {
		if (spool->rc == 0 && end != SPOOL_ABANDON && end != SPOOL_REMOVE)
			spool->rc = spool_put(spool, piece->bytes, piece->size);
		spool_written(spool, piece->size);
	}
	spool_free_pieces(pieces);
	if (end != SPOOL_GOES_ON) {
		spool->rc = spool_conclude(spool, end);
		pthread_mutex_lock(&spool->lock);
		spool->is_over = true;
		pthread_mutex_unlock(&spool->lock);
	}
	return spool_tell(spool, err);
}

int spool_result(struct spool *spool, struct error *err)
{
	if (!spool_is_over(spool))
		return error_set(err, EIO, "%s/%s: it is not written", spool->folder, spool->name);
	return spool_tell(spool, err);
}

// --- As a request ---

struct spool_request {
	struct saver_request request;
	struct spool *spool;
};

static int spool_request_once(struct saver_request *request, struct error *err)
{
	return spool_write(((struct spool_request *)request)->spool, err);
}

static int spool_request_whole(struct saver_request *request, struct error *err)
{
	struct spool *spool = ((struct spool_request *)request)->spool;
	int rc;

	do {
		pthread_mutex_lock(&spool->lock);
		while (spool->first == NULL && spool->end == SPOOL_GOES_ON)
			pthread_cond_wait(&spool->changed, &spool->lock);
		pthread_mutex_unlock(&spool->lock);
		rc = spool_write(spool, err);
	} while (!spool_is_over(spool));
	return rc;
}

static void spool_request_free(struct saver_request *request)
{
	spool_free(((struct spool_request *)request)->spool);
	free(request);
}

struct saver_request *spool_request(struct spool *spool, bool until_its_end)
{
	struct spool_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->request.work = until_its_end ? spool_request_whole : spool_request_once;
	request->request.free = spool_request_free;
	request->spool = spool;
	pthread_mutex_lock(&spool->lock);
	spool->holders++;
	pthread_mutex_unlock(&spool->lock);
	return &request->request;
}
