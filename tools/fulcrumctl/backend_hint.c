// SPDX-License-Identifier: BSD-3-Clause
#include "backend.h"
#include "view.h"

#include <base/printable.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_SIZE (2 * CONFIG_NAME_SIZE + 2)

static int take_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	char name[NAME_SIZE];
	struct message_row_backend row;

	if (type != MESSAGE_ROW_BACKEND)
		return CTL_OK;
	memcpy(&row, body, sizeof(row));
	snprintf(name, sizeof(name), "%.*s/%.*s", (int)sizeof(row.pool), row.pool,
		(int)sizeof(row.name), row.name);
	rows_add(context, name, sizeof(name));
	return CTL_OK;
}

// With its pool, or without where the word has none.
static void hint(const char *word, const char (*known)[NAME_SIZE], const char **names, size_t count)
{
	bool is_whole = strchr(word, '/') != NULL;
	const char *nearest;

	for (size_t i = 0; i < count; i++) {
		names[i] = is_whole ? known[i] : strchr(known[i], '/') + 1;
		if (strcmp(names[i], word) == 0)
			return;
	}
	nearest = usage_suggest(word, names, count);
	if (nearest != NULL)
		printable_line(stderr, "(did you mean '%s'?)", nearest);
}

void backend_hint(const struct ctl *ctl, const char *const *names, uint32_t count)
{
	const struct message_show show = {.what = MESSAGE_SHOW_BACKENDS};
	struct session *session;
	struct rows rows = {0};
	const char **known;
	struct error err;

	if (count == 0 || session_try(ctl, &session, &err) != 0)
		return;
	if (session_send(session, MESSAGE_SHOW, &show, sizeof(show)) == CTL_OK)
		session_receive(session, take_row, &rows, NULL);
	session_close(session);
	known = calloc(rows.count + 1, sizeof(*known));
	for (uint32_t i = 0; i < count && known != NULL && rows.count > 0; i++)
		hint(names[i], (const void *)rows.bytes, known, rows.count);
	free(known);
	rows_free(&rows);
}
