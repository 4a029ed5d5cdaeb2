// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VIEWS_MAX 32

struct arguments {
	const char *what; // NULL: the summary
	bool json;
	bool is_plain; // -o yaml: the configuration as it is
	bool all;
};

static const struct argp_option options[] = {
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{"all", 'a', NULL, 0, "Drops: those that never happened, too", 0},
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

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		arguments->is_plain = strcmp(value, "yaml") == 0;
		return 0;
	case 'a':
		arguments->all = true;
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->what != NULL)
			argp_error(state, "'%s' is one word too many", value);
		else if (view_find(value) == NULL && strcmp(value, "version") != 0 &&
			 strcmp(value, "config") != 0)
			refuse_view(value, state);
		arguments->what = value;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_show = {options, parse_option,
	"[services|vips|pools|backends|zones|drops|workers|ports|memory|history|version|config]",
	"Tells what the balancer has and does; without a word, the most of it in short.\v"
	"Packets, bytes and flows are totals since the daemon started. Tables round numbers; JSON has "
	"them exactly, and times in UTC. 'config' prints the running configuration as YAML that "
	"'fulcrumctl apply' takes.",
	0, 0, 0};

struct receiver {
	const struct view *view;
	struct rows *rows;
	bool all;
};

static int receive_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct receiver *receiver = context;

	if (type != receiver->view->type)
		return ctl_fail(CTL_VERSION, "the daemon answered with rows of another kind");
	if (!receiver->all && receiver->view->minor != NULL && receiver->view->minor(body))
		return CTL_OK;
	if (rows_add(receiver->rows, body, size) < 0)
		return ctl_fail(CTL_FAILED, "out of memory");
	return CTL_OK;
}

static int send_show(struct session *session, uint32_t what)
{
	const struct message_show show = {.what = what};

	return session_send(session, MESSAGE_SHOW, &show, sizeof(show));
}

static int fetch(struct session *session, const struct view *view, bool all, struct rows *rows)
{
	struct receiver receiver = {view, rows, all};
	int status = send_show(session, view->what);

	return status != CTL_OK ? status : session_receive(session, receive_row, &receiver, NULL);
}

static int show_view(
	struct session *session, const struct view *view, const struct arguments *arguments)
{
	struct rows rows = {0};
	int status = fetch(session, view, arguments->all, &rows);

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
	int status = fetch(session, &view_daemon, true, &rows);

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

		status = fetch(session, view, true, &rows);
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

static int show_config(struct session *session, bool json)
{
	char *yaml = NULL;
	size_t size = 0;
	FILE *text = json ? open_memstream(&yaml, &size) : stdout;
	int status = send_show(session, MESSAGE_SHOW_CONFIG);

	if (status == CTL_OK && text != NULL)
		status = session_receive(session, receive_piece, text, NULL);
	if (json && text != NULL)
		fclose(text);
	if (status == CTL_OK && json)
		status = view_print_json(json_pack("{s:s%}", "config", yaml, size));
	free(yaml);
	return status;
}

static error_t parse_history(int key, char *value, struct argp_state *state)
{
	return key == ARGP_KEY_ARG ? ctl_refuse_word(key, value, state)
				   : parse_option(key, value, state);
}

static const struct argp_option history_options[] = {
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{0},
};

const struct argp argp_history = {history_options, parse_history, "",
	"Lists the last applied configurations, newest first.", 0, 0, 0};

static int run(const struct ctl *ctl, const struct arguments *arguments)
{
	struct session *session;
	int status = session_open(ctl, &session);

	if (status != CTL_OK)
		return status;
	if (arguments->what == NULL)
		status = show_summary(session, arguments->json);
	else if (strcmp(arguments->what, "version") == 0)
		status = show_version(session, arguments->json);
	else if (strcmp(arguments->what, "config") == 0)
		status = show_config(session, arguments->json && !arguments->is_plain);
	else
		status = show_view(session, view_find(arguments->what), arguments);
	session_close(session);
	return status;
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
