// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_PIN_H
#define FULCRUM_BACKEND_PIN_H

#include <base/error.h>

#include <stdbool.h>

// The folder that holds the pinned maps. One agent at a time holds its lock.
struct pin {
	const char *folder; // the caller's, outlives this
	int fd;
	bool mounted; // a BPF file system was mounted for it
};

// Opens and locks the folder. With 'create' it is made, with a BPF file system below it where there
// is none. -ENOENT when there is no such folder; -EBUSY when an agent holds it.
int pin_open(struct pin *pin, const char *folder, bool create, struct error *err);

// Gives the lock back; what is pinned stays.
void pin_close(struct pin *pin);

// Also takes the empty folder away, and the file system that was mounted for it if that is empty.
void pin_remove(struct pin *pin);

// Whether an agent holds the folder now.
bool pin_is_held(const char *folder);

#endif
