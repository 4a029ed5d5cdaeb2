// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"

#include <base/parse.h>

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct message_rollback *request = state->input;

	switch (key) {
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

const struct argp argp_rollback = {NULL, parse_option, "VERSION",
	"Applies an earlier configuration anew, whole or not at all, and prints what changed.\v"
	"The version is one of 'fulcrumctl show history'. It comes in force under the next number, with the "
	"states that its backends had.",
	0, 0, 0};

int command_rollback(const struct ctl *ctl, int argc, char **argv)
{
	struct message_rollback request = {0};
	struct message_done done;
	int status;

	ctl_parse(&argp_rollback, argc, argv, &request);
	status = session_ask(
		ctl, MESSAGE_ROLLBACK, &request, sizeof(request), session_print_text, NULL, &done);
	if (status == CTL_OK)
		session_print_done(&done);
	return status;
}
