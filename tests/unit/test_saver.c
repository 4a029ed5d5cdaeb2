// SPDX-License-Identifier: BSD-3-Clause
#include <store/saver.h>
#include <store/spool.h>

#include <base/clock.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// cmocka wants the headers above first
#include <cmocka.h>

#define REQUESTS_MAX 16
#define SOON         (10 * CLOCK_NS_PER_S)

// A disk that may hang: what it took, in its order.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool hangs;
static int fails; // so many writes to come
static uint64_t begun, taken[REQUESTS_MAX], taken_count, freed;

// What the loop is told.
static uint64_t told_tag, told_count;
static int told_rc;

static void told(
	void *context, enum saver_place place, uint64_t tag, int rc, const struct error *err)
{
	(void)context, (void)place, (void)err;
	told_tag = tag;
	told_rc = rc;
	told_count++;
}

static int disk_write(struct saver_request *request, struct error *err)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	begun++;
	pthread_cond_broadcast(&changed);
	while (hangs)
		pthread_cond_wait(&changed, &lock);
	if (fails > 0) {
		fails--;
		rc = error_set(err, ENOSPC, "the disk is full");
	} else {
		taken[taken_count++] = request->tag;
	}
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return rc;
}

static void state_request_free(struct saver_request *request)
{
	pthread_mutex_lock(&lock);
	freed++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	free(request);
}

static void want(struct saver *saver, enum saver_place place, uint64_t tag)
{
	struct saver_request *request = calloc(1, sizeof(*request));

	*request = (struct saver_request){.work = disk_write,
		.free = state_request_free,
		.tag = tag,
		.retry_ns = CLOCK_NS_PER_MS};
	saver_submit(saver, place, request);
}

static void set_hangs(bool now)
{
	pthread_mutex_lock(&lock);
	hangs = now;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void wait_until(const uint64_t *count, uint64_t least)
{
	pthread_mutex_lock(&lock);
	while (*count < least)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

struct room {
	struct event_base *base;
	struct saver *saver;
};

static int enter(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	hangs = false;
	fails = 0;
	begun = taken_count = freed = told_count = 0;
	room->base = event_base_new();
	assert_int_equal(saver_new(room->base, told, NULL, &room->saver), 0);
	*state = room;
	return 0;
}

static int leave(void **state)
{
	struct room *room = *state;

	assert_true(saver_end(room->saver, clock_monotonic_ns() + SOON));
	event_base_free(room->base);
	free(room);
	return 0;
}

static void the_latest_of_a_place_wins_and_places_keep_their_order(void **state)
{
	struct room *room = *state;

	hangs = true;
	want(room->saver, SAVER_HEALTH, 1);
	wait_until(&begun, 1);
	assert_false(saver_is_idle(room->saver, SAVER_HEALTH));
	assert_true(saver_is_idle(room->saver, SAVER_CONFIG));
	for (uint64_t i = 2; i < 6; i++)
		want(room->saver, SAVER_HEALTH, i);
	want(room->saver, SAVER_CONFIG, 10);
	want(room->saver, SAVER_CONFIG, 11);
	set_hangs(false);
	wait_until(&taken_count, 3);
	assert_int_equal(taken[0], 1);
	assert_int_equal(taken[1], 11);
	assert_int_equal(taken[2], 5);
}

static void it_is_late_since_the_first_that_waits(void **state)
{
	struct room *room = *state;
	uint64_t late_ns;

	assert_int_equal(saver_late_ns(room->saver), 0);
	hangs = true;
	want(room->saver, SAVER_CONFIG, 1);
	wait_until(&begun, 1);
	while ((late_ns = saver_late_ns(room->saver)) < 20 * CLOCK_NS_PER_MS)
		;
	want(room->saver, SAVER_CONFIG, 2);
	assert_true(saver_late_ns(room->saver) >= late_ns);
	set_hangs(false);
	wait_until(&taken_count, 2);
	while (!saver_is_idle(room->saver, SAVER_CONFIG))
		;
	assert_int_equal(saver_late_ns(room->saver), 0);
}

static void what_fails_is_tried_again_and_told(void **state)
{
	struct room *room = *state;

	fails = 2;
	want(room->saver, SAVER_CONFIG, 7);
	wait_until(&begun, 1);
	while (told_count == 0 || told_rc != 0)
		event_base_loop(room->base, EVLOOP_ONCE);
	assert_int_equal(told_tag, 7);
	assert_int_equal(taken_count, 1);
	assert_int_equal(begun, 3);
}

static void what_waits_at_the_end_is_written(void **state)
{
	struct room *room = *state;

	hangs = true;
	want(room->saver, SAVER_CONFIG, 1);
	want(room->saver, SAVER_CHECKPOINT, 2);
	want(room->saver, SAVER_HEALTH, 3);
	wait_until(&begun, 1);
	set_hangs(false);
	assert_true(saver_end(room->saver, clock_monotonic_ns() + SOON));
	assert_int_equal(taken_count, 3);
	assert_int_equal(freed, 3);
	room->saver = NULL;
}

static void a_disk_that_hangs_is_left_in_time(void **state)
{
	static struct saver *left_behind; // for whoever looks for leaks
	struct room *room = *state;
	uint64_t begun_ns = clock_monotonic_ns();

	hangs = true;
	want(room->saver, SAVER_CONFIG, 1);
	wait_until(&begun, 1);
	assert_false(saver_end(room->saver, begun_ns + 50 * CLOCK_NS_PER_MS));
	assert_true(clock_monotonic_ns() - begun_ns >= 50 * CLOCK_NS_PER_MS);
	left_behind = room->saver;
	assert_non_null(left_behind);
	room->saver = NULL;
	set_hangs(false); // what stays behind ends by itself
	wait_until(&freed, 1); // it touches nothing of the next test's
}

// --- A large file ---

static void read_file(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "r");

	memset(out, 0, size);
	if (file == NULL)
		return;
	assert_true(fread(out, 1, size - 1, file) < size);
	fclose(file);
}

static void a_spool_becomes_a_file_at_its_end_or_leaves_the_one_before(void **state)
{
	static const struct {
		enum spool_end end;
		const char *now;
	} cases[] = {{SPOOL_ABANDON, "before"}, {SPOOL_KEEP, "onetwo"}, {SPOOL_REMOVE, ""}};
	char folder[] = "/tmp/fulcrum-spool-XXXXXX", path[64], text[64];
	struct room *room = *state;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/rows", folder);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spool *spool = spool_new(folder, "rows", KEPT_OVER_CRASHES);
		FILE *file = fopen(path, "w");
		struct error err;

		fputs("before", file);
		fclose(file);
		spool_add(spool, "one", 3);
		saver_submit(room->saver, SAVER_CHECKPOINT, spool_request(spool, i == 1));
		spool_add(spool, "two", 3);
		spool_end(spool, cases[i].end);
		saver_submit(room->saver, SAVER_FLOWS, spool_request(spool, false));
		while (!saver_is_idle(room->saver, SAVER_CHECKPOINT) ||
			!saver_is_idle(room->saver, SAVER_FLOWS))
			;
		assert_true(spool_is_over(spool));
		assert_int_equal(spool_result(spool, &err), 0);
		spool_free(spool);
		read_file(path, text, sizeof(text));
		assert_string_equal(text, cases[i].now);
	}
	assert_int_equal(rmdir(folder), 0); // and nothing else is there
}

static void a_spool_that_nobody_writes_is_full_one_day(void **state)
{
	static uint8_t piece[1u << 20];
	struct spool *spool = spool_new("/nowhere", "rows", KEPT_OVER_PROCESSES);
	struct error err;
	uint32_t pieces = 0;

	(void)state;
	for (; spool_has_room(spool); pieces++)
		spool_add(spool, piece, sizeof(piece));
	assert_int_equal(pieces, SPOOL_WAITING_MAX / sizeof(piece));
	assert_false(spool_wait_for_room(spool, clock_monotonic_ns() + 20 * CLOCK_NS_PER_MS));
	assert_int_equal(spool_write(spool, &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere/rows.new: No such file or directory");
	assert_true(spool_has_room(spool));
	spool_end(spool, SPOOL_KEEP);
	assert_int_equal(spool_write(spool, &err), -ENOENT);
	assert_int_equal(spool_result(spool, &err), -ENOENT);
	spool_free(spool);
}

int main(void)
{
#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, enter, leave)
	const struct CMUnitTest tests[] = {
		IN_ROOM(the_latest_of_a_place_wins_and_places_keep_their_order),
		IN_ROOM(it_is_late_since_the_first_that_waits),
		IN_ROOM(what_fails_is_tried_again_and_told),
		IN_ROOM(what_waits_at_the_end_is_written),
		IN_ROOM(a_disk_that_hangs_is_left_in_time),
		IN_ROOM(a_spool_becomes_a_file_at_its_end_or_leaves_the_one_before),
		IN_ROOM(a_spool_that_nobody_writes_is_full_one_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
