// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CAPTURE_PRIVATE_H
#define CONTROL_CAPTURE_PRIVATE_H

#include <channel/message.h>
#include <snapshot/capture.h>
#include <stdbool.h>
#include <stdint.h>

// Packets into a file (capture.c).

struct control;
struct event;

// A capture, and the file that it goes into.
struct recording {
	struct capture *capture; // NULL: none goes on
	struct event *timer;
	uint64_t packets_max;
	uint64_t until_ns;
	bool is_withdrawn; // the workers are to leave it
	uint64_t token; // when they have
	struct message_row_capture told; // stays when it is over
};

// Both answer.
void control_capture_begin(struct control *control, const struct message_capture *request);
void control_capture_end(struct control *control, uint64_t id);
// When no worker runs any more.
void control_capture_free(struct control *control);

#endif
