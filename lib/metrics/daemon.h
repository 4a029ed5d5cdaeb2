// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_DAEMON_H
#define METRICS_DAEMON_H

#include <stdint.h>

// What the daemon counts of itself. Of the control lcore alone.
struct metrics_daemon {
	uint64_t started_s; // wall clock
	uint64_t apply_us; // how long the last apply took, until every worker went by it
	uint64_t applies; // changes of the configuration by clients
	uint64_t apply_failures;
	uint64_t snapshots; // that were built
	uint64_t requests; // over the channel
	uint64_t confirm_left_s; // 0: nothing waits for a confirmation
	uint64_t
		state_late_s; // for how long something has waited to be written to the state folder
};

#endif
