// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_LOG_JSON_H
#define BASE_LOG_JSON_H

#include <base/log.h>
#include <stddef.h>
#include <stdint.h>

// A line of the log for programs: an object with "time" (UTC, milliseconds), "level", "object", the
// fields and "message". Any bytes may be in a string: what is no UTF-8 comes as U+FFFD.

#define LOG_JSON_SIZE 4096

// Writes the line with its end; 'size' at least LOG_JSON_SIZE. Returns its bytes; there is no zero
// behind them.
size_t log_json_format(char *line, size_t size, enum log_level level,
	const struct log_field *fields, const char *message);

#endif
