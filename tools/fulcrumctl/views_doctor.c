// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_row.h"
#include "view.h"

static const char *const result_names[] = {
	[DOCTOR_OK] = "ok", [DOCTOR_UNKNOWN] = "cannot tell", [DOCTOR_WRONG] = "wrong"};

const char *view_doctor_result(uint64_t value)
{
	return value <= DOCTOR_WRONG ? result_names[value] : "?";
}

#define ROW(member) offsetof(struct doctor_row, member), sizeof(((struct doctor_row *)0)->member)

static const struct column columns[] = {
	{NULL, "check", COLUMN_TEXT, ROW(check), NULL},
	{NULL, "result", COLUMN_NAME, ROW(result), view_doctor_result},
	{NULL, "found", COLUMN_TEXT, ROW(found), NULL},
	{NULL, "why", COLUMN_TEXT, ROW(why), NULL},
	{NULL, "mend", COLUMN_TEXT, ROW(mend), NULL},
	{0},
};

const struct view view_doctor = {
	.name = "checks", .size = sizeof(struct doctor_row), .columns = columns};
