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
	}
	return ctl_refuse_word(key, value, state);
}

const struct argp argp_confirm = {options, parse_option, "",
	"Keeps the configuration that 'apply --confirm' put in force: it is saved, and stays.\v"
	"Exit status: 1 where nothing waits for a confirmation, so that it was taken back already.",
	0, 0, 0};

int command_confirm(const struct ctl *ctl, int argc, char **argv)
{
	struct message_confirm request = {0};
	struct message_done done;
	int status;

	ctl_parse(&argp_confirm, argc, argv, &request);
	status = session_ask(
		ctl, MESSAGE_CONFIRM, &request, sizeof(request), session_print_text, NULL, &done);
	if (status == CTL_OK && request.takes_back)
		status = session_print_done(&done);
	else if (status == CTL_OK)
		printf("version %" PRIu64 " is confirmed\n", done.version);
	return status;
}
