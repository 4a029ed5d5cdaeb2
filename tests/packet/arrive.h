// SPDX-License-Identifier: BSD-3-Clause
#ifndef TESTS_PACKET_ARRIVE_H
#define TESTS_PACKET_ARRIVE_H

#include "stage.h"

// How a frame comes in; case.py has the same numbers.
enum how {
	FROM_WIRE,
	FROM_KERNEL,
	NO_HEADROOM,
	IN_PIECES,
	TOO_MANY_PIECES,
	WIRE_FULL,
	KERNEL_FULL,
	FROM_OTHER_WIRE,
};

void arrive(struct stage *stage, enum how how, const uint8_t *bytes, uint32_t size);

#endif
