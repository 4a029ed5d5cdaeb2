// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "view.h"

#include <base/addr.h>
#include <base/clock.h>

#include <string.h>

static json_t *json_text(const struct column *column, const void *row)
{
	const char *field = (const char *)row + column->offset;
	json_t *text = json_stringn(field, strnlen(field, column->size));

	return text != NULL ? text : json_string("?"); // no UTF-8
}

static json_t *json_cell(const struct column *column, const void *row)
{
	uint64_t value = column_number(column, row);
	char text[ADDR_TEXT_SIZE], moment[40];

	switch (column->kind) {
	case COLUMN_TEXT:
		return json_text(column, row);
	case COLUMN_ADDR:
		return json_string(column_format(column, row, text, sizeof(text)));
	case COLUMN_NAME_OR_NONE:
		return value == 0 ? json_null() : json_string(column->name(value));
	case COLUMN_NAME:
		return json_string(column->name(value));
	case COLUMN_BOOL:
		return json_boolean(value != 0);
	case COLUMN_NUMBER_OR_NONE:
	case COLUMN_LEFT:
		return value == 0 ? json_null() : json_integer((json_int_t)value);
	case COLUMN_TIME:
		return value == 0 ? json_null()
				  : json_string(clock_format_utc(value, text, sizeof(text)));
	case COLUMN_MOMENT:
		snprintf(moment, sizeof(moment), "%.19s.%03uZ",
			clock_format_utc(value / 1000, text, sizeof(text)),
			(unsigned int)(value % 1000));
		return json_string(moment);
	default:
		return json_integer((json_int_t)value);
	}
}

json_t *view_json_row(const struct view *view, const void *row)
{
	json_t *object = json_object();
	const struct column *column = view->columns;

	for (; column->title != NULL || column->key != NULL; column++)
		if (column->key != NULL &&
			json_object_set_new(object, column->key, json_cell(column, row)) < 0) {
			json_decref(object);
			return NULL;
		}
	return object;
}

json_t *view_json_rows(const struct view *view, const struct rows *rows)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rows->count; i++)
		if (json_array_append_new(
			    array, view_json_row(view, rows->bytes + i * view->size)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static bool is_yaml; // as one -o for the whole process says

void view_choose_yaml(void)
{
	is_yaml = true;
}

static bool write_json(const json_t *json, FILE *out)
{
	return json_dumpf(json, out, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
	       fputc('\n', out) != EOF;
}

int view_print_json(json_t *json)
{
	bool good = json != NULL &&
		    (is_yaml ? view_write_yaml(json, stdout) : write_json(json, stdout));

	json_decref(json);
	return good ? CTL_OK : ctl_fail(CTL_FAILED, "the output could not be written");
}
