// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "view.h"

#include <base/parse.h>
#include <base/printable.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *argp_program_version = "fulcrumctl " FULCRUM_VERSION;

#define ROW_VERB(id, name, arguments, brief, words) \
	{name, arguments, brief, &argp_##id, NULL, words, NULL, command_##id},
#define ROW_GROUP(id, name, arguments, brief) \
	{name, arguments, brief, NULL, NULL, NULL, verbs_##id, NULL},

static const struct usage_verb verbs[] = {CTL_VERBS(ROW_VERB, ROW_GROUP){0}};

struct arguments {
	struct ctl ctl;
	int command; // where the command stands in argv
};

static const struct argp_option options[] = {
	{"channel", 'C', "PATH", 0,
		"The daemon's channel (default: $FULCRUM_CHANNEL, or " CTL_CHANNEL ")", 0},
	{"wait", 'w', "TIME", 0, "Wait so long for another fulcrumctl to finish (default: 5s)", 0},
	{0},
};

static const char doc[] =
	"Asks a running fulcrumd, and tells it what to do.\v"
	"Exit status: 0 done; 1 failed; 2 bad usage or a bad file, nothing was changed; 3 no daemon; "
	"4 the daemon is of another version; 5 another process is using the daemon; "
	"6 in force and not kept; 7 nothing was changed, as it would take out so much that it wants --force.";

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	uint64_t wait_ms;

	switch (key) {
	case 'C':
		arguments->ctl.channel = value;
		return 0;
	case 'w':
		if (parse_duration_ms(value, &wait_ms) < 0 || wait_ms > UINT32_MAX)
			argp_error(state, "--wait: '%s' is no time such as 5s or 200ms", value);
		else
			arguments->ctl.wait_ms = (uint32_t)wait_ms;
		return 0;
	case ARGP_KEY_ARG:
		arguments->command = state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "a command is missing; 'fulcrumctl help' lists them");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {options, parse_option, "COMMAND [ARGUMENT...]", doc, 0, 0, 0};

static const struct usage_verb program = {.name = "fulcrumctl", .argp = &argp, .verbs = verbs};

void ctl_parse(const struct argp *command, int argc, char **argv, void *input)
{
	usage_parse(command, argc, argv, 0, input);
}

error_t ctl_refuse_word(int key, const char *value, const struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "'%s' is one word too many", value);
	return 0;
}

bool ctl_parse_output(const char *value, const struct argp_state *state)
{
	if (strcmp(value, "yaml") == 0)
		view_choose_yaml();
	else if (strcmp(value, "json") != 0 && strcmp(value, "table") != 0)
		argp_error(state, "-o: '%s' is none of table, json and yaml", value);
	return strcmp(value, "table") != 0;
}

int ctl_fail(enum ctl_exit status, const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "fulcrumctl: %s\n", printable_make(text));
	return status;
}

bool ctl_colours(int fd)
{
	const char *terminal = getenv("TERM");

	return isatty(fd) && getenv("NO_COLOR") == NULL && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.ctl = {.channel = getenv("FULCRUM_CHANNEL"), .wait_ms = 5000}};
	char name[] = "fulcrumctl";
	int status;

	argp_err_exit_status = CTL_BAD_INPUT;
	argv[0] = name;
	if (arguments.ctl.channel == NULL || arguments.ctl.channel[0] == '\0')
		arguments.ctl.channel = CTL_CHANNEL;
	if (usage_complete(&program, ctl_offer, &arguments.ctl, argc, argv))
		return CTL_OK;
	usage_parse_group(&program, argc, argv, &arguments);
	argv[arguments.command - 1] = name;
	status = usage_run(&program, &arguments.ctl, argc - arguments.command + 1,
		argv + arguments.command - 1);
	if (fflush(stdout) != 0 || ferror(stdout))
		return ctl_fail(CTL_FAILED, "the output could not be written");
	return status;
}
