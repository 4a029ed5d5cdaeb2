// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_NOTIFY_H
#define FULCRUM_BACKEND_NOTIFY_H

// Tells the service manager, if one asked to be told (sd_notify(3)): "READY=1", "STOPPING=1".
void notify(const char *state);

#endif
