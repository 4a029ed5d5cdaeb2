// SPDX-License-Identifier: BSD-3-Clause
#include "filter.h"

#include <base/addr.h>

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 32

bool filter_is_set(const struct filter *filter)
{
	return filter->name_count > 0 || filter->pool != NULL || filter->service != NULL ||
	       filter->state != NULL || filter->sort != NULL || filter->is_reversed;
}

const struct column *filter_name_column(const struct view *view)
{
	const struct column *name = view_find_column(view, "name");

	return name != NULL ? name : view->columns;
}

static const struct column *pool_column(const struct view *view)
{
	return strcmp(view->name, "pools") == 0 ? view_find_column(view, "name")
						: view_find_column(view, "pool");
}

// By what rows belong to a service: its name, or else its pool or its VIP. 'theirs' is that column
// of the services.
static const struct column *service_column(const struct view *view, const char **theirs)
{
	const struct column *column = view_find_column(view, "service");

	*theirs = "name";
	if (strcmp(view->name, "services") == 0)
		return view_find_column(view, "name");
	if (column != NULL)
		return column;
	*theirs = "pool";
	column = pool_column(view);
	if (column != NULL)
		return column;
	*theirs = "vip";
	return view_find_column(view, "vip");
}

// --- Usage ---

static void check_sort(const char *sort, const struct view *view, const struct argp_state *state)
{
	const char *names[COLUMNS_MAX];
	char text[1024];
	size_t count = 0;

	if (view_find_column(view, sort) != NULL)
		return;
	for (const struct column *column = view->columns; !column_ends(column); column++)
		if (column->key != NULL && count < COLUMNS_MAX)
			names[count++] = column->key;
	argp_error(state, "%s",
		usage_explain(
			"--sort: there is no column", sort, names, count, text, sizeof(text)));
}

static void check_state(const char *word, const struct view *view, const struct argp_state *state)
{
	char list[128], text[512], *rest = list, *name;
	const char *names[COLUMNS_MAX];
	size_t count = 0;

	if (view->states == NULL) {
		argp_error(state, "--state: %s have no state", view->name);
		return;
	}
	snprintf(list, sizeof(list), "%s", view->states);
	while ((name = strsep(&rest, "|")) != NULL && count < COLUMNS_MAX) {
		if (strcmp(name, word) == 0)
			return;
		names[count++] = name;
	}
	argp_error(state, "%s",
		usage_explain(
			"--state: there is no state", word, names, count, text, sizeof(text)));
}

void filter_check(
	const struct filter *filter, const struct view *view, const struct argp_state *state)
{
	const char *theirs;

	if (filter->pool != NULL && pool_column(view) == NULL)
		argp_error(state, "--pool: %s belong to no pool", view->name);
	if (filter->service != NULL && service_column(view, &theirs) == NULL)
		argp_error(state, "--service: %s belong to no service", view->name);
	if (filter->state != NULL)
		check_state(filter->state, view, state);
	if (filter->sort != NULL)
		check_sort(filter->sort, view, state);
}

// --- Rows ---

static int receive_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct {
		const struct view *view;
		struct rows *rows;
		bool all;
	} *receiver = context;

	if (type != receiver->view->type)
		return ctl_fail(CTL_VERSION, "the daemon answered with rows of another kind");
	if (!receiver->all && receiver->view->minor != NULL && receiver->view->minor(body))
		return CTL_OK;
	if (rows_add(receiver->rows, body, size) < 0)
		return ctl_fail(CTL_FAILED, "out of memory");
	return CTL_OK;
}

int filter_fetch(struct session *session, const struct view *view, bool all, struct rows *rows)
{
	const struct message_show show = {.what = view->what};
	struct {
		const struct view *view;
		struct rows *rows;
		bool all;
	} receiver = {view, rows, all};
	int status = session_send(session, MESSAGE_SHOW, &show, sizeof(show));

	return status != CTL_OK ? status : session_receive(session, receive_row, &receiver, NULL);
}

static const void *row_at(const struct view *view, const struct rows *rows, size_t at)
{
	return rows->bytes + at * view->size;
}

static bool cell_is(const struct column *column, const void *row, const char *pattern)
{
	char text[CELL_SIZE];

	return fnmatch(pattern, column_format(column, row, text, sizeof(text)), 0) == 0;
}

static bool has_name(const struct view *view, const void *row, const char *pattern)
{
	const struct column *name = filter_name_column(view),
			    *pool = view_find_column(view, "pool");
	char whole[2 * CELL_SIZE + 2], text[CELL_SIZE];

	if (cell_is(name, row, pattern))
		return true;
	if (pool == NULL || pool == name || strchr(pattern, '/') == NULL)
		return false;
	snprintf(whole, sizeof(whole), "%s/", column_format(pool, row, text, sizeof(text)));
	strcat(whole, column_format(name, row, text, sizeof(text)));
	return fnmatch(pattern, whole, 0) == 0;
}

// "there is no backend 'web-9'", with the nearest name.
static int refuse_name(const struct view *view, const struct rows *rows, const char *name)
{
	const struct column *column = filter_name_column(view);
	const char **names = calloc(rows->count + 1, sizeof(*names));
	char(*texts)[CELL_SIZE] = calloc(rows->count + 1, CELL_SIZE);
	const char *nearest = NULL;
	int status;

	for (size_t i = 0; names != NULL && texts != NULL && i < rows->count; i++)
		names[i] = column_format(column, row_at(view, rows, i), texts[i], CELL_SIZE);
	if (names != NULL && texts != NULL)
		nearest = usage_suggest(name, names, rows->count);
	status = ctl_fail(CTL_FAILED, "none of the %s is called '%s'%s%s%s", view->name, name,
		nearest != NULL ? "; did you mean '" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "'?" : "");
	free(names);
	free(texts);
	return status;
}

static int check_names(
	const struct filter *filter, const struct view *view, const struct rows *rows)
{
	for (uint32_t i = 0; i < filter->name_count; i++) {
		size_t at = 0;

		while (at < rows->count &&
			!has_name(view, row_at(view, rows, at), filter->names[i]))
			at++;
		if (at == rows->count)
			return refuse_name(view, rows, filter->names[i]);
	}
	return CTL_OK;
}

static bool is_named(const struct filter *filter, const struct view *view, const void *row)
{
	for (uint32_t i = 0; i < filter->name_count; i++)
		if (has_name(view, row, filter->names[i]))
			return true;
	return filter->name_count == 0;
}

// The operator's state and the health are two columns; a word of either is one of its own.
static bool has_state(const struct filter *filter, const struct view *view, const void *row)
{
	static const char *const keys[] = {"state", "health", "LINK"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && filter->state != NULL; i++) {
		const struct column *column = view_find_column(view, keys[i]);

		if (column != NULL && cell_is(column, row, filter->state))
			return true;
	}
	return filter->state == NULL;
}

// What the service's rows are known by, in this view; "" where there is no such service.
static int find_service(const struct filter *filter, const char *theirs, struct session *session,
	char *out, size_t size)
{
	const struct view *services = view_find("services");
	struct rows rows = {0};
	int status = filter_fetch(session, services, true, &rows);

	out[0] = '\0';
	for (size_t i = 0; i < rows.count && status == CTL_OK; i++) {
		const void *row = row_at(services, &rows, i);

		if (cell_is(view_find_column(services, "name"), row, filter->service))
			column_format(view_find_column(services, theirs), row, out, size);
	}
	if (status == CTL_OK && out[0] == '\0')
		status = refuse_name(services, &rows, filter->service);
	rows_free(&rows);
	return status;
}

// --- Order ---

static const struct column *order_by; // of compare_rows() alone
static bool order_is_reversed;

static int compare_cells(const void *a, const void *b)
{
	char text[CELL_SIZE], other[CELL_SIZE];
	uint64_t x, y;

	switch (order_by->kind) {
	case COLUMN_ADDR:
		return addr_compare((const void *)((const uint8_t *)a + order_by->offset),
			(const void *)((const uint8_t *)b + order_by->offset));
	case COLUMN_TEXT:
	case COLUMN_NAME:
	case COLUMN_NAME_OR_NONE:
		return strcmp(column_format(order_by, a, text, sizeof(text)),
			column_format(order_by, b, other, sizeof(other)));
	default: // the largest first
		x = column_number(order_by, a);
		y = column_number(order_by, b);
		if (order_by->kind == COLUMN_OF) {
			x &= UINT32_MAX;
			y &= UINT32_MAX;
		}
		return x < y ? 1 : x > y ? -1 : 0;
	}
}

// A stable order: what is alike stays as it came.
static int compare_rows(const void *a, const void *b)
{
	const uint8_t *const *x = a, *const *y = b;
	int order = compare_cells(*x, *y);

	if (order_is_reversed)
		order = -order;
	return order != 0 ? order : *x < *y ? -1 : *x > *y ? 1 : 0;
}

static int sort(const struct filter *filter, const struct view *view, struct rows *rows)
{
	const uint8_t **order = calloc(rows->count + 1, sizeof(*order));
	uint8_t *sorted = calloc(rows->count + 1, view->size);

	if (order == NULL || sorted == NULL) {
		free(order);
		free(sorted);
		return ctl_fail(CTL_FAILED, "out of memory");
	}
	order_by = view_find_column(
		view, filter->sort != NULL ? filter->sort : filter_name_column(view)->key);
	order_is_reversed = filter->is_reversed;
	for (size_t i = 0; i < rows->count; i++)
		order[i] = row_at(view, rows, i);
	qsort(order, rows->count, sizeof(*order), compare_rows);
	for (size_t i = 0; i < rows->count; i++)
		memcpy(sorted + i * view->size, order[i], view->size);
	free(order);
	free(rows->bytes);
	rows->bytes = sorted;
	rows->room = rows->count + 1;
	return CTL_OK;
}

// Nothing of the pool is no fault, a pool that is not there is.
static int check_pool(const struct filter *filter, struct session *session)
{
	const struct view *pools = view_find("pools");
	struct rows rows = {0};
	int status = filter_fetch(session, pools, true, &rows);
	size_t at = 0;

	while (status == CTL_OK && at < rows.count &&
		!cell_is(filter_name_column(pools), row_at(pools, &rows, at), filter->pool))
		at++;
	if (status == CTL_OK && at == rows.count)
		status = refuse_name(pools, &rows, filter->pool);
	rows_free(&rows);
	return status;
}

int filter_apply(const struct filter *filter, const struct view *view, struct session *session,
	struct rows *rows)
{
	const struct column *service = NULL, *pool = pool_column(view);
	char theirs[CELL_SIZE] = "";
	const char *key;
	size_t kept = 0;
	int status = check_names(filter, view, rows);

	if (status == CTL_OK && filter->service != NULL) {
		service = service_column(view, &key);
		status = find_service(filter, key, session, theirs, sizeof(theirs));
	}
	if (status != CTL_OK)
		return status;
	for (size_t i = 0; i < rows->count; i++) {
		const void *row = row_at(view, rows, i);

		if (is_named(filter, view, row) && has_state(filter, view, row) &&
			(filter->pool == NULL || cell_is(pool, row, filter->pool)) &&
			(service == NULL || cell_is(service, row, theirs)))
			memmove(rows->bytes + kept++ * view->size, row, view->size);
	}
	rows->count = kept;
	if (kept == 0 && filter->pool != NULL)
		status = check_pool(filter, session);
	if (status != CTL_OK)
		return status;
	return filter->sort == NULL && !filter->is_reversed ? CTL_OK : sort(filter, view, rows);
}
