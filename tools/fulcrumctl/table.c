// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "view.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MAX 24

static bool column_is_left(const struct column *column)
{
	return column->kind == COLUMN_TEXT || column->kind == COLUMN_ADDR ||
	       column->kind == COLUMN_NAME || column->kind == COLUMN_MOMENT;
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

static bool fits_terminal;

void view_fit(bool fits)
{
	fits_terminal = fits;
}

// 0: however wide.
static int terminal_width(void)
{
	struct winsize window;

	if (!fits_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0)
		return 0;
	return window.ws_col;
}

const char *view_brief(const char *text, size_t room)
{
	const char *end = text;

	for (const char *at = text; strlen(text) > room && (at = strstr(at, ": ")) != NULL;)
		end = at += 2;
	return end;
}

struct table {
	const struct view *view;
	const struct rows *rows;
	int widths[COLUMNS_MAX]; // 0: it is left out
	size_t last; // column that is there
	uint32_t left_out;
	bool is_cut; // the last column's texts may be
	bool was_cut; // and one was
};

static void measure(struct table *table)
{
	const struct view *view = table->view;
	char text[CELL_SIZE];

	for (size_t i = 0; i < COLUMNS_MAX && !column_ends(&view->columns[i]); i++) {
		if (view->columns[i].title == NULL)
			continue;
		table->last = i;
		table->widths[i] = (int)strlen(view->columns[i].title);
		for (size_t row = 0; row < table->rows->count; row++) {
			int width = (int)strlen(column_format(&view->columns[i],
				table->rows->bytes + row * view->size, text, sizeof(text)));

			if (width > table->widths[i])
				table->widths[i] = width;
		}
	}
}

// The last column is a text that may be cut to so many letters, where it is longer.
#define CUT_LEAST 24

static int least_width(const struct table *table, size_t column)
{
	int width = table->widths[column];

	if (column == table->last && table->view->columns[column].kind == COLUMN_TEXT &&
		width > CUT_LEAST)
		return CUT_LEAST;
	return width;
}

static int total_width(const struct table *table)
{
	int total = 0;

	for (size_t i = 0; i <= table->last; i++)
		if (table->widths[i] > 0)
			total += least_width(table, i) + 2;
	return total - 2;
}

// Leaves out the column of the highest rank, of several the one that stands last. False: none may
// be.
static bool leave_one_out(struct table *table)
{
	size_t found = COLUMNS_MAX;

	for (size_t i = 0; i <= table->last; i++)
		if (table->widths[i] > 0 && table->view->columns[i].rank > 0 &&
			(found == COLUMNS_MAX ||
				table->view->columns[i].rank >= table->view->columns[found].rank))
			found = i;
	if (found == COLUMNS_MAX)
		return false;
	table->widths[found] = 0;
	table->left_out++;
	while (table->last > 0 && table->widths[table->last] == 0)
		table->last--;
	return true;
}

static void fit(struct table *table, int width)
{
	int rest;

	while (width > 0 && total_width(table) > width && leave_one_out(table))
		;
	rest = width - total_width(table) + least_width(table, table->last);
	if (width > 0 && table->widths[table->last] > rest &&
		table->view->columns[table->last].kind == COLUMN_TEXT) {
		table->widths[table->last] = rest > CUT_LEAST ? rest : CUT_LEAST;
		table->is_cut = true;
	}
}

static void cut(struct table *table, size_t column, char *text)
{
	size_t room = (size_t)table->widths[column];

	if (!table->is_cut || column != table->last || strlen(text) <= room)
		return;
	table->was_cut = true;
	memmove(text, view_brief(text, room), strlen(view_brief(text, room)) + 1);
	if (strlen(text) > room)
		strcpy(text + room - 3, "...");
}

static void print_row(struct table *table, const void *row)
{
	const struct view *view = table->view;
	char text[CELL_SIZE];

	for (size_t i = 0; i <= table->last; i++) {
		if (table->widths[i] == 0)
			continue;
		column_format(&view->columns[i], row, text, sizeof(text));
		cut(table, i, text);
		print_cell(&view->columns[i], text, table->widths[i], i == table->last,
			cell_colour(&view->columns[i], text));
	}
}

void view_print_table(const struct view *view, const struct rows *rows)
{
	const char *bold = ctl_colours(STDOUT_FILENO) ? "\033[1m" : NULL;
	struct table table = {.view = view, .rows = rows};

	if (rows->count == 0) {
		printf("no %s\n", view->name);
		return;
	}
	measure(&table);
	fit(&table, terminal_width());
	for (size_t i = 0; i <= table.last; i++)
		if (table.widths[i] > 0)
			print_cell(&view->columns[i], view->columns[i].title, table.widths[i],
				i == table.last, bold);
	for (size_t row = 0; row < rows->count; row++)
		print_row(&table, rows->bytes + row * view->size);
	if (table.left_out == 0 && table.was_cut)
		printf("(texts are cut: --wide)\n");
	else if (table.left_out > 0)
		printf("(%u column%s more: --wide)\n", table.left_out,
			table.left_out == 1 ? "" : "s");
}

void view_print_card(const struct view *view, const void *row)
{
	char text[CELL_SIZE];

	for (const struct column *column = view->columns; !column_ends(column); column++)
		if (column->title != NULL)
			printf("%-16s %s\n", column->title,
				column_format(column, row, text, sizeof(text)));
}
