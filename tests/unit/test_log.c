// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>

#include <fcntl.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_time_and_level_where_no_journal_reads),
		cmocka_unit_test(the_time_is_now),
		cmocka_unit_test(lines_have_a_priority_where_the_journal_reads),
		cmocka_unit_test(a_stream_that_is_not_ours_is_no_journal),
		cmocka_unit_test(a_line_that_is_too_long_ends_with_a_line_feed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
