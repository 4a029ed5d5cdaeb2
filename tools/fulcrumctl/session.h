// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_SESSION_H
#define FULCRUMCTL_SESSION_H

#include "ctl.h"

#include <channel/message.h>

// One command's talk with the daemon. Every function prints the sentence where it fails and returns
// the exit status.

struct session;

// Prints a failure of the channel.
int session_fail(int code, const struct error *err);

// Prints nothing where it fails: 0, or a code of channel_client_open() with its sentence.
int session_try(const struct ctl *ctl, struct session **out, struct error *err);
int session_open(const struct ctl *ctl, struct session **out);
void session_close(struct session *session); // NULL is fine

int session_send(struct session *session, enum message_type type, const void *body, uint32_t size);

// Takes the replies to one request: 'row' gets each one up to the last, which is DONE ('*done', may
// be NULL) or an error. 'row' may be NULL where none is expected.
typedef int session_row_fn(void *context, uint16_t type, const void *body, uint32_t size);
int session_receive(
	struct session *session, session_row_fn *row, void *context, struct message_done *done);

// One request in a session of its own, so that others have the daemon's ear before and after it.
int session_ask(const struct ctl *ctl, enum message_type type, const void *body, uint32_t size,
	session_row_fn *row, void *context, struct message_done *done);

// Prints a MESSAGE_TEXT as a line of standard output, and a MESSAGE_LOSS of standard error.
session_row_fn session_print_text;

// Says on standard output what a commit did, by its DONE.
// Returns the exit status: CTL_OK, or CTL_NOT_KEPT with a sentence on standard error.
int session_print_done(const struct message_done *done);

#endif
