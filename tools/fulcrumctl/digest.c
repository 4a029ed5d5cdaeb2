// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"
#include "view.h"

#include <base/printable.h>
#include <stdio.h>

static const struct argp_option options[] = {
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	bool *json = state->input;

	switch (key) {
	case 'o':
		*json = ctl_parse_output(value, state);
		return 0;
	}
	return ctl_refuse_word(key, value, state);
}

const struct argp argp_digest = {options, parse_option, "",
	"Prints three digests, to compare balancers by.\v"
	"config: what was applied, with the operators' states, in whatever order the file had it.\n"
	"tables: what new connections are judged by: the hash key, each service's table, and how each backend "
	"stands, its health included. Two balancers that print the same send a client to the same backend.\n"
	"remembered: what connections are judged by that began at another balancer, by all tables that they may have "
	"begun under. Two balancers that print the same take them over alike.",
	0, 0, 0};

// "config <hex>", "tables <hex>", "remembered <hex>"
static int receive_line(void *context, uint16_t type, const void *body, uint32_t size)
{
	char name[16], digest[80], line[128];
	json_t *root = context;

	snprintf(line, sizeof(line), "%.*s", (int)size, (const char *)body);
	if (type != MESSAGE_TEXT || sscanf(line, "%15s %79s", name, digest) != 2)
		return ctl_fail(CTL_VERSION, "the daemon answered with another thing");
	json_object_set_new(root, name, json_string(digest));
	return CTL_OK;
}

static void print_lines(const json_t *root)
{
	const char *name;
	json_t *digest;

	json_object_foreach((json_t *)root, name, digest)
		printable_line(stdout, "%s  %s", name, json_string_value(digest));
}

int command_digest(const struct ctl *ctl, int argc, char **argv)
{
	const struct message_show show = {.what = MESSAGE_SHOW_DIGEST};
	json_t *root = json_object();
	bool json = false;
	int status;

	ctl_parse(&argp_digest, argc, argv, &json);
	status = session_ask(ctl, MESSAGE_SHOW, &show, sizeof(show), receive_line, root, NULL);
	if (status == CTL_OK && json)
		return view_print_json(root);
	if (status == CTL_OK)
		print_lines(root);
	json_decref(root);
	return status;
}
