// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_FAR_NAMESPACE_H
#define UNIT_FAR_NAMESPACE_H

#include <stdbool.h>
#include <sys/types.h>

// Two network namespaces of a test's own: the one that the test runs in from now on, empty but for
// the loopback, and a far one, which a child holds open. What connects them is the test's to make.

#define SKIPPED 77 // what a test exits with that may not make namespaces

#define NEAR_MAC "02:00:00:00:00:01"
#define FAR_MAC  "02:00:00:00:00:02"

extern pid_t far_pid; // in the far namespace: for 'netns %d' and 'nsenter -t %d -n'

// False where this user may not make namespaces.
bool enter_namespaces(void);
void leave_namespaces(void);

// A veth pair: near, 10.0.0.1/24 and fd00::1/64, and in the far namespace far, 10.0.0.2/24 and
// fd00::2/64.
void make_near_and_far(void);

// Runs a line of shell; what it ended with, as system() tells it.
int shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define SHELL(...) assert_int_equal(shell(__VA_ARGS__), 0)

#endif
