// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static enum log_level limit = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	limit = level;
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

void log_write(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;
	int used;
	int more;

	if (level > limit)
		return;
	if (isatty(STDERR_FILENO))
		used = snprintf(line, sizeof(line), "%s", level_name(level));
	else
		used = snprintf(line, sizeof(line), "<%d>%s", level, level_name(level));
	va_start(args, format);
	more = vsnprintf(line + used, sizeof(line) - used, format, args);
	va_end(args);
	if (more > (int)sizeof(line) - used - 2)
		more = (int)sizeof(line) - used - 2;
	line[used + more] = '\n';
	if (write(STDERR_FILENO, line, used + more + 1) < 0)
		return; // nobody is left to tell
}
