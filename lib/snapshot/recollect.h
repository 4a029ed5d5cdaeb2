// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_RECOLLECT_H
#define SNAPSHOT_RECOLLECT_H

#include <snapshot/past.h>

// What a miss asks, by all that a view remembers. Any thread.

struct recollection {
	const struct snapshot_past *past;
	const struct snapshot_generation *current; // NULL: nobody is usable
	const struct standings *standings; // of its backends now
	bool keeps_down; // flows of a backend that is down are led to it, or reset; else they go on
		// elsewhere
};

// 0 and '*out', where a miss asks another table than 'current', else NULL; or -ENOMEM. One
// reference is the caller's.
int recollect(const struct recollection *in, struct snapshot_generation **out);

#endif
