// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_SAVING_PRIVATE_H
#define CONTROL_SAVING_PRIVATE_H

#include <jobs/job.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <store/saver.h>

// What is written to the state folder, after and beside all that forwarding waits for (saving.c);
// and what is read from a disk because somebody asks (reading.c). On the loop's thread.

struct commit;
struct control;
struct reading;

struct saving {
	struct saver *saver; // NULL: there is no state folder
	uint64_t version; // of the configuration that was handed over last
	bool has_failed; // its last try, and why
	char fault[256];
	bool is_told; // that what is in force is not kept
	bool is_late_told;
	struct job *reader;
	struct reading *reading; // that the reader is at; NULL
	uint64_t readings; // so far
};

// --- saving.c ---

// 0 or -ENOMEM.
int control_saving_init(struct control *control);
// Takes the request over: the configuration in force. NULL: there was no memory for it.
void control_keep(struct control *control, struct saver_request *request);
// The same of the configuration in force, copied.
void control_keep_running(struct control *control);
// A configuration is in force that a restart would not find.
bool control_is_unkept(const struct control *control);
// What became of the last one that was handed over is known, or has taken too long to be waited
// for.
bool control_keep_is_settled(const struct control *control, uint64_t until_ns);
// Why it is not kept, in words for the operator.
const char *control_keep_fault(const struct control *control, char *out, size_t size);
// How long whoever asks waits for a disk: longer where the configuration is large.
uint64_t control_patience_ns(const struct control *control);
// For how long something has not been written, where that is longer than a disk takes; else 0.
uint64_t control_saving_late_ns(const struct control *control);
// That something is late, as a line. False: nothing is.
bool control_saving_tell(const struct control *control, char *out, size_t size);
// Once a second.
void control_saving_watch(struct control *control);
// Writes what is left, with the flow tables, by their time. False: a disk hangs, see saver_end().
bool control_saving_end(struct control *control, uint64_t until_ns);

// --- reading.c ---

// Takes the commit over, has its request read from the disk, and starts it: a rollback's, for the
// client that waits, or the file's.
void control_read_commit(struct control *control, struct commit *commit);
// Begins the answer to 'show history'.
void control_read_history(struct control *control);
bool control_reading_is_busy(const struct control *control);
// The client has waited long enough for what is read: it is told so. True: it was.
bool control_reading_gives_up(struct control *control);
// The answer waits for a disk from now on, for a bounded time; returns what it waits for.
uint64_t control_await_disk(struct control *control);
// The client still does. Then it is to be answered.
bool control_is_awaited(struct control *control, uint64_t number);
// False: it hangs.
bool control_reading_end(struct control *control, uint64_t until_ns);

#endif
