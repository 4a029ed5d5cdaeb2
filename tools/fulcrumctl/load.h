// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_LOAD_H
#define FULCRUMCTL_LOAD_H

#include <config/config.h>

// A 'config_report_fn' for files of any kind, and its context: prints an error and the line that it is about.
struct load_report {
	const char *path; // "-": standard input, whose lines are not there any more
	uint32_t count; // of the errors until now
};
void load_print_sentence(void *context, const char *sentence);

// Loads a pool file, "-" from standard input, whose errors have no caret. Every error goes to standard error, with the file's line and a caret under the place.
// Returns the exit status; CTL_OK sets '*out'.
int load_file(const char *path, struct config **out);

// Says on standard error where a file leaves the hash key, a secret, to the built-in one.
void load_note_key(const char *path, const struct config *config);

// Prints the file's line that "path:line:column: ..." names, and a caret under the column. Nothing where
// the sentence names no place.
void load_print_excerpt(const char *path, const char *sentence);

#endif
