// SPDX-License-Identifier: BSD-3-Clause
#include "session.h"
#include "view.h"
#include "watch.h"

#include <base/clock.h>
#include <base/parse.h>
#include <base/printable.h>

#include <events/events.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FOLLOW_MS   500
#define OBJECTS_MAX 64u

enum { OPTION_WIDE = 0x100 };

struct arguments {
	const char *objects[OBJECTS_MAX]; // patterns
	uint32_t object_count;
	const char *kind; // NULL: any
	uint64_t since_ms; // wall clock
	uint64_t last; // UINT64_MAX: all
	bool follows;
	bool json;
	bool is_yaml;
	bool is_wide;
};

static const struct argp_option options[] = {
	{"follow", 'f', NULL, 0, "Go on with what comes, until Ctrl-C", 0},
	{"since", 's', "TIME", 0, "What happened in the last 10m, 2h", 0},
	{"last", 'n', "N", 0, "The last N of them", 0},
	{"kind", 'k', "health|announce|link|apply|drain", 0, "Of this kind alone", 0},
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{"wide", OPTION_WIDE, NULL, 0, "All columns, however wide the terminal is", 0},
	{0},
};

static void parse_kind(struct arguments *arguments, const char *value, struct argp_state *state)
{
	const char *names[EVENTS_KIND_COUNT];
	char text[256];

	for (int kind = 0; kind < EVENTS_KIND_COUNT; kind++) {
		names[kind] = events_kind_name((enum events_kind)kind);
		if (strcmp(names[kind], value) == 0)
			arguments->kind = value;
	}
	if (arguments->kind == NULL)
		argp_error(state, "%s",
			usage_explain("--kind: there is no kind", value, names, EVENTS_KIND_COUNT,
				text, sizeof(text)));
}

static void parse_since(struct arguments *arguments, const char *value, struct argp_state *state)
{
	uint64_t ms, now_ms = clock_wall_ns() / CLOCK_NS_PER_MS;

	if (parse_duration_ms(value, &ms) < 0)
		argp_error(state, "--since: '%s' is no time such as 10m or 2h", value);
	else
		arguments->since_ms = ms < now_ms ? now_ms - ms : 1;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'f':
		arguments->follows = true;
		return 0;
	case 's':
		parse_since(arguments, value, state);
		return 0;
	case 'n':
		if (parse_u64(value, &arguments->last) < 0)
			argp_error(state, "--last: '%s' is no number", value);
		return 0;
	case 'k':
		parse_kind(arguments, value, state);
		return 0;
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		arguments->is_yaml = strcmp(value, "yaml") == 0;
		return 0;
	case OPTION_WIDE:
		arguments->is_wide = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->object_count == OBJECTS_MAX)
			argp_error(state, "no more than %u objects", OBJECTS_MAX);
		else
			arguments->objects[arguments->object_count++] = value;
		return 0;
	case ARGP_KEY_END:
		if (arguments->follows && arguments->is_yaml)
			argp_error(state, "--follow prints lines of text or of JSON");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_events = {options, parse_option, "[OBJECT...]",
	"Lists what happened: changes of health, announcement and links, applies and drains.\v"
	"OBJECT is a backend (web/web-1, or web-1), a VIP, a port, 'config', or a pattern such as 'web/*'. The daemon "
	"keeps the last 10,000; their numbers have no gap but where some are lost. With --follow and -o json "
	"each event is an object on a line of its own.",
	0, 0, 0};

// --- Which ones ---

static bool is_object(const struct message_row_event *row, const char *pattern)
{
	char object[sizeof(row->object) + 1] = "";
	const char *own;

	memcpy(object, row->object, sizeof(row->object));
	own = strchr(object, '/');
	return fnmatch(pattern, object, 0) == 0 ||
	       (own != NULL && fnmatch(pattern, own + 1, 0) == 0);
}

static bool is_wanted(const struct arguments *arguments, const struct message_row_event *row)
{
	bool is_named = arguments->object_count == 0;

	for (uint32_t i = 0; i < arguments->object_count; i++)
		is_named |= is_object(row, arguments->objects[i]);
	return is_named && row->time_ms >= arguments->since_ms &&
	       (arguments->kind == NULL ||
		       strncmp(row->kind, arguments->kind, sizeof(row->kind)) == 0);
}

// --- What the daemon has ---

struct events_look {
	const struct arguments *arguments;
	struct rows rows; // that are wanted
	struct message_events asked;
	uint64_t lost; // numbers that are not there
	bool has_some; // the daemon has been asked before
};

static int take_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct events_look *look = context;
	struct message_row_event row;

	if (type != MESSAGE_ROW_EVENT)
		return ctl_fail(CTL_VERSION, "the daemon answered with rows of another kind");
	memcpy(&row, body, sizeof(row));
	if (row.started_s != look->asked.started_s)
		look->asked.after = 0; // another daemon
	look->lost += row.sequence - look->asked.after - 1;
	look->asked.after = row.sequence;
	look->asked.started_s = row.started_s;
	if (is_wanted(look->arguments, &row) && rows_add(&look->rows, &row, sizeof(row)) < 0)
		return ctl_fail(CTL_FAILED, "out of memory");
	return CTL_OK;
}

static int ask(const struct ctl *ctl, struct events_look *look)
{
	const struct message_events request = look->asked;

	look->lost = 0;
	return session_ask(ctl, MESSAGE_EVENTS, &request, sizeof(request), take_row, look, NULL);
}

static void keep_last(struct rows *rows, uint64_t last)
{
	size_t size = sizeof(struct message_row_event);

	if (rows->count <= last)
		return;
	memmove(rows->bytes, rows->bytes + (rows->count - last) * size, last * size);
	rows->count = last;
}

// --- Output ---

static void note_lost(uint64_t lost)
{
	if (lost > 0)
		fprintf(stderr, "(%" PRIu64 " event%s before the next one: no longer kept)\n", lost,
			lost == 1 ? "" : "s");
}

static void print_line(const struct message_row_event *row)
{
	char cell[CELL_SIZE];
	const char *text;

	for (const struct column *column = view_events.columns; !column_ends(column); column++) {
		if (column->title == NULL || column->rank > 0 || column_ends(column + 1))
			continue;
		text = column_format(column, row, cell, sizeof(cell));
		printf("%-*s  ", column->kind == COLUMN_MOMENT ? 20 : 8, text);
	}
	printf("%s\n",
		column_format(view_find_column(&view_events, "message"), row, cell, sizeof(cell)));
}

static int print_followed(const struct rows *rows, bool json)
{
	const struct message_row_event *all = (const void *)rows->bytes;

	for (size_t i = 0; i < rows->count; i++) {
		json_t *object = json ? view_json_row(&view_events, &all[i]) : NULL;

		if (!json)
			print_line(&all[i]);
		else if (object == NULL ||
			 json_dumpf(object, stdout, JSON_COMPACT | JSON_ENSURE_ASCII) != 0 ||
			 putchar('\n') == EOF)
			return ctl_fail(CTL_FAILED, "the output could not be written");
		json_decref(object);
	}
	return fflush(stdout) == 0 ? CTL_OK
				   : ctl_fail(CTL_FAILED, "the output could not be written");
}

static int print_all(const struct rows *rows, bool json)
{
	if (json)
		return view_print_json(view_json_rows(&view_events, rows));
	view_print_table(&view_events, rows);
	return CTL_OK;
}

// A daemon that is gone is waited for: the next one's events go on here.
static int follow(
	const struct ctl *ctl, const struct arguments *arguments, struct events_look *look)
{
	bool is_gone = false;
	struct error err;

	watch_begin();
	for (;;) {
		struct session *session;
		int status = print_followed(&look->rows, arguments->json);

		look->rows.count = 0;
		if (status != CTL_OK || !watch_wait(FOLLOW_MS))
			return status;
		if (session_try(ctl, &session, &err) != 0) {
			if (!is_gone)
				printable_line(stderr, "(%s; waiting)", err.text);
			is_gone = true;
			continue;
		}
		session_close(session);
		is_gone = false;
		status = ask(ctl, look);
		if (status != CTL_OK && status != CTL_NO_DAEMON && status != CTL_BUSY)
			return status;
		note_lost(look->lost);
	}
}

int command_events(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.last = UINT64_MAX};
	struct events_look look = {.arguments = &arguments};
	int status;

	ctl_parse(&argp_events, argc, argv, &arguments);
	view_fit(!arguments.is_wide);
	status = ask(ctl, &look);
	if (status == CTL_OK) {
		note_lost(look.lost);
		keep_last(&look.rows, arguments.last);
		status = arguments.follows ? follow(ctl, &arguments, &look)
					   : print_all(&look.rows, arguments.json);
	}
	rows_free(&look.rows);
	return status;
}
