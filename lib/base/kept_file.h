// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_KEPT_FILE_H
#define BASE_KEPT_FILE_H

#include <base/error.h>
#include <stdbool.h>
#include <stdio.h>

// A file that a program keeps for the one that comes after it. It is replaced as a whole: written
// beside under a name of its own ("health.new"), it takes its place when all of it is there. A
// process that is killed at any instruction leaves the old one or the new one, whole. Its mode is
// 0600.
//
// Everything goes by a descriptor of the folder, and no symbolic link in it is followed, neither to
// write nor to read: whoever plants one there loses the link, and what it names stays as it is. Any
// thread; one at a time for one name.

enum kept_over {
	KEPT_OVER_PROCESSES, // not synced; a machine that loses power may lose it
	KEPT_OVER_CRASHES, // synced, with its folder, before it takes its place
};

#define KEPT_FILE_NAME_SIZE 64

struct kept_file {
	FILE *file; // write here; buffered
	int folder; // descriptor, until the end
	enum kept_over over;
	char name[KEPT_FILE_NAME_SIZE];
	char fresh[KEPT_FILE_NAME_SIZE + 8]; // the name that it has until it is committed
};

// 0, or a negative errno: then there is nothing to commit or abandon.
int kept_file_begin(
	struct kept_file *kept, const char *folder, const char *name, enum kept_over over);
// Writes out all of it, and closes 'file': it can be read back under 'fresh'. 0, or a negative
// errno.
int kept_file_seal(struct kept_file *kept);
// Seals it where that was not done, and puts it in its place. 0, or a negative errno: then what was
// there is there. Either way it is over.
int kept_file_commit(struct kept_file *kept);
void kept_file_abandon(struct kept_file *kept);

// A regular file that stands there itself, to be read. NULL with the sentence, and errno.
FILE *kept_file_open(const char *path, struct error *err);

#endif
