// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "view.h"

#include <base/parse.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *argp_program_version = "fulcrumctl " FULCRUM_VERSION;

static const struct {
	const char *name;
	ctl_command_fn *run;
} commands[] = {
	{"check", command_check},
	{"plan", command_plan},
	{"apply", command_apply},
	{"confirm", command_confirm},
	{"show", command_show},
	{"backend", command_backend},
	{"backend-setup", command_backend_setup},
	{"capture", command_capture},
	{"flows", command_flows},
	{"explain", command_explain},
	{"digest", command_digest},
	{"history", command_history},
	{"rollback", command_rollback},
	{"teleport", command_teleport},
	{"top", command_top},
	{"doctor", command_doctor},
};

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
	"Asks a running fulcrumd, and tells it what to do.\n"
	"\n"
	"Commands:\n"
	"  check -f FILE          tell whether a pool file is right\n"
	"  plan -f FILE           tell what it would change, and what that would cost\n"
	"  apply -f FILE          put it in force, as one transaction\n"
	"  confirm                keep what an apply --confirm put in force\n"
	"  show [WHAT]            tell what the balancer has and does\n"
	"  backend VERB NAME      drain, undrain, disable or enable a backend\n"
	"  backend weight NAME N  change its weight\n"
	"  backend-setup -f FILE  print what makes a host without an agent fit to serve\n"
	"  capture -w FILE        write packets into a file, with the reason of each drop\n"
	"  flows                  list connections: whose, since when, to which backend\n"
	"  explain PROTO A:P B:P  tell what becomes of a packet, step by step\n"
	"  digest                 compare balancers: of the configuration and of the tables\n"
	"  history                list the last applied configurations\n"
	"  rollback VERSION       apply one of them anew\n"
	"  teleport render FILE   write what a Teleport cluster needs, from one file\n"
	"  teleport verify FILE   look at that cluster from a client's place\n"
	"  top                    show services and backends live\n"
	"  doctor                 look whether the machine has what the daemon needs\n"
	"'fulcrumctl COMMAND --help' tells more.\n"
	"\v"
	"Exit status: 0 done; 1 failed; 2 bad usage or a bad file, nothing was changed; 3 no daemon; "
	"4 the daemon is of another version; 5 another process is using the daemon.";

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
		argp_error(state, "a command is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {options, parse_option, "COMMAND [ARGUMENT...]", doc, 0, 0, 0};

static void parse(const struct argp *command, int argc, char **argv, unsigned flags, void *input)
{
	char name[64];

	snprintf(name, sizeof(name), "fulcrumctl %s", argv[0]);
	argv[0] = name;
	argp_parse(command, argc, argv, flags, NULL, input);
}

void ctl_parse(const struct argp *command, int argc, char **argv, void *input)
{
	parse(command, argc, argv, 0, input);
}

void ctl_parse_in_order(const struct argp *command, int argc, char **argv, void *input)
{
	parse(command, argc, argv, ARGP_IN_ORDER, input);
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
	va_list args;

	fputs("fulcrumctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

bool ctl_colours(int fd)
{
	const char *terminal = getenv("TERM");

	return isatty(fd) && getenv("NO_COLOR") == NULL && terminal != NULL &&
	       strcmp(terminal, "dumb") != 0;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		if (strcmp(argv[0], commands[i].name) == 0)
			return commands[i].run(ctl, argc, argv);
	return ctl_fail(
		CTL_BAD_INPUT, "there is no command '%s'; 'fulcrumctl --help' names them", argv[0]);
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.ctl = {.channel = getenv("FULCRUM_CHANNEL"), .wait_ms = 5000}};
	int status;

	argp_err_exit_status = CTL_BAD_INPUT;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments);
	if (arguments.ctl.channel == NULL || arguments.ctl.channel[0] == '\0')
		arguments.ctl.channel = CTL_CHANNEL;
	status = run(&arguments.ctl, argc - arguments.command, argv + arguments.command);
	if (fflush(stdout) != 0 || ferror(stdout))
		return ctl_fail(CTL_FAILED, "the output could not be written");
	return status;
}
