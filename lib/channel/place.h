// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_PLACE_H
#define CHANNEL_PLACE_H

#include <base/error.h>
#include <stdint.h>

// How a daemon comes to own the segment's path. The file gets its name only once it is whole and locked, so that
// nobody sees half a segment, and of several daemons that start at once one wins. For lib/channel's own files.

// -EADDRINUSE with the sentence where a daemon serves that path at this moment, else 0. Changes nothing.
int place_look(const char *path, struct error *err);

// Opens a file without a name in the path's folder (made where only that is missing), with that mode and
// the server's lock. Its descriptor, or a negative errno with the sentence.
int place_open(const char *path, uint32_t mode, struct error *err);

// Gives it the name, in the place of a dead daemon's segment if there is one. 0; -EADDRINUSE where another daemon
// serves that path; -EEXIST where something else than a segment stands there; another negative errno.
int place_publish(int fd, const char *path, struct error *err);

#endif
