// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_GUARD_H
#define CHANNEL_GUARD_H

#include <stdbool.h>
#include <stddef.h>

// A peer that may write the segment's file may also cut it short, and the next access to the
// mapping would end the daemon with SIGBUS. The guard puts zero pages in the mapping's place
// instead and remembers that it did. One mapping a process. For lib/channel's own files.

// 0, or -EBUSY where this process guards a mapping already.
int guard_install(void *start, size_t size);
// Gives SIGBUS back to whoever had it before.
void guard_remove(void);

// True once the mapping was lost, until guard_reset() after it was mapped anew at the same place.
bool guard_hit(void);
void guard_reset(void);

#endif
