// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_DAEMON_H
#define METRICS_DAEMON_H

#include <metrics/family.h>
#include <stdint.h>

// What the daemon counts of itself, a member a row of METRICS_DAEMON_COUNTS(). Written and read on
// the control lcore alone. A member's name ends with its unit where it has one.
struct metrics_daemon {
#define METRICS_MEMBER(X, identifier, member, ...) uint64_t member;
	METRICS_DAEMON_COUNTS(METRICS_MEMBER, )
#undef METRICS_MEMBER
};

#endif
