// SPDX-License-Identifier: BSD-3-Clause
#include "../ctl.h"
#include "../load.h"
#include "script.h"

#include <base/parse.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum verb { VERB_PRINT, VERB_UNDO, VERB_CHECK };

struct arguments {
	struct load_files files;
	const char *backend;
	enum verb verb;
	struct setup_options options;
};

enum { OPTION_CHECK = 256, OPTION_UNDO, OPTION_TRACK, OPTION_MTU };

static const struct argp_option options[] = {
	{"backend", 'b', "BACKEND", 0, "The backend that the host is: its name, or pool/name", 0},
	LOAD_OPTION,
	{"check", OPTION_CHECK, NULL, 0,
		"Look at this host, and tell what is there, what is missing, and the command that mends it",
		0},
	{"undo", OPTION_UNDO, NULL, 0, "Print the script that takes everything back", 0},
	{"mtu", OPTION_MTU, "BYTES", 0,
		"What the way from the balancers carries, where that is less than the interface's MTU",
		0},
	{"track", OPTION_TRACK, NULL, 0,
		"Leave the connections to the host's connection tracking: for a firewall that goes by "
		"states, or servers in containers",
		0},
	{0}};

static void set_verb(struct arguments *arguments, enum verb verb, const struct argp_state *state)
{
	if (arguments->verb != VERB_PRINT && arguments->verb != verb)
		argp_error(state, "--check and --undo do not go together");
	arguments->verb = verb;
}

static void parse_mtu(
	struct arguments *arguments, const char *value, const struct argp_state *state)
{
	uint64_t mtu;

	if (parse_u64(value, &mtu) < 0 || mtu < 576 || mtu > 65535)
		argp_error(state, "--mtu: '%s' is no size between 576 and 65535 bytes", value);
	else
		arguments->options.mtu = (uint16_t)mtu;
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'b':
		arguments->backend = value;
		return 0;
	case 'f':
		load_add_file(&arguments->files, value, state);
		return 0;
	case OPTION_CHECK:
		set_verb(arguments, VERB_CHECK, state);
		return 0;
	case OPTION_UNDO:
		set_verb(arguments, VERB_UNDO, state);
		return 0;
	case OPTION_MTU:
		parse_mtu(arguments, value, state);
		return 0;
	case OPTION_TRACK:
		arguments->options.is_tracked = true;
		return 0;
	case ARGP_KEY_ARG:
		load_refuse_word(value, state);
		return 0;
	case ARGP_KEY_END:
		if (arguments->backend == NULL)
			argp_error(state, "--backend NAME is missing");
		load_need_file(&arguments->files, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

const struct argp argp_backend_setup = {options, parse_option, "--backend NAME -f FILE...",
	"Prints a shell script that makes a host with a stock kernel and no agent fit to serve: tunnels, VIPs, "
	"sysctls, and nft rules for ports and MSS.\v"
	"Read the script, run it on that host as root, and again at each boot.\n"
	"Exit status of --check: 0 where all is there, 1 where something is missing.",
	0, 0, 0};

// In this process's place, so that the script's words and its status are ours.
static int run_audit(const struct setup_script *script)
{
	char path[32];
	int fd = memfd_create("backend-setup", 0);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (out == NULL)
		return ctl_fail(CTL_FAILED, "no place for the script: %s", strerror(errno));
	setup_print_audit(script, out);
	if (fflush(out) != 0 || ferror(out))
		return ctl_fail(CTL_FAILED, "no place for the script: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	execl("/bin/sh", "sh", path, NULL);
	return ctl_fail(CTL_FAILED, "/bin/sh: %s", strerror(errno));
}

static int run(const struct arguments *arguments, const struct setup_script *script)
{
	switch (arguments->verb) {
	case VERB_PRINT:
		setup_print_script(script, stdout);
		return CTL_OK;
	case VERB_UNDO:
		setup_print_undo(script, stdout);
		return CTL_OK;
	case VERB_CHECK:
		break;
	}
	if (geteuid() != 0)
		return ctl_fail(
			CTL_FAILED, "--check wants root: nft shows its rules to nobody else");
	return run_audit(script);
}

static int set_up(const struct arguments *arguments, const struct config *config)
{
	struct setup_steps steps;
	struct setup_host host;
	struct error err = {""};
	int status;

	if (setup_host_find(config, arguments->backend, &host, &err) != 0)
		return ctl_fail(CTL_BAD_INPUT, "%s: %s", arguments->files.title, err.text);
	if (setup_steps_make(&host, &arguments->options, &steps) != 0) {
		setup_host_free(&host);
		return ctl_fail(CTL_FAILED, "out of memory");
	}
	status = run(arguments, &(struct setup_script){
					.file = arguments->files.title,
					.host = &host,
					.options = &arguments->options,
					.steps = &steps,
				});
	setup_steps_free(&steps);
	setup_host_free(&host);
	return status;
}

int command_backend_setup(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {0};
	struct config *config;
	int status;

	ctl_parse(&argp_backend_setup, argc, argv, &arguments);
	status = load_files(&arguments.files, &config);
	if (status != CTL_OK)
		return status;
	status = set_up(&arguments, config);
	config_free(config);
	return status;
}
