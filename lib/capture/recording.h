// SPDX-License-Identifier: BSD-3-Clause
#ifndef CAPTURE_RECORDING_H
#define CAPTURE_RECORDING_H

#include <base/error.h>
#include <channel/message.h>
#include <config/config.h>
#include <snapshot/publish.h>
#include <stdbool.h>
#include <stdint.h>

// One capture at a time (capture.h) into a file, from the request to the last packet. All functions
// run on the event loop's thread. The file is opened, written and closed on a thread of the
// recording's own, as its disk may hang; that thread touches the capture and its file alone. The
// recording owns both, and frees them when every worker has passed by.

struct event_base;
struct recording;

struct recording_status {
	uint64_t id; // counts the captures since the daemon started; 0: there was none
	uint64_t packets; // in the file
	uint64_t missed; // came faster than they could be written
	uint64_t bytes;
	bool is_running;
	uint32_t code; // why it ended early, a positive errno; 0
};

// Who asked for a capture learns that its file is open ('rc' is 0), or cannot be: a negative errno
// with the sentence. Returns whether anybody still waited for that; if not, the file is removed and
// nothing is captured.
typedef bool recording_opened_fn(void *context, int rc, const struct error *err);

// 'publisher' is borrowed until recording_free(). 0 or -ENOMEM.
int recording_new(struct event_base *base, struct publisher *publisher, recording_opened_fn *opened,
	void *context, struct recording **out);
// Ends it as recording_end() does, and waits no longer than a second. NULL is fine.
void recording_free(struct recording *recording);

// Checks a request of whoever may use the channel, and begins: 'opened' is called later. 0, or a
// negative errno with the sentence; then 'opened' is not called, and a capture that goes on is left
// alone (-EALREADY).
int recording_begin(struct recording *recording, const struct config *config,
	const struct message_capture *request, struct error *err);
// Captures no more; what waits is still written. Nothing happens unless the capture of that id goes
// on.
void recording_stop(struct recording *recording, uint64_t id);
// When no worker runs any more: writes what waits, until 'until_ns' (clock_monotonic_ns()). False:
// the disk hangs. Then the thread stays behind with the capture, and the process is to end by
// _exit().
bool recording_end(struct recording *recording, uint64_t until_ns);

// Stays when the capture is over.
const struct recording_status *recording_status(const struct recording *recording);

#endif
