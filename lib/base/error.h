// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stddef.h>

// One sentence for the operator. A function that can fail returns a negative errno for the program
// and leaves the sentence here; only the outermost layer prints or logs it. Owned by the caller,
// used by one thread at a time. Every 'struct error *' parameter may be NULL.
#define ERROR_SIZE 512

struct error {
	char text[ERROR_SIZE];
};

// Writes the sentence and returns -'code', so that a failing path is one line:
//     return error_set(err, EINVAL, "port %u is not between 1 and 65535", port);
int error_set(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Puts 'format' and ": " in front of the sentence that is already there; returns -'code'.
int error_prefix(struct error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
