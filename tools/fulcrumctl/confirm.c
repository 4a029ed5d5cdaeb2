// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>

static const struct argp_option options[] = {
	{"revert", 'r', NULL, 0, "Take it back at once, and do not wait for the time to be over",
		0},
	{0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct message_confirm *request = state->input;

	switch (key) {
	case 'r':
		request->takes_back = 1;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", value);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {options, parse_option, "",
	"Keeps the configuration that 'apply --confirm' put in force: it is saved, and stays.\v"
	"Exit status: 1 where nothing waits for a confirmation, so that it was taken back already.",
	0, 0, 0};

int command_confirm(const struct ctl *ctl, int argc, char **argv)
{
	struct message_confirm request = {0};
	struct message_done done;
	struct session *session;
	int status;

	ctl_parse(&argp, argc, argv, &request);
	status = session_open(ctl, &session);
	if (status != CTL_OK)
		return status;
	status = session_send(session, MESSAGE_CONFIRM, &request, sizeof(request));
	if (status == CTL_OK)
		status = session_receive(session, session_print_text, NULL, &done);
	if (status == CTL_OK && request.takes_back)
		session_print_done(&done);
	else if (status == CTL_OK)
		printf("version %" PRIu64 " is confirmed\n", done.version);
	session_close(session);
	return status;
}
