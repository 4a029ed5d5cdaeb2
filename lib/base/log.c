// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <base/log_json.h>

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

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
	default:
		return "";
	}
}

static void write_line(const char *line, size_t size)
{
	if (write(STDERR_FILENO, line, size) < 0)
		return; // nobody is left to tell
}

static void write_text(enum log_level level, const char *message)
{
	char line[1024];
	int size;

	if (isatty(STDERR_FILENO))
		size = snprintf(line, sizeof(line), "%s%s", level_name(level), message);
	else
		size = snprintf(line, sizeof(line), "<%d>%s%s", level, level_name(level), message);
	if (size > (int)sizeof(line) - 2)
		size = (int)sizeof(line) - 2;
	line[size] = '\n';
	write_line(line, (size_t)size + 1);
}

static void write_json(enum log_level level, const struct log_field *fields, const char *message)
{
	char line[LOG_JSON_SIZE];

	write_line(line, log_json_format(line, sizeof(line), level, fields, message));
}

static void write_message(
	enum log_level level, const struct log_field *fields, const char *format, va_list args)
{
	char message[1024];

	vsnprintf(message, sizeof(message), format, args);
	if (is_json)
		write_json(level, fields, message);
	else
		write_text(level, message);
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
