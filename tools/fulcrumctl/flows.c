// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"
#include "view.h"

#include <base/parse.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 100

struct arguments {
	struct message_flows request;
	bool json;
};

static const struct argp_option options[] = {
	{"service", 's', "SERVICE", 0, "Of this service alone", 0},
	{"backend", 'b', "BACKEND", 0, "To this backend alone: its name, or pool/name", 0},
	{"client", 'c', "ADDRESS[/BITS]", 0, "From this address, or these addresses, alone", 0},
	{"limit", 'n', "N", 0, "List at most N of them (default: 100)", 0},
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{0},
};

static void parse_name(
	const char *value, char *out, size_t size, const char *option, struct argp_state *state)
{
	if (value[0] == '\0' || strlen(value) >= size)
		argp_error(state, "%s: '%s' is no name", option, value);
	else
		strcpy(out, value);
}

// An address alone is a prefix of all of its bits.
static void parse_clients(const char *value, struct prefix *out, struct argp_state *state)
{
	if (prefix_parse_or_address(value, out) < 0)
		argp_error(state,
			"--client: '%s' is no IPv4 or IPv6 address, nor a prefix such as 192.0.2.0/24 "
			"or 2001:db8::/32 whose other bits are zero",
			value);
}

static void parse_limit(const char *value, struct message_flows *request, struct argp_state *state)
{
	uint64_t limit;

	if (parse_u64(value, &limit) < 0 || limit > MESSAGE_FLOWS_MAX)
		argp_error(state, "--limit: '%s' is no number between 0 and %u", value,
			MESSAGE_FLOWS_MAX);
	else
		request->limit = (uint32_t)limit;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	struct message_flows *request = &arguments->request;

	switch (key) {
	case 's':
		parse_name(value, request->service, sizeof(request->service), "--service", state);
		return 0;
	case 'b':
		parse_name(value, request->backend, sizeof(request->backend), "--backend", state);
		return 0;
	case 'c':
		parse_clients(value, &request->clients, state);
		return 0;
	case 'n':
		parse_limit(value, request, state);
		return 0;
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		return 0;
	}
	return ctl_refuse_word(key, value, state);
}

const struct argp argp_flows = {options, parse_option, "",
	"Lists the flows that the workers remember.\v"
	"AGE is the time since a flow began, to 8 seconds; IDLE since its last packet. The tables are read while "
	"they change: each row is of its own moment.",
	0, 0, 0};

static int receive_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	if (type != MESSAGE_ROW_FLOW)
		return ctl_fail(CTL_VERSION, "the daemon answered with rows of another kind");
	if (rows_add(context, body, size) < 0)
		return ctl_fail(CTL_FAILED, "out of memory");
	return CTL_OK;
}

static int print_json(const struct rows *rows, uint64_t matched)
{
	json_t *root = json_pack("{s:I, s:o}", "matched", (json_int_t)matched, "flows",
		view_json_rows(&view_flows, rows));

	return view_print_json(root);
}

static void print_table(const struct rows *rows, uint64_t matched)
{
	if (rows->count > 0 || matched == 0)
		view_print_table(&view_flows, rows);
	if (matched > rows->count)
		printf("%" PRIu64 "%s matched\n", matched - rows->count,
			rows->count > 0 ? " more" : "");
}

int command_flows(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.request = {.limit = LIMIT_DEFAULT}};
	struct message_done done;
	struct rows rows = {0};
	int status;

	ctl_parse(&argp_flows, argc, argv, &arguments);
	status = session_ask(ctl, MESSAGE_FLOWS, &arguments.request, sizeof(arguments.request),
		receive_row, &rows, &done);
	if (status == CTL_OK && arguments.json)
		status = print_json(&rows, done.changes);
	else if (status == CTL_OK)
		print_table(&rows, done.changes);
	rows_free(&rows);
	return status;
}
