// SPDX-License-Identifier: BSD-3-Clause
#ifndef STORE_SAVER_H
#define STORE_SAVER_H

#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>

// What goes to the state folder, written on a thread of its own, so that nobody else ever waits for
// its disk. There is a place for each kind of file. What waits there is replaced by what comes
// after it: the latest state wins.
//
// A request owns all that its 'work' touches. So whoever cannot wait any longer for a disk that
// hangs leaves the thread as it is.

struct event_base;
struct saver;
struct saver_request;

// In the order in which they are written where several wait.
enum saver_place {
	SAVER_CONFIG,
	SAVER_LEFT,
	SAVER_HEALTH,
	SAVER_CHECKPOINT,
	SAVER_FLOWS, // as a daemon ends
	SAVER_PLACES
};

struct saver_request {
	// On the thread; may wait as long as it likes. 0, or a negative errno with the sentence.
	int (*work)(struct saver_request *request, struct error *err);
	void (*free)(struct saver_request *request);
	uint64_t tag; // told with what became of it
	uint64_t retry_ns; // it is tried again after so long where it fails; 0: it is not
};

// What became of a try, on the loop's thread. Of several tries of one place since the last call
// only the last one is told.
typedef void saver_done_fn(
	void *context, enum saver_place place, uint64_t tag, int rc, const struct error *err);

// 0 or -ENOMEM.
int saver_new(struct event_base *base, saver_done_fn *done, void *context, struct saver **out);
// Takes the request over. On the loop's thread, as what follows.
void saver_submit(struct saver *saver, enum saver_place place, struct saver_request *request);
// For how long the oldest that is not written has waited; 0: nothing waits. NULL is fine.
uint64_t saver_late_ns(struct saver *saver);
// True: nothing waits in that place, nor is it at work there.
bool saver_is_idle(struct saver *saver, enum saver_place place);

// Writes what waits, tries nothing again, and frees; nothing is told any more. False: 'until_ns'
// (clock_monotonic_ns()) came first. Then the thread stays behind with its memory, and the process
// is to end by _exit(). NULL is fine.
bool saver_end(struct saver *saver, uint64_t until_ns);

#endif
