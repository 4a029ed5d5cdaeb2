// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_DOCTOR_ROW_H
#define FULCRUMCTL_DOCTOR_ROW_H

#include <stdint.h>

// What a check of 'fulcrumctl doctor' found; as view_doctor prints it.

enum doctor_result { DOCTOR_OK, DOCTOR_UNKNOWN, DOCTOR_WRONG };

struct doctor_row {
	char check[24];
	char found[192];
	char why[128]; // what the check is for, where it is not ok
	char mend[384]; // what to type; "": nothing, or nothing that could be typed
	uint8_t result;
};

#endif
