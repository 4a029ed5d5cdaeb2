// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"

#include <base/parse.h>

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct arguments {
	const char *words[3]; // what to do, to which, the weight
	int count;
	struct message_backend_set set;
};

static const struct {
	const char *name;
	enum config_backend_state state;
} verbs[] = {
	{"drain", CONFIG_STATE_DRAINING},
	{"undrain", CONFIG_STATE_ACTIVE},
	{"disable", CONFIG_STATE_DISABLED},
	{"enable", CONFIG_STATE_ACTIVE},
};

static void parse_weight(struct arguments *arguments, struct argp_state *state)
{
	uint64_t weight;

	if (arguments->count != 3)
		argp_error(state, "weight wants NAME and N");
	else if (parse_u64(arguments->words[2], &weight) < 0 || weight > UINT16_MAX)
		argp_error(state, "'%s' is no weight between 0 and 65535", arguments->words[2]);
	else
		arguments->set.weight = (uint32_t)weight;
}

static void parse_state(struct arguments *arguments, struct argp_state *state)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(arguments->words[0], verbs[i].name) == 0)
			arguments->set.state = verbs[i].state;
	if (arguments->set.state == CONFIG_STATE_UNSET)
		argp_error(state, "'%s' is none of drain, undrain, disable, enable and weight",
			arguments->words[0]);
	else if (arguments->count != 2)
		argp_error(state, "%s wants one NAME", arguments->words[0]);
}

static void parse_words(struct arguments *arguments, struct argp_state *state)
{
	if (arguments->count == 0) {
		argp_error(state, "what to do, and a backend's name, are missing");
		return;
	}
	arguments->set.weight = UINT32_MAX;
	if (strcmp(arguments->words[0], "weight") == 0)
		parse_weight(arguments, state);
	else
		parse_state(arguments, state);
	if (strlen(arguments->words[1]) >= sizeof(arguments->set.name))
		argp_error(state, "'%s' is too long for a name", arguments->words[1]);
	else
		strcpy(arguments->set.name, arguments->words[1]);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (arguments->count == COUNT(arguments->words))
			argp_error(state, "'%s' is one word too many", value);
		else
			arguments->words[arguments->count++] = value;
		return 0;
	case ARGP_KEY_END:
		parse_words(arguments, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {NULL, parse_option,
	"drain|undrain|disable|enable NAME\nweight NAME N",
	"Changes a backend: its name, or pool/name where several pools have one.\v"
	"drain     its connections go on, it takes no new one\n"
	"disable   its connections are treated as those of a backend that is down\n"
	"undrain, enable   it serves again\n"
	"weight    0 to 65535; 0: it keeps its connections and takes no new one",
	0, 0, 0};

int command_backend(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {0};
	struct message_done done;
	struct session *session;
	int status;

	ctl_parse(&argp, argc, argv, &arguments);
	status = session_open(ctl, &session);
	if (status != CTL_OK)
		return status;
	status = session_send(session, MESSAGE_BACKEND_SET, &arguments.set, sizeof(arguments.set));
	if (status == CTL_OK)
		status = session_receive(session, session_print_text, NULL, &done);
	if (status == CTL_OK)
		session_print_done(&done);
	session_close(session);
	return status;
}
