// SPDX-License-Identifier: BSD-3-Clause
#ifndef CHANNEL_PROCESS_H
#define CHANNEL_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

// Whether the kernel says that a process is stopped (SIGSTOP, a debugger); false where it cannot be
// asked. For lib/channel's own files.
bool process_is_stopped(uint32_t pid);

#endif
