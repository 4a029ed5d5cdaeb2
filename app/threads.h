// SPDX-License-Identifier: BSD-3-Clause
#ifndef APP_THREADS_H
#define APP_THREADS_H

#include <stdint.h>

// What is a thread's own (Landlock) has to be done by the thread itself, and DPDK's threads are
// there before it can be done. These are its lcores, while no worker runs yet, and the one that
// handles interrupts.

// Calls 'act' on each of them, one after the other, and waits for it. Returns the first result that
// is not 0, else 0. On the main lcore.
int threads_each(int (*act)(void *context), void *context);

#endif
