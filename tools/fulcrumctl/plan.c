// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "load.h"
#include "session.h"
#include "transfer.h"
#include "view.h"

#include <base/printable.h>
#include <inttypes.h>
#include <stdio.h>

struct arguments {
	struct load_files files;
	bool json;
};

static const struct argp_option options[] = {
	LOAD_OPTION,
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'f':
		load_add_file(&arguments->files, value, state);
		return 0;
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		return 0;
	case ARGP_KEY_ARG:
		load_refuse_word(value, state);
		return 0;
	case ARGP_KEY_END:
		load_need_file(&arguments->files, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_plan = {options, parse_option, "-f FILE...",
	"Tells what 'apply' would change, and what that would cost. Nothing is changed.\v"
	"MOVED: slots of the pool's table that would go to another backend. Of the connections that the balancer "
	"knows, KEPT stay with their backend, as the new table has it; REMEMBERED stay with it because the "
	"balancer remembers them, though their slot moves; ENDED would come to another backend, or to none. "
	"Backends that are new count as up.",
	0, 0, 0};

// What the daemon answers.
struct answer {
	json_t *changes; // NULL: they are printed as they come
	json_t *losses;
	struct rows pools;
};

static int receive(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct answer *answer = context;

	if (type == MESSAGE_ROW_PLAN)
		return rows_add(&answer->pools, body, size) == 0
			       ? CTL_OK
			       : ctl_fail(CTL_FAILED, "out of memory");
	if (type == MESSAGE_LOSS)
		json_array_append_new(answer->losses, json_stringn(body, size));
	else if (type == MESSAGE_TEXT && answer->changes != NULL)
		json_array_append_new(answer->changes, json_stringn(body, size));
	else if (type == MESSAGE_TEXT)
		printable_line(stdout, "%.*s", (int)size, (const char *)body);
	return CTL_OK;
}

static void print_answer(const struct answer *answer, const struct message_done *done)
{
	const json_t *loss;
	size_t at;

	if (done->changes == 0) {
		printf("nothing would change; version %" PRIu64 " is in force\n", done->version);
		return;
	}
	printf("%" PRIu64 " change%s to version %" PRIu64 "; none was made\n\n", done->changes,
		done->changes == 1 ? "" : "s", done->version);
	view_print_table(&view_plan, &answer->pools);
	if (json_array_size(answer->losses) > 0)
		printf("\n'apply' would ask, or want --force:\n");
	json_array_foreach(answer->losses, at, loss)
		printable_line(stdout, "%s", json_string_value(loss));
}

static int print_json(struct answer *answer, const struct message_done *done)
{
	json_t *root = json_pack("{s:I, s:O, s:O, s:o}", "version", (json_int_t)done->version,
		"changes", answer->changes, "losses", answer->losses, "pools",
		view_json_rows(&view_plan, &answer->pools));

	return view_print_json(root);
}

static int plan(struct session *session, const struct config *config, void *context)
{
	bool json = ((const struct arguments *)context)->json;
	struct answer answer = {.changes = json ? json_array() : NULL, .losses = json_array()};
	struct message_done done;
	int status = transfer_config(session, config, &(struct transfer_terms){0});

	if (status == CTL_OK)
		status = session_send(session, MESSAGE_PLAN, NULL, 0);
	if (status == CTL_OK)
		status = session_receive(session, receive, &answer, &done);
	if (status == CTL_OK && json)
		status = print_json(&answer, &done);
	else if (status == CTL_OK)
		print_answer(&answer, &done);
	json_decref(answer.changes);
	json_decref(answer.losses);
	rows_free(&answer.pools);
	return status;
}

int command_plan(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {0};

	ctl_parse(&argp_plan, argc, argv, &arguments);
	return transfer_run(ctl, &arguments.files, plan, &arguments);
}
