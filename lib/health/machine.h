// SPDX-License-Identifier: BSD-3-Clause
#ifndef HEALTH_MACHINE_H
#define HEALTH_MACHINE_H

#include <health/health.h>
#include <stdbool.h>
#include <stdint.h>

// The state machine of one target: results of probes in, a status out. No clock, no socket, no
// memory.

enum machine_state {
	MACHINE_UNKNOWN,
	MACHINE_UNKNOWN_RISING, // answered, not yet often enough
	MACHINE_UNKNOWN_FALLING,
	MACHINE_UP,
	MACHINE_UP_FALLING,
	MACHINE_DOWN,
	MACHINE_DOWN_RISING,
	MACHINE_STATE_COUNT
};

enum machine_event {
	MACHINE_SUCCESS, // the probe succeeded
	MACHINE_RISE, // and with it 'rise' of them in a row
	MACHINE_FAILURE,
	MACHINE_FALL, // 'fall' of them in a row
	MACHINE_LOCAL, // the probe could not be made: says nothing about the backend
	MACHINE_EVENT_COUNT
};

struct machine {
	enum machine_state state;
	uint16_t streak; // results in a row that were like the last one
	bool last_succeeded;
};

extern const uint8_t machine_table[MACHINE_STATE_COUNT][MACHINE_EVENT_COUNT];

// Takes one result in; a 'rise' or 'fall' of 0 counts as 1. True if the status changed.
bool machine_success(struct machine *machine, uint16_t rise);
bool machine_failure(struct machine *machine, uint16_t fall);
bool machine_local(struct machine *machine);

enum health_status machine_status(const struct machine *machine);

// True while the next results may change the status: probes then come closer together.
bool machine_is_changing(const struct machine *machine);

#endif
