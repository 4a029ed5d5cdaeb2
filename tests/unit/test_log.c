// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <base/log_queue.h>

#include <dirent.h>
#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#define TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "

// What is logged comes by this pipe, in standard error's place.
struct reader {
	int fd, stderr_before;
	char journal[64]; // $JOURNAL_STREAM as systemd would set it
};

static struct reader reader_open(void)
{
	struct reader reader;
	struct stat status;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	reader.fd = ends[0];
	reader.stderr_before = dup(STDERR_FILENO);
	assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(fstat(STDERR_FILENO, &status), 0);
	snprintf(reader.journal, sizeof(reader.journal), "%lu:%lu", (unsigned long)status.st_dev,
		(unsigned long)status.st_ino);
	return reader;
}

static void reader_close(struct reader *reader, char *line, size_t size)
{
	ssize_t got = read(reader->fd, line, size - 1);

	dup2(reader->stderr_before, STDERR_FILENO);
	close(reader->stderr_before);
	close(reader->fd);
	unsetenv("JOURNAL_STREAM");
	line[got > 0 ? got : 0] = '\0';
}

static void assert_matches(const char *line, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, line, 0, NULL, 0) != 0)
		fail_msg("'%s' is not like '%s'", line, pattern);
	regfree(&regex);
}

static void lines_have_time_and_level_where_no_journal_reads(void **state)
{
	static const struct {
		enum log_level level;
		const char *pattern;
	} rows[] = {
		{LOG_LEVEL_ERROR, TIME "error: port wan: 7 of 9\n$"},
		{LOG_LEVEL_WARNING, TIME "warning: port wan: 7 of 9\n$"},
		{LOG_LEVEL_INFO, TIME "info: port wan: 7 of 9\n$"},
	};
	char line[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reader reader = reader_open();

		log_write(rows[i].level, "port %s: %d of %d", "wan", 7, 9);
		reader_close(&reader, line, sizeof(line));
		assert_matches(line, rows[i].pattern);
	}
}

static void the_time_is_now(void **state)
{
	struct reader reader = reader_open();
	time_t before = time(NULL), told;
	struct tm utc = {0};
	char line[256];

	log_info("now");
	reader_close(&reader, line, sizeof(line));
	assert_non_null(strptime(line, "%Y-%m-%dT%H:%M:%S", &utc));
	told = timegm(&utc);
	assert_true(told >= before);
	assert_true(
		told <= time(NULL) + 1); // which goes by a coarser clock, some milliseconds behind
}

static void lines_have_a_priority_where_the_journal_reads(void **state)
{
	struct reader reader = reader_open();
	char line[256];

	setenv("JOURNAL_STREAM", reader.journal, 1);
	log_error("one");
	log_warning("two");
	log_info("three");
	log_debug("left out");
	reader_close(&reader, line, sizeof(line));
	assert_string_equal(line, "<3>error: one\n<4>warning: two\n<6>three\n");
}

static void a_stream_that_is_not_ours_is_no_journal(void **state)
{
	static const char *const streams[] = {"", "0:0", "words", "9:12345678"};
	char line[256];

	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct reader reader = reader_open();

		setenv("JOURNAL_STREAM", streams[i], 1);
		log_info("said");
		reader_close(&reader, line, sizeof(line));
		assert_matches(line, TIME "info: said\n$");
	}
}

static void a_line_that_is_too_long_ends_with_a_line_feed(void **state)
{
	struct reader reader = reader_open();
	char line[2048], text[1500];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_info("%s", text);
	reader_close(&reader, line, sizeof(line));
	assert_true(strlen(line) <= 1024);
	assert_matches(line, TIME "info: x+\n$");
}

// --- Behind the queue ---

#define LINES    20000
#define TIME_END "Z " // of each line

// A pipe whose reader does nothing: full, so that a write to it waits.
static struct reader stalled_open(void)
{
	struct reader reader = reader_open();
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	while (write(STDERR_FILENO, "#", 1) == 1)
		;
	fcntl(STDERR_FILENO, F_SETFL, flags & ~O_NONBLOCK);
	fcntl(reader.fd, F_SETFL, 0);
	return reader;
}

// All lines until 'last' or the end of the file, without the '#' of the filling. The caller frees
// them.
static char *read_until(const struct reader *reader, const char *last)
{
	size_t room = 1 << 20, size = 0;
	char *text = malloc(room + 1);
	ssize_t got;

	do {
		got = read(reader->fd, text + size, room - size);
		assert_true(got >= 0);
		if (size == 0)
			while (got > 0 && text[0] == '#')
				memmove(text, text + 1, (size_t)--got);
		size += (size_t)got;
		text[size] = '\0';
		assert_true(size < room);
	} while (strstr(text, last) == NULL);
	return text;
}

static uint32_t count_of(const char *text, const char *word)
{
	uint32_t count = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		count++;
	return count;
}

// What the lines in between say is missing.
static uint64_t sum_of_missing(const char *text)
{
	uint64_t sum = 0;

	while ((text = strstr(text, "log: ")) != NULL) {
		text += strlen("log: ");
		if (strstr(text, "lines are missing here") - text < 12)
			sum += strtoull(text, NULL, 10);
	}
	return sum;
}

static void check_stalled(bool is_json)
{
	struct reader reader = stalled_open();
	uint64_t lost = log_queue_lost();
	char ignored[4096];
	char *text;

	log_set_json(is_json);
	assert_int_equal(log_set_queued(), 0);
	for (int i = 0; i < LINES; i++)
		log_info("one of many %d", i);
	log_error("it is urgent"); // there is room for that
	assert_true(log_queue_lost() > lost);
	text = read_until(&reader, is_json ? "it is urgent\"}\n" : "it is urgent\n");
	lost = log_queue_lost() - lost;
	assert_int_equal(count_of(text, "one of many") + lost, LINES);
	assert_int_equal(sum_of_missing(text), lost);
	assert_int_equal(count_of(text, is_json ? "{\"time\"" : TIME_END), count_of(text, "\n"));
	free(text);
	log_queue_finish(5000);
	assert_false(log_queue_put("x\n", 2, true));
	log_set_json(false);
	fcntl(reader.fd, F_SETFL, O_NONBLOCK);
	reader_close(&reader, ignored, sizeof(ignored));
}

static void nobody_who_logs_waits_for_who_reads(void **state)
{
	check_stalled(false);
}

static void lines_of_json_are_lost_whole_as_well(void **state)
{
	check_stalled(true);
}

static bool is_program;

// After the log's own words at the end: a sanitizer has some, too, and would wait for whoever
// reads.
static void silence(void)
{
	int nowhere = is_program ? open("/dev/null", O_WRONLY) : -1;

	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
}

static uint32_t threads_at_start;

static uint32_t count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	uint32_t count = 0;

	while (tasks != NULL && readdir(tasks) != NULL)
		count++;
	closedir(tasks);
	return count;
}

// A sanitizer's locks may be held by a thread that is not quite gone: whoever is forked then waits
// for them for ever.
static void wait_for_threads(void)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (uint32_t i = 0; i < 5000 && count_threads() > threads_at_start; i++)
		nanosleep(&nap, NULL);
}

// How a program ends that logs and exits at once; in milliseconds.
static uint64_t end_of_program(void)
{
	struct timespec begin, now;
	int status;
	pid_t child;

	wait_for_threads();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	child = fork();
	if (child == 0) {
		is_program = true;
		log_set_queued();
		log_info("it begins");
		log_error("it cannot go on");
		exit(3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.tv_sec - begin.tv_sec) * 1000 +
			  (now.tv_nsec - begin.tv_nsec) / 1000000);
}

static void the_last_words_of_a_program_are_seen(void **state)
{
	struct reader reader = reader_open();
	char text[1024];

	end_of_program();
	reader_close(&reader, text, sizeof(text));
	assert_matches(text, TIME "info: it begins\n.*error: it cannot go on\n$");
}

static void a_program_ends_although_nobody_reads(void **state)
{
	struct reader reader = stalled_open();
	char text[1024];
	uint64_t took_ms = end_of_program();

	reader_close(&reader, text, sizeof(text));
	assert_true(took_ms >= 1900);
	assert_true(took_ms < 20000);
}

static void a_log_that_another_holder_set_non_blocking_loses_nothing(void **state)
{
	struct reader reader = stalled_open();
	char ignored[4096], *text;

	fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
	assert_int_equal(log_set_queued(), 0);
	log_info("it comes late");
	text = read_until(&reader, "it comes late\n");
	assert_matches(text, TIME "info: it comes late\n$");
	free(text);
	log_queue_finish(5000);
	fcntl(reader.fd, F_SETFL, O_NONBLOCK);
	reader_close(&reader, ignored, sizeof(ignored));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_time_and_level_where_no_journal_reads),
		cmocka_unit_test(the_time_is_now),
		cmocka_unit_test(lines_have_a_priority_where_the_journal_reads),
		cmocka_unit_test(a_stream_that_is_not_ours_is_no_journal),
		cmocka_unit_test(a_line_that_is_too_long_ends_with_a_line_feed),
		cmocka_unit_test(nobody_who_logs_waits_for_who_reads),
		cmocka_unit_test(lines_of_json_are_lost_whole_as_well),
		cmocka_unit_test(the_last_words_of_a_program_are_seen),
		cmocka_unit_test(a_program_ends_although_nobody_reads),
		cmocka_unit_test(a_log_that_another_holder_set_non_blocking_loses_nothing),
	};

	threads_at_start = count_threads();
	atexit(silence); // before the log's, so that it is called after it
	return cmocka_run_group_tests(tests, NULL, NULL);
}
