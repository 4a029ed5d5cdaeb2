// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_CLAIM_H
#define CHANNEL_CLAIM_H

#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>

// Who serves a path: a lock on a file of the daemon's own, PATH.lock, mode 0600. The segment itself
// cannot tell: whoever may write it may lock it and may write anything into it. The file also keeps
// which segments the daemon made there, so that the next one knows them whatever was written over
// them. For lib/channel's own files.

struct claim {
	int fd; // -1: none
	char *path; // of the lock file
};

// Takes it for this process, until claim_release() or its end. -EADDRINUSE with the sentence where
// another daemon has it; -EEXIST where something stands there that others may open.
int claim_take(const char *channel, struct claim *out, struct error *err);

// True while the lock file is still the one that the path names.
bool claim_holds(const struct claim *claim);

// Writes down that the open file is the daemon's segment, beside the one before it: a crash between
// this and the rename leaves either of them at the path.
int claim_note(struct claim *claim, int segment_fd, struct error *err);

// True where 'channel' is a segment that the daemon that had this claim made.
bool claim_knows(const struct claim *claim, const char *channel);

// Removes the lock file and gives the lock back. An empty claim is fine.
void claim_release(struct claim *claim);

#endif
