// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_PLACE_H
#define CHANNEL_PLACE_H

#include <base/error.h>
#include <channel/claim.h>
#include <stdint.h>

// How a daemon that has the claim puts a segment at its path. The file is made under a name of its
// own and takes the path's by a rename once it is whole and locked: nobody sees half a segment, and
// who waits for a lock of the one before waits for a file without a name. For lib/channel's own
// files.

// -EADDRINUSE with the sentence where a daemon serves that path at this moment, else 0. What a dead
// one left, its segment and its lock file, is removed: the next one may be another user.
int place_look(const char *path, struct error *err);

// Makes the folder where only its last part is missing.
int place_make_folder(const char *path, struct error *err);

// Opens a fresh file PATH.new with that mode and the server's lock. Its descriptor, or a negative
// errno with the sentence.
int place_open(const char *path, uint32_t mode, struct error *err);

// Gives it the path's name, in the place of a segment if there is one. -EEXIST where something else
// stands there; -EADDRINUSE where a daemon without a claim serves it; another negative errno. What
// failed leaves no PATH.new.
int place_publish(int fd, const char *path, struct claim *claim, struct error *err);

#endif
