// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONTROL_STANDING_H
#define CONTROL_STANDING_H

#include <stdbool.h>

// Whether a VIP is announced: the states, and what moves it from one to another. A table and nothing else. A VIP is
// announced at once when it has its quorum for the first time, and after a loss only when it has held for a while.

enum standing {
	STANDING_NEW, // it did not have its quorum yet
	STANDING_ANNOUNCED,
	STANDING_WITHHELD, // it lost its quorum
	STANDING_HOLDING, // it has it again, and waits
	STANDING_STOPPED, // the daemon is about to end
	STANDING_COUNT
};

enum standing_event {
	STANDING_QUORUM, // every service has as many usable backends as it asks for
	STANDING_NO_QUORUM,
	STANDING_HELD, // the time of STANDING_HOLDING is over
	STANDING_STOP,
	STANDING_EVENTS
};

enum standing standing_next(enum standing standing, enum standing_event event);

static inline bool standing_is_announced(enum standing standing)
{
	return standing == STANDING_ANNOUNCED;
}

#endif
