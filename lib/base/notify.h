// SPDX-License-Identifier: BSD-3-Clause
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

// Tells the service manager, where $NOTIFY_SOCKET is set (sd_notify(3)): "READY=1", "STOPPING=1". Nobody to tell is
// no error. Any thread.
void notify(const char *state);

#endif
