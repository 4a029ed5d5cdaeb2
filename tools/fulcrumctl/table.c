// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "view.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS_MAX 24

static bool column_is_left(const struct column *column)
{
	return column->kind == COLUMN_TEXT || column->kind == COLUMN_ADDR ||
	       column->kind == COLUMN_NAME;
}

static const char *cell_colour(const struct column *column, const char *text)
{
	static const struct {
		const char *text, *colour;
	} colours[] = {{"up", "\033[32m"}, {"down", "\033[31m"}, {"unknown", "\033[33m"},
		{"draining", "\033[33m"}, {"disabled", "\033[33m"}};

	if (column->kind != COLUMN_NAME || !ctl_colours(STDOUT_FILENO))
		return NULL;
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].text, text) == 0)
			return colours[i].colour;
	return NULL;
}

// The last cell of a line is not padded: no blanks at its end.
static void print_cell(
	const struct column *column, const char *text, int width, bool last, const char *colour)
{
	int padding = width - (int)strlen(text);
	bool left = column_is_left(column);

	printf("%*s%s%s%s", left ? 0 : padding, "", colour != NULL ? colour : "", text,
		colour != NULL ? "\033[0m" : "");
	if (!last)
		printf("%*s", 2 + (left ? padding : 0), "");
	else
		putchar('\n');
}

// Widths of the columns that the table has; returns the last one's index.
static size_t measure(const struct view *view, const struct rows *rows, int widths[COLUMNS_MAX])
{
	char text[CELL_SIZE];
	size_t last = 0;

	for (size_t i = 0; i < COLUMNS_MAX && !column_ends(&view->columns[i]); i++) {
		if (view->columns[i].title == NULL)
			continue;
		last = i;
		widths[i] = (int)strlen(view->columns[i].title);
		for (size_t row = 0; row < rows->count; row++) {
			int width = (int)strlen(column_format(&view->columns[i],
				rows->bytes + row * view->size, text, sizeof(text)));

			if (width > widths[i])
				widths[i] = width;
		}
	}
	return last;
}

void view_print_table(const struct view *view, const struct rows *rows)
{
	const char *bold = ctl_colours(STDOUT_FILENO) ? "\033[1m" : NULL;
	int widths[COLUMNS_MAX];
	size_t last = measure(view, rows, widths);
	char text[CELL_SIZE];

	if (rows->count == 0) {
		printf("no %s\n", view->name);
		return;
	}
	for (size_t i = 0; i <= last; i++)
		if (view->columns[i].title != NULL)
			print_cell(&view->columns[i], view->columns[i].title, widths[i], i == last,
				bold);
	for (size_t row = 0; row < rows->count; row++) {
		for (size_t i = 0; i <= last; i++) {
			if (view->columns[i].title == NULL)
				continue;
			column_format(&view->columns[i], rows->bytes + row * view->size, text,
				sizeof(text));
			print_cell(&view->columns[i], text, widths[i], i == last,
				cell_colour(&view->columns[i], text));
		}
	}
}

void view_print_card(const struct view *view, const void *row)
{
	char text[CELL_SIZE];

	for (const struct column *column = view->columns; !column_ends(column); column++)
		if (column->title != NULL)
			printf("%-16s %s\n", column->title,
				column_format(column, row, text, sizeof(text)));
}
