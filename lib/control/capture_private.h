// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_CAPTURE_PRIVATE_H
#define CONTROL_CAPTURE_PRIVATE_H

#include <capture/capture.h>
#include <channel/message.h>
#include <stdbool.h>
#include <stdint.h>

// Packets into a file (capture.c).

struct control;
struct event;
struct job;
struct recording_file;

// A capture, and the file that it goes into, which a thread of its own writes.
struct recording {
	struct capture *capture; // NULL: none goes on
	struct recording_file *file; // NULL: none is open
	struct job *job; // that writes it; NULL: there was none yet
	struct event *timer;
	uint64_t number; // of the answer that waits for the file to be opened
	uint64_t since_ns; // when the thread began with what it is at
	uint64_t packets_max;
	uint64_t until_ns;
	bool is_withdrawn; // the workers are to leave it
	uint64_t token; // when they have
	bool is_last; // they have: what waits is all
	struct message_row_capture told; // stays when it is over
};

// The timer's.
void control_capture_step(int fd, short what, void *context);
// Both answer.
void control_capture_begin(struct control *control, const struct message_capture *request);
void control_capture_end(struct control *control, uint64_t id);
// When no worker runs any more: what waits is written. False: the disk hangs, see control_save_flows().
bool control_capture_finish(struct control *control, uint64_t until_ns);
void control_capture_free(struct control *control);

#endif
