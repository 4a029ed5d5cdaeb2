// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "filter.h"
#include "session.h"
#include "view.h"
#include "watch.h"

#include <base/printable.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VIEWS_MAX 32

enum {
	OPTION_POOL = 0x100,
	OPTION_SERVICE,
	OPTION_STATE,
	OPTION_SORT,
	OPTION_REVERSE,
	OPTION_WIDE,
	OPTION_SECRETS
};

struct arguments {
	const char *what; // NULL: the summary
	bool json;
	bool is_plain; // -o yaml: the configuration as it is
	bool all;
	bool is_wide;
	bool has_secrets;
	uint32_t watch_ms; // 0: once
	struct filter filter;
	const struct ctl *ctl;
};

#define COMMON_OPTIONS                                                                         \
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0}, \
		WATCH_OPTION,                                                                  \
	{                                                                                      \
		"wide", OPTION_WIDE, NULL, 0, "All columns, however wide the terminal is", 0   \
	}

static const struct argp_option options[] = {
	{"all", 'a', NULL, 0, "Drops: those that never happened, too", 0},
	{"pool", OPTION_POOL, "POOL", 0, "What belongs to this pool", 0},
	{"service", OPTION_SERVICE, "SERVICE", 0, "What belongs to this service", 0},
	{"state", OPTION_STATE, "STATE", 0, "Of this state or health: down, draining", 0},
	{"sort", OPTION_SORT, "COLUMN", 0, "By this column: names from a, numbers from the largest",
		0},
	{"reverse", OPTION_REVERSE, NULL, 0, "The other way round", 0},
	{"secrets", OPTION_SECRETS, NULL, 0, "config with its hash_key, for root", 0},
	COMMON_OPTIONS,
	{0},
};

static void refuse_view(const char *word, struct argp_state *state)
{
	const char *names[VIEWS_MAX];
	char text[512];
	size_t count = 0;

	for (const struct view *view = views; view->name != NULL; view++)
		names[count++] = view->name;
	names[count++] = "version";
	names[count++] = "config";
	argp_error(state, "%s",
		usage_explain("there is nothing to show that is called", word, names, count, text,
			sizeof(text)));
}

static void add_name(struct filter *filter, const char *name, const struct argp_state *state)
{
	if (filter->name_count == FILTER_NAMES_MAX)
		argp_error(state, "no more than %u names", FILTER_NAMES_MAX);
	else
		filter->names[filter->name_count++] = name;
}

static void check_filter(const struct arguments *arguments, const struct argp_state *state)
{
	const struct view *view = arguments->what != NULL ? view_find(arguments->what) : NULL;

	if (view != NULL)
		filter_check(&arguments->filter, view, state);
	else if (arguments->what == NULL && filter_is_set(&arguments->filter))
		argp_error(state, "say of what, such as 'fulcrumctl show backends'");
	else if (filter_is_set(&arguments->filter))
		argp_error(state,
			"'%s' is shown whole: no names, --pool, --service, --state, --sort",
			arguments->what);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct filter *filter = &arguments->filter;

	switch (key) {
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		arguments->is_plain = strcmp(value, "yaml") == 0;
		return 0;
	case 'a':
		arguments->all = true;
		return 0;
	case 'w':
		arguments->watch_ms = watch_parse(value, state);
		return 0;
	case OPTION_SECRETS:
		arguments->has_secrets = true;
		return 0;
	case OPTION_WIDE:
		arguments->is_wide = true;
		return 0;
	case OPTION_POOL:
		filter->pool = value;
		return 0;
	case OPTION_SERVICE:
		filter->service = value;
		return 0;
	case OPTION_STATE:
		filter->state = value;
		return 0;
	case OPTION_SORT:
		filter->sort = value;
		return 0;
	case OPTION_REVERSE:
		filter->is_reversed = true;
		return 0;
	case ARGP_KEY_END:
		check_filter(arguments, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what != NULL) {
			add_name(filter, value, state);
			return 0;
		}
		if (view_find(value) == NULL && strcmp(value, "version") != 0 &&
			strcmp(value, "config") != 0)
			refuse_view(value, state);
		arguments->what = value;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_show = {options, parse_option, "[WHAT [NAME...]]",
	"Tells what the balancer has and does; without a word, the most of it in short.\v"
	"WHAT: services, vips, pools, backends, zones, drops, workers, ports, memory, history, version or config. "
	"NAME picks rows: web-1, web/web-1 or 'web-*'.\n"
	"Packets, bytes and flows are totals since the daemon started. Tables round numbers; JSON has "
	"them exactly, and times in UTC. On a terminal that is too narrow a table leaves out columns. "
	"'config' prints the running configuration as YAML that 'fulcrumctl apply' takes.",
	0, 0, 0};

static int send_show(struct session *session, uint32_t what)
{
	const struct message_show show = {.what = what};

	return session_send(session, MESSAGE_SHOW, &show, sizeof(show));
}

static int show_view(
	struct session *session, const struct view *view, const struct arguments *arguments)
{
	struct rows rows = {0};
	int status = filter_fetch(session, view, arguments->all, &rows);

	if (status == CTL_OK)
		status = filter_apply(&arguments->filter, view, session, &rows);
	if (status == CTL_OK && arguments->json)
		status = view_print_json(view_json_rows(view, &rows));
	else if (status == CTL_OK)
		view_print_table(view, &rows);
	rows_free(&rows);
	return status;
}

static int print_daemon(const struct rows *rows, json_t *into)
{
	if (rows->count != 1)
		return ctl_fail(CTL_VERSION, "the daemon did not answer who it is");
	if (into == NULL)
		view_print_card(&view_daemon, rows->bytes);
	else
		json_object_set_new(into, "daemon", view_json_row(&view_daemon, rows->bytes));
	return CTL_OK;
}

static int show_daemon(struct session *session, json_t *into)
{
	struct rows rows = {0};
	int status = filter_fetch(session, &view_daemon, true, &rows);

	if (status == CTL_OK)
		status = print_daemon(&rows, into);
	rows_free(&rows);
	return status;
}

static int show_version(struct session *session, bool json)
{
	json_t *root =
		json ? json_pack("{s:{s:s}}", "fulcrumctl", "version", FULCRUM_VERSION) : NULL;
	int status;

	if (!json)
		printf("%-16s %s\n", "fulcrumctl", FULCRUM_VERSION);
	status = show_daemon(session, root);
	if (status == CTL_OK && json)
		return view_print_json(root);
	json_decref(root);
	return status;
}

static int show_summary(struct session *session, bool json)
{
	static const char *const parts[] = {"services", "pools", "backends"};
	json_t *root = json ? json_object() : NULL;
	int status = show_daemon(session, root);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && status == CTL_OK; i++) {
		const struct view *view = view_find(parts[i]);
		struct rows rows = {0};

		status = filter_fetch(session, view, true, &rows);
		if (status == CTL_OK && json) {
			json_object_set_new(root, view->name, view_json_rows(view, &rows));
		} else if (status == CTL_OK) {
			putchar('\n');
			view_print_table(view, &rows);
		}
		rows_free(&rows);
	}
	if (status == CTL_OK && json)
		return view_print_json(root);
	json_decref(root);
	return status;
}

static int receive_piece(void *context, uint16_t type, const void *body, uint32_t size)
{
	FILE *text = context;

	if (type == MESSAGE_TEXT && fwrite(body, 1, size, text) != size)
		return ctl_fail(CTL_FAILED, "the configuration could not be written");
	return CTL_OK;
}

static int show_config(struct session *session, bool json, bool has_secrets)
{
	char *yaml = NULL;
	size_t size = 0;
	FILE *text = open_memstream(&yaml, &size);
	int status = send_show(session, has_secrets ? MESSAGE_SHOW_SECRETS : MESSAGE_SHOW_CONFIG);

	if (status == CTL_OK && text != NULL)
		status = session_receive(session, receive_piece, text, NULL);
	if (text != NULL)
		fclose(text);
	if (status == CTL_OK && json)
		status = view_print_json(json_pack("{s:s%}", "config", yaml, size));
	else if (isatty(STDOUT_FILENO))
		printable_lines(stdout, yaml, size); // a file gets it as it is, to be applied again
	else
		fwrite(yaml, 1, size, stdout);
	free(yaml);
	return status;
}

static error_t parse_history(int key, char *value, struct argp_state *state)
{
	return key == ARGP_KEY_ARG ? ctl_refuse_word(key, value, state)
				   : parse_option(key, value, state);
}

static const struct argp_option history_options[] = {
	COMMON_OPTIONS,
	{0},
};

const struct argp argp_history = {history_options, parse_history, "",
	"Lists the last applied configurations, newest first.", 0, 0, 0};

static int look(void *context)
{
	const struct arguments *arguments = context;
	struct session *session;
	int status = session_open(arguments->ctl, &session);

	if (status != CTL_OK)
		return status;
	if (arguments->what == NULL)
		status = show_summary(session, arguments->json);
	else if (strcmp(arguments->what, "version") == 0)
		status = show_version(session, arguments->json);
	else if (strcmp(arguments->what, "config") == 0)
		status = show_config(
			session, arguments->json && !arguments->is_plain, arguments->has_secrets);
	else
		status = show_view(session, view_find(arguments->what), arguments);
	session_close(session);
	return status;
}

static int run(const struct ctl *ctl, struct arguments *arguments)
{
	arguments->ctl = ctl;
	view_fit(!arguments->is_wide);
	return arguments->watch_ms == 0 ? look(arguments)
					: watch_run(arguments->watch_ms, look, arguments);
}

int command_history(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.what = "history"};

	ctl_parse(&argp_history, argc, argv, &arguments);
	return run(ctl, &arguments);
}

int command_show(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {0};

	ctl_parse(&argp_show, argc, argv, &arguments);
	return run(ctl, &arguments);
}
