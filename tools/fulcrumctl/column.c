// SPDX-License-Identifier: BSD-3-Clause
#include "format.h"
#include "view.h"

#include <base/addr.h>
#include <base/clock.h>
#include <base/printable.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool column_ends(const struct column *column)
{
	return column->title == NULL && column->key == NULL;
}

const struct column *view_find_column(const struct view *view, const char *name)
{
	for (const struct column *column = view->columns; !column_ends(column); column++)
		if (column->key != NULL && strcasecmp(column->key, name) == 0)
			return column;
	for (const struct column *column = view->columns; !column_ends(column); column++)
		if (column->title != NULL && strcasecmp(column->title, name) == 0)
			return column;
	return NULL;
}

int rows_add(struct rows *rows, const void *row, size_t size)
{
	uint8_t *bytes;

	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 64 : 2 * rows->room;

		bytes = reallocarray(rows->bytes, room, size);
		if (bytes == NULL)
			return -ENOMEM;
		rows->bytes = bytes;
		rows->room = room;
	}
	memcpy(rows->bytes + rows->count++ * size, row, size);
	return 0;
}

void rows_free(struct rows *rows)
{
	free(rows->bytes);
	*rows = (struct rows){0};
}

uint64_t column_number(const struct column *column, const void *row)
{
	uint64_t value = 0; // the fields are little-endian

	memcpy(&value, (const uint8_t *)row + column->offset,
		column->size < sizeof(value) ? column->size : sizeof(value));
	return value;
}

// A field of text may lack its zero, and a terminal is to see no control characters.
static const char *format_text(
	const struct column *column, const void *row, char *text, size_t size)
{
	const char *field = (const char *)row + column->offset;

	snprintf(text, size, "%.*s", (int)column->size, field);
	printable_make(text);
	return text[0] != '\0' ? text : strcpy(text, "-");
}

const char *column_format(const struct column *column, const void *row, char *text, size_t size)
{
	uint64_t value = column_number(column, row);

	switch (column->kind) {
	case COLUMN_TEXT:
		return format_text(column, row, text, size);
	case COLUMN_ADDR:
		return addr_format(
			(const void *)((const uint8_t *)row + column->offset), text, size);
	case COLUMN_NUMBER_OR_NONE:
		if (value == 0)
			return strcpy(text, "-");
		// fall through
	case COLUMN_NUMBER:
		snprintf(text, size, "%" PRIu64, value);
		return text;
	case COLUMN_COUNT:
		return format_count(value, text, size);
	case COLUMN_BYTES:
		return format_bytes(value, text, size);
	case COLUMN_SHARE:
		snprintf(text, size, "%.1f%%", (double)value / 10000);
		return text;
	case COLUMN_TIME:
		return value == 0 ? strcpy(text, "-")
				  : format_age(value, clock_wall_s(), text, size);
	case COLUMN_MOMENT:
		return clock_format_utc(value / 1000, text, size);
	case COLUMN_SPAN:
		return format_age(0, value, text, size);
	case COLUMN_LEFT:
		return value == 0 ? strcpy(text, "-") : format_age(0, value, text, size);
	case COLUMN_OF:
		snprintf(text, size, "%" PRIu64 "/%" PRIu64, value & UINT32_MAX, value >> 32);
		return text;
	case COLUMN_NAME_OR_NONE:
		if (value == 0)
			return strcpy(text, "-");
		// fall through
	case COLUMN_NAME:
		snprintf(text, size, "%s", column->name(value));
		return text;
	case COLUMN_BOOL:
		return strcpy(text, value != 0 ? "yes" : "no");
	}
	return strcpy(text, "");
}
