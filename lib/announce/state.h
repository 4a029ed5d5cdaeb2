// SPDX-License-Identifier: BSD-3-Clause
#ifndef ANNOUNCE_STATE_H
#define ANNOUNCE_STATE_H

#include <stdbool.h>

// The announcement state of a VIP, and what moves it from one to another: a table, any thread. A
// VIP is announced at once when it has its quorum for the first time, and after a loss only when it
// has held for a while.

enum announce_state {
	ANNOUNCE_STATE_NEW, // it did not have its quorum yet
	ANNOUNCE_STATE_ANNOUNCED,
	ANNOUNCE_STATE_SUPPRESSED, // it lost its quorum
	ANNOUNCE_STATE_HOLDING, // it has it again, and waits
	ANNOUNCE_STATE_STOPPED, // the daemon is about to end
	ANNOUNCE_STATE_COUNT
};

enum announce_event {
	ANNOUNCE_EVENT_QUORUM, // every service has as many usable backends as it asks for
	ANNOUNCE_EVENT_NO_QUORUM,
	ANNOUNCE_EVENT_HELD, // the time of ANNOUNCE_STATE_HOLDING is over
	ANNOUNCE_EVENT_STOP,
	ANNOUNCE_EVENT_COUNT
};

enum announce_state announce_state_next(enum announce_state state, enum announce_event event);

static inline bool announce_state_is_announced(enum announce_state state)
{
	return state == ANNOUNCE_STATE_ANNOUNCED;
}

#endif
