// SPDX-License-Identifier: BSD-3-Clause
#include <health/machine.h>

#define UNKNOWN MACHINE_UNKNOWN
#define U_RISE  MACHINE_UNKNOWN_RISING
#define U_FALL  MACHINE_UNKNOWN_FALLING
#define UP      MACHINE_UP
#define UP_FALL MACHINE_UP_FALLING
#define DOWN    MACHINE_DOWN
#define DN_RISE MACHINE_DOWN_RISING

// clang-format off
const uint8_t machine_table[MACHINE_STATE_COUNT][MACHINE_EVENT_COUNT] = {
	//                           success  rise  failure  fall  local
	[MACHINE_UNKNOWN]         = {U_RISE,  UP,   U_FALL,  DOWN, UNKNOWN},
	[MACHINE_UNKNOWN_RISING]  = {U_RISE,  UP,   U_FALL,  DOWN, U_RISE},
	[MACHINE_UNKNOWN_FALLING] = {U_RISE,  UP,   U_FALL,  DOWN, U_FALL},
	[MACHINE_UP]              = {UP,      UP,   UP_FALL, DOWN, UP},
	[MACHINE_UP_FALLING]      = {UP,      UP,   UP_FALL, DOWN, UP_FALL},
	[MACHINE_DOWN]            = {DN_RISE, UP,   DOWN,    DOWN, DOWN},
	[MACHINE_DOWN_RISING]     = {DN_RISE, UP,   DOWN,    DOWN, DN_RISE},
};
// clang-format on

static const uint8_t status_of[MACHINE_STATE_COUNT] = {
	[MACHINE_UNKNOWN] = HEALTH_UNKNOWN,
	[MACHINE_UNKNOWN_RISING] = HEALTH_UNKNOWN,
	[MACHINE_UNKNOWN_FALLING] = HEALTH_UNKNOWN,
	[MACHINE_UP] = HEALTH_UP,
	[MACHINE_UP_FALLING] = HEALTH_UP,
	[MACHINE_DOWN] = HEALTH_DOWN,
	[MACHINE_DOWN_RISING] = HEALTH_DOWN,
};

static bool step(struct machine *machine, enum machine_event event)
{
	enum health_status before = machine_status(machine);

	machine->state = machine_table[machine->state][event];
	return machine_status(machine) != before;
}

// The length of the row of like results that ends with this one; stays at the largest number.
static uint16_t streak_after(struct machine *machine, bool succeeded)
{
	if (machine->last_succeeded != succeeded)
		machine->streak = 0;
	machine->last_succeeded = succeeded;
	if (machine->streak < UINT16_MAX)
		machine->streak++;
	return machine->streak;
}

bool machine_success(struct machine *machine, uint16_t rise)
{
	return step(machine, streak_after(machine, true) >= rise ? MACHINE_RISE : MACHINE_SUCCESS);
}

bool machine_failure(struct machine *machine, uint16_t fall)
{
	return step(machine, streak_after(machine, false) >= fall ? MACHINE_FALL : MACHINE_FAILURE);
}

bool machine_local(struct machine *machine)
{
	return step(machine, MACHINE_LOCAL);
}

enum health_status machine_status(const struct machine *machine)
{
	return status_of[machine->state];
}

bool machine_is_changing(const struct machine *machine)
{
	return machine->state != MACHINE_UP && machine->state != MACHINE_DOWN;
}
