// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_CTL_H
#define FULCRUMCTL_CTL_H

#include "verbs.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <usage/usage.h>

// What the commands of fulcrumctl share. One thread; a command prints its own errors and returns
// the exit status.

#define CTL_CHANNEL "/run/fulcrum/channel"

// The exit statuses, as --help and docs/reference/fulcrumctl.md give them.
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,
	CTL_BAD_INPUT = 2, // usage, or a file's content
	CTL_NO_DAEMON = 3,
	CTL_VERSION = 4, // the daemon speaks another version of the channel
	CTL_BUSY = 5, // another process has the channel
	CTL_NOT_KEPT = 6, // it is in force, and a restart would not find it
	CTL_WANTS_FORCE = 7, // nothing was changed: it takes out so much that somebody is to say so
};

// What stands in front of the command.
struct ctl {
	const char *channel;
	uint32_t wait_ms;
};

typedef int ctl_command_fn(const struct ctl *ctl, int argc, char **argv);
#define CTL_DECLARE_VERB(id, ...)    \
	ctl_command_fn command_##id; \
	extern const struct argp argp_##id;
#define CTL_DECLARE_GROUP(id, ...) extern const struct usage_verb verbs_##id[];
CTL_VERBS(CTL_DECLARE_VERB, CTL_DECLARE_GROUP)

// What the words of the verbs are, for a shell (complete.c).
usage_offer_fn ctl_offer;

// Parses a command's own arguments. Its usage errors end the process with CTL_BAD_INPUT.
void ctl_parse(const struct argp *command, int argc, char **argv, void *input);

// For the end of a command's parser: a word is a usage error, anything else is not known.
error_t ctl_refuse_word(int key, const char *value, const struct argp_state *state);

// The value of -o: false for table; true for json and for yaml, which view_print_json() then
// prints. Anything else is a usage error.
bool ctl_parse_output(const char *value, const struct argp_state *state);

// "fulcrumctl: <sentence>" on standard error; returns 'status'.
int ctl_fail(enum ctl_exit status, const char *format, ...) __attribute__((format(printf, 2, 3)));

// True where that stream is a terminal that shows colours.
bool ctl_colours(int fd);

#endif
