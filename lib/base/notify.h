// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdbool.h>

// Tells the service manager, where $NOTIFY_SOCKET is set (sd_notify(3)): "READY=1", "STOPPING=1".
// It never waits: false where the manager is behind with reading, and what must be told is to be
// told again. Nobody to tell is no error. The first call keeps a descriptor, so that none is needed
// when there are no more. One thread at a time.
bool notify(const char *state);

#endif
