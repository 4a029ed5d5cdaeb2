// SPDX-License-Identifier: BSD-3-Clause
#ifndef UNIT_RUN_UNTIL_H
#define UNIT_RUN_UNTIL_H

#include <event2/event.h>
#include <stdbool.h>

// What the tests wait with that run an event loop of their own, 'base' in their struct room.

#define DEADLINE_S 20

static inline void on_deadline(evutil_socket_t fd, short what, void *context)
{
	*(bool *)context = true;
}

// Runs the loop until 'condition' holds; fails the test when it does not come to hold.
#define RUN_UNTIL(room, condition)                                                      \
	do {                                                                            \
		struct timeval wait = {.tv_sec = DEADLINE_S};                           \
		bool over = false;                                                      \
		struct event *deadline = evtimer_new((room)->base, on_deadline, &over); \
		evtimer_add(deadline, &wait);                                           \
		while (!(condition) && !over)                                           \
			event_base_loop((room)->base, EVLOOP_ONCE);                     \
		event_free(deadline);                                                   \
		assert_true(condition);                                                 \
	} while (0)

#endif
