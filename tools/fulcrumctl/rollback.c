// SPDX-License-Identifier: BSD-3-Clause
#include "ask.h"
#include "ctl.h"
#include "session.h"

#include <base/parse.h>

static const struct argp_option options[] = {
	{"confirm", 'c', "TIME", 0,
		"Take it back unless 'fulcrumctl confirm' follows within TIME, such as 5m", 0},
	{"force", 'F', NULL, 0,
		"Also where it takes out more than half of the services, or of a pool's backends",
		0},
	{0},
};

static void parse_confirm(
	struct message_rollback *request, const char *value, const struct argp_state *state)
{
	uint64_t ms;

	if (parse_duration_ms(value, &ms) != 0 || ms < 1000 || ms / 1000 > MESSAGE_CONFIRM_MAX_S)
		argp_error(
			state, "--confirm: '%s' is no time between 1s and 24h, such as 5m", value);
	else
		request->confirm_s = (uint32_t)(ms / 1000);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct message_rollback *request = state->input;

	switch (key) {
	case 'c':
		parse_confirm(request, value, state);
		return 0;
	case 'F':
		request->is_forced = 1;
		return 0;
	case ARGP_KEY_ARG:
		if (request->version != 0)
			argp_error(state, "'%s' is one word too many", value);
		else if (parse_u64(value, &request->version) < 0 || request->version == 0)
			argp_error(state, "'%s' is no version", value);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a version is missing; 'fulcrumctl show history' lists them");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_rollback = {options, parse_option, "VERSION",
	"Applies an earlier configuration anew, whole or not at all, and prints what changed.\v"
	"The version is one of 'fulcrumctl show history'. It comes in force under the next number, with the "
	"states that its backends had. What takes out more than half of the services, or of a pool's backends, "
	"is asked about at a terminal, and else refused with exit status 7.",
	0, 0, 0};

static int ask(const struct ctl *ctl, const struct message_rollback *request)
{
	struct message_done done;
	int status = session_ask(
		ctl, MESSAGE_ROLLBACK, request, sizeof(*request), session_print_text, NULL, &done);

	if (status == CTL_OK)
		status = session_print_done(&done);
	return status;
}

int command_rollback(const struct ctl *ctl, int argc, char **argv)
{
	struct message_rollback request = {0};
	int status;

	ctl_parse(&argp_rollback, argc, argv, &request);
	status = ask(ctl, &request);
	if (status == CTL_WANTS_FORCE && ask_yes("Put it in force all the same?")) {
		request.is_forced = 1;
		status = ask(ctl, &request);
	}
	return status;
}
