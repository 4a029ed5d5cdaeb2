// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

// The log: one line an event, to standard error. Where journald reads it ($JOURNAL_STREAM) the
// syslog priority stands before the line ("<4>warning: "), else the time and the level in words
// ("2026-11-22T06:03:00.125Z warning: "). For the control lcore and the tools; a worker never logs.
// Thread-safe by one write(2) a line: whoever logs does it or, once the log is queued, a thread
// beside (log_queue.h). A line has a '?' for what no terminal should see (printable.h).
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};

// Lines above 'level' are left out. The default is info.
void log_set_level(enum log_level level);

// From now on each line is an object (log_json.h), without a priority in front.
void log_set_json(bool wanted);

// From now on nobody who logs waits for whoever reads it. For programs with a loop. 0, or a
// negative errno: lines are written at once, as before.
int log_set_queued(void);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

// What a line has for programs beside its text.
struct log_field {
	const char *name; // "object" is what the line is about
	const char *value; // "": it is left out
	bool is_number;
};

// 'fields' up to one without a name; lines of text leave them out.
void log_write_fields(enum log_level level, const struct log_field *fields, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
