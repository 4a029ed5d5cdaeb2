// SPDX-License-Identifier: BSD-3-Clause
#ifndef APP_CONFINEMENT_H
#define APP_CONFINEMENT_H

#include <base/error.h>
#include <config/daemon.h>

// Which rights, files and system calls the daemon keeps (confine.h), in foreground use as in the
// unit. On the main lcore.

// After the change of the user, and before the control room makes threads: the folders that it
// works in. A kernel without Landlock is told in one line, and is no fault.
int confinement_files(const struct daemon_config *config, struct error *err);

// Once everything is open, before the daemon says that it is ready: the system calls, of all
// threads. Where that is not permitted, a warning says so.
int confinement_calls(const struct daemon_config *config, struct error *err);

// Tells system calls that were refused. Now and then.
void confinement_tell(void);

#endif
