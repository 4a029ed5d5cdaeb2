// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <base/log_json.h>
#include <base/log_queue.h>
#include <base/printable.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_TEXT_SIZE 1024
_Static_assert(LOG_TEXT_SIZE <= LOG_JSON_SIZE, "a line of either kind has room");

static enum log_level limit = LOG_LEVEL_INFO;
static bool is_json;

void log_set_level(enum log_level level)
{
	limit = level;
}

void log_set_json(bool wanted)
{
	is_json = wanted;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error: ";
	case LOG_LEVEL_WARNING:
		return "warning: ";
	case LOG_LEVEL_INFO:
		return "info: ";
	default:
		return "debug: ";
	}
}

// systemd.exec(5): device and inode of the stream to the journal. Children inherit the variable,
// and may write elsewhere.
static bool log_is_read_by_journald(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long device, inode;
	struct stat status;

	return stream != NULL && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

// The journal has the time itself, and the level as the priority; a line of information needs no
// word there.
static int log_begin_line(char *line, size_t size, enum log_level level)
{
	struct timespec now;
	struct tm utc;
	size_t used;

	if (log_is_read_by_journald())
		return snprintf(line, size, "<%d>%s", level,
			level <= LOG_LEVEL_WARNING ? level_name(level) : "");
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	used = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return (int)used + snprintf(line + used, size - used, ".%03ldZ %s", now.tv_nsec / 1000000,
				   level_name(level));
}

static size_t log_format_text(char *line, size_t size, enum log_level level, const char *message)
{
	size_t used = (size_t)log_begin_line(line, size, level);

	used += (size_t)snprintf(line + used, size - used, "%s", message);
	if (used > size - 2)
		used = size - 2;
	line[used] = '\n';
	return used + 1;
}

static size_t log_format(
	char *line, enum log_level level, const struct log_field *fields, char *message)
{
	if (is_json)
		return log_json_format(line, LOG_JSON_SIZE, level, fields, message);
	return log_format_text(line, LOG_TEXT_SIZE, level, printable_make(message));
}

static void write_message(
	enum log_level level, const struct log_field *fields, const char *format, va_list args)
{
	char message[LOG_TEXT_SIZE], line[LOG_JSON_SIZE];
	size_t size;

	vsnprintf(message, sizeof(message), format, args);
	size = log_format(line, level, fields, message);
	if (log_queue_put(line, size, level <= LOG_LEVEL_WARNING))
		return;
	if (write(STDERR_FILENO, line, size) < 0)
		return; // nobody is left to tell
}

static size_t log_tell_lost(char *line, size_t size, uint64_t lost)
{
	char message[LOG_TEXT_SIZE];

	snprintf(message, sizeof(message),
		"log: %lu lines are missing here: whoever reads the log did not take them in time",
		lost);
	return log_format(line, LOG_LEVEL_WARNING, NULL, message);
}

int log_set_queued(void)
{
	return log_queue_start(log_tell_lost);
}

void log_write(enum log_level level, const char *format, ...)
{
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	write_message(level, NULL, format, args);
	va_end(args);
}

void log_write_fields(enum log_level level, const struct log_field *fields, const char *format, ...)
{
	va_list args;

	if (level > limit)
		return;
	va_start(args, format);
	write_message(level, fields, format, args);
	va_end(args);
}
