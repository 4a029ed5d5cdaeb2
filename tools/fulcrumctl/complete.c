// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "filter.h"
#include "session.h"
#include "view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What a shell is offered for the words that are fulcrumctl's own: names that the daemon knows,
// where one runs.

// Of the rows of a view one cell each: that column, behind another one where 'prefix' names one.
struct names {
	const struct view *view;
	const char *column, *prefix; // their keys in JSON
	struct rows found; // char[NAME_SIZE]
};

#define NAME_SIZE (2 * CELL_SIZE + 2)

static void cell(const struct view *view, const char *key, const void *row, char *text, size_t size)
{
	const struct column *column = view_find_column(view, key);

	text[0] = '\0';
	if (column != NULL)
		column_format(column, row, text, size);
}

static int take_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct names *names = context;
	char name[NAME_SIZE] = "", own[CELL_SIZE];

	if (type != names->view->type)
		return CTL_OK;
	if (names->prefix != NULL) {
		cell(names->view, names->prefix, body, name, CELL_SIZE);
		strcat(name, "/");
	}
	cell(names->view, names->column, body, own, sizeof(own));
	strcat(name, own);
	if (strcmp(own, "-") != 0)
		rows_add(&names->found, name, sizeof(name));
	return CTL_OK;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

// Each once.
static void offer_found(const struct rows *found, const char *word)
{
	const char(*names)[NAME_SIZE] = (const void *)found->bytes;

	if (found->count > 0)
		qsort(found->bytes, found->count, NAME_SIZE, compare);
	for (size_t i = 0; i < found->count; i++)
		if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
			usage_offer(word, names[i], "");
}

// The shell hides what is said on standard error where no daemon runs. It is asked without waiting
// for its turn.
static void offer_names(const struct ctl *ctl, const char *what, const char *prefix,
	const char *column, const char *word)
{
	const struct view *view = view_find(what);
	const struct message_show show = {.what = view->what};
	struct ctl impatient = {.channel = ctl->channel};
	struct names names = {.view = view, .column = column, .prefix = prefix};

	session_ask(&impatient, MESSAGE_SHOW, &show, sizeof(show), take_row, &names, NULL);
	offer_found(&names.found, word);
	rows_free(&names.found);
}

static void offer_views(const char *word)
{
	for (const struct view *view = views; view->name != NULL; view++)
		usage_offer(word, view->name, "");
	usage_offer(word, "version", "");
	usage_offer(word, "config", "");
}

static void offer_columns(const struct view *view, const char *word)
{
	for (const struct column *column = view->columns; !column_ends(column); column++)
		if (column->key != NULL)
			usage_offer(word, column->key, column->title != NULL ? column->title : "");
}

static void offer_states(const struct view *view, const char *word)
{
	char list[128], *rest = list, *state;

	snprintf(list, sizeof(list), "%s", view->states);
	while ((state = strsep(&rest, "|")) != NULL)
		usage_offer(word, state, "");
}

void ctl_offer(const char *kind, const char *word, const char *const *before, size_t before_count,
	const struct ctl *ctl)
{
	const struct view *view = before_count > 0 ? view_find(before[0]) : NULL;

	if (strcmp(kind, "VIEW") == 0)
		offer_views(word);
	else if (strcmp(kind, "BACKEND") == 0)
		offer_names(ctl, "backends", "pool", "name", word);
	else if (strcmp(kind, "SERVICE") == 0)
		offer_names(ctl, "services", NULL, "name", word);
	else if (strcmp(kind, "POOL") == 0)
		offer_names(ctl, "pools", NULL, "name", word);
	else if (strcmp(kind, "ZONE") == 0)
		offer_names(ctl, "backends", NULL, "zone", word);
	else if (strcmp(kind, "ADDRESS") == 0)
		offer_names(ctl, "backends", NULL, "address", word);
	else if (strcmp(kind, "NAME") == 0 && view != NULL)
		offer_names(ctl, view->name, NULL, filter_name_column(view)->key, word);
	else if (strcmp(kind, "COLUMN") == 0 && view != NULL)
		offer_columns(view, word);
	else if (strcmp(kind, "STATE") == 0 && view != NULL && view->states != NULL)
		offer_states(view, word);
	else if (strcmp(kind, "VERSION") == 0)
		offer_names(ctl, "history", NULL, "version", word);
}
