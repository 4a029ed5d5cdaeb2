// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_LOCK_H
#define FULCRUM_BACKEND_LOCK_H

#include <base/error.h>

#include <stdint.h>
#include <sys/types.h>

// One agent an interface, whatever folder it pins its maps in. A lock is a listening socket with an
// abstract name: the kernel keeps that name in the network namespace, as it does the interface's
// index, and takes it back with the process.

// 0 and '*fd', to be closed, or -1 where somebody who can be no agent holds it, which is said;
// -EBUSY with who holds it.
int lock_take(uint32_t index, const char *name, int *fd, struct error *err);

// The process that holds it; 0: nobody, or one that is not seen from here.
pid_t lock_holder(uint32_t index);

#endif
