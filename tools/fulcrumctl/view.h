// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_VIEW_H
#define FULCRUMCTL_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

// A kind of reply row as people and programs read it: its columns once, for the table and for JSON.

enum column_kind {
	COLUMN_TEXT,
	COLUMN_ADDR, // struct addr
	COLUMN_NUMBER, // exact everywhere
	COLUMN_NUMBER_OR_NONE, // likewise; 0 is none
	COLUMN_COUNT, // short in a table, exact in JSON
	COLUMN_BYTES,
	COLUMN_SHARE, // parts per million; a table has percent
	COLUMN_TIME, // wall clock: an age in a table, UTC in JSON; 0 is none
	COLUMN_MOMENT, // milliseconds of the wall clock: UTC, to seconds in a table
	COLUMN_SPAN, // seconds; a table has "42s", "3h"
	COLUMN_LEFT, // seconds that are left, as COLUMN_SPAN; 0 is none
	COLUMN_OF, // two uint32_t, "2/3"
	COLUMN_NAME, // a number that 'name' names
	COLUMN_NAME_OR_NONE, // likewise; 0 is none
	COLUMN_BOOL,
};

struct column {
	const char *title; // in a table; NULL: not there
	const char *key; // in JSON; NULL: not there
	enum column_kind kind;
	uint16_t offset;
	uint16_t size; // of the field
	const char *(*name)(uint64_t value);
	uint8_t rank; // those of the highest are left out first where a terminal is too narrow; 0: never
};

struct view {
	const char *name; // what the operator asks for, and the key in JSON
	uint32_t what; // enum message_show_what
	uint16_t type; // of its rows, enum message_type
	uint16_t size;
	bool (*minor)(const void *row); // true for a row that only --all shows
	const struct column *columns; // up to one without title and key
	const char *states; // that --state takes, "up|down"; NULL
};

// A field's place in a row, and of two fields side by side.
#define FIELD(type, member) \
	offsetof(struct message_##type, member), sizeof(((struct message_##type *)0)->member)
#define PAIR(type, member) \
	offsetof(struct message_##type, member), 2 * sizeof(((struct message_##type *)0)->member)

// The views that there are, up to one without a name.
extern const struct view views[];
const struct view *view_find(const char *name); // NULL: there is none
// By its key or its title, in letters of any case. NULL: there is none.
const struct column *view_find_column(const struct view *view, const char *name);
bool column_ends(const struct column *column); // behind the last one
// Of the daemon itself, and of what 'flows' lists; not among 'views'.
extern const struct view view_daemon;
extern const struct view view_flows;
extern const struct view view_events;
extern const struct view view_plan;
extern const struct view view_explain; // only as JSON
extern const struct view view_explain_flow;
extern const struct view view_doctor; // of 'doctor', whose rows no daemon sends; only as JSON

// Names of what a row has as a number.
const char *view_state(uint64_t value);
const char *view_health(uint64_t value);
const char *view_flow_state(uint64_t value);
const char *view_doctor_result(uint64_t value);

// Rows as they came, in one array.
struct rows {
	uint8_t *bytes;
	size_t count;
	size_t room;
};

int rows_add(struct rows *rows, const void *row, size_t size); // 0 or -ENOMEM
void rows_free(struct rows *rows);

// The unsigned number in a field of 1, 2, 4 or 8 bytes.
uint64_t column_number(const struct column *column, const void *row);
#define CELL_SIZE 288 // of the longest one

// A cell's text for people. Returns 'text'.
const char *column_format(const struct column *column, const void *row, char *text, size_t size);

// From now on tables fit the terminal that standard output is: columns are left out by their rank,
// and the last text is cut. What is no terminal gets all.
void view_fit(bool fits);
// What fits: the end of "connect to 10.0.1.11:443: connection refused" says more than its
// beginning.
const char *view_brief(const char *text, size_t room);
// Prints the rows on standard output as a table with a line of titles.
void view_print_table(const struct view *view, const struct rows *rows);
// Prints one row on standard output, a line a column.
void view_print_card(const struct view *view, const void *row);
// An array of objects, or one object. NULL without memory.
json_t *view_json_rows(const struct view *view, const struct rows *rows);
json_t *view_json_row(const struct view *view, const void *row);
// From now on view_print_json() writes YAML instead.
void view_choose_yaml(void);
// False: it could not be written.
bool view_write_yaml(const json_t *json, FILE *out);
// Prints and frees it; NULL is one that there was no memory for. Returns the exit status.
int view_print_json(json_t *json);

#endif
