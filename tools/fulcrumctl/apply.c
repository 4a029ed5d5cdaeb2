// SPDX-License-Identifier: BSD-3-Clause
#include "ask.h"
#include "ctl.h"
#include "load.h"
#include "session.h"
#include "transfer.h"

#include <base/parse.h>

struct arguments {
	struct load_files files;
	struct transfer_terms terms;
};

static const struct argp_option options[] = {
	LOAD_OPTION,
	{"if-version", 'v', "N", 0, "Only where version N is in force now", 0},
	{"confirm", 'c', "TIME", 0,
		"Take it back unless 'fulcrumctl confirm' follows within TIME, such as 5m", 0},
	{"force", 'F', NULL, 0,
		"Also where it takes out more than half of the services, or of a pool's backends",
		0},
	{0},
};

static void parse_confirm(
	struct arguments *arguments, const char *value, const struct argp_state *state)
{
	uint64_t ms;

	if (parse_duration_ms(value, &ms) != 0 || ms < 1000 || ms / 1000 > MESSAGE_CONFIRM_MAX_S)
		argp_error(
			state, "--confirm: '%s' is no time between 1s and 24h, such as 5m", value);
	else
		arguments->terms.confirm_s = (uint32_t)(ms / 1000);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'f':
		load_add_file(&arguments->files, value, state);
		return 0;
	case 'v':
		if (parse_u64(value, &arguments->terms.if_version) < 0 ||
			arguments->terms.if_version == 0)
			argp_error(state, "--if-version: '%s' is no version", value);
		return 0;
	case 'c':
		parse_confirm(arguments, value, state);
		return 0;
	case 'F':
		arguments->terms.is_forced = true;
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

const struct argp argp_apply = {options, parse_option, "-f FILE...",
	"Puts a pool file in force, whole or not at all, and prints what changed.\v"
	"A file with an error is refused with exit status 2 and nothing is sent. With --confirm the daemon "
	"itself puts what was before in force again when the time is over, also where this machine can no "
	"longer be reached; a restart in between takes it back, too. What takes out more than half of the "
	"services, or of a pool's backends, is asked about at a terminal, and else refused with exit status 7.",
	0, 0, 0};

static int apply(struct session *session, const struct config *config, void *context)
{
	const struct arguments *arguments = context;
	struct message_done done;
	int status;

	status = transfer_config(session, config, &arguments->terms);
	if (status == CTL_OK)
		status = session_send(session, MESSAGE_APPLY_COMMIT, NULL, 0);
	if (status == CTL_OK)
		status = session_receive(session, session_print_text, NULL, &done);
	if (status == CTL_OK)
		status = session_print_done(&done);
	return status;
}

int command_apply(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {0};
	struct config *config;
	int status;

	ctl_parse(&argp_apply, argc, argv, &arguments);
	status = load_files(&arguments.files, &config);
	if (status != CTL_OK)
		return status;
	load_note(&arguments.files, config);
	status = transfer_run_config(ctl, config, apply, &arguments);
	// Nobody else waits for the daemon while somebody thinks.
	if (status == CTL_WANTS_FORCE && ask_yes("Put it in force all the same?")) {
		arguments.terms.is_forced = true;
		status = transfer_run_config(ctl, config, apply, &arguments);
	}
	config_free(config);
	return status;
}
