// SPDX-License-Identifier: BSD-3-Clause
#include <base/error.h>
#include <base/log.h>
#include <base/printable.h>

#include <argp.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <usage/usage.h>

#include "agent.h"
#include "config.h"
#include "status.h"

enum exit_status {
	EXIT_CONFIG = 2, // the configuration or the command line is not right
	EXIT_NOT_RUNNING = 3, // --status, --detach: there is none
};

enum action { ACTION_RUN, ACTION_CHECK, ACTION_STATUS, ACTION_DETACH };

enum option_key {
	OPTION_INTERFACE = 0x100,
	OPTION_VIP,
	OPTION_PIN,
	OPTION_PERSIST,
	OPTION_CHECK,
	OPTION_STATUS,
	OPTION_DETACH,
	OPTION_METRICS,
	OPTION_BALANCER,
	OPTION_ANY_SOURCE,
};

struct arguments {
	const char *file;
	const char *pin;
	const char *metrics;
	enum action action;
	bool json;
	bool persist;
	bool verbose;
	bool by_hand; // --interface or --vip
	struct config config;
};

const char *argp_program_version = "fulcrum-backend " FULCRUM_VERSION;
error_t argp_err_exit_status = EXIT_CONFIG;

static const struct argp_option options[] = {
	{"config", 'c', "FILE", 0, "Read the configuration from this YAML file", 0},
	{"interface", OPTION_INTERFACE, "NAME", 0,
		"Without a file: attach to this interface (repeatable)", 0},
	{"vip", OPTION_VIP, "ADDRESS", 0,
		"Without a file: serve this VIP, all ports as they are (repeatable)", 0},
	{"balancer", OPTION_BALANCER, "ADDRESS", 0,
		"Without a file: take tunnel packets from this address or prefix (repeatable)", 0},
	{"any-source", OPTION_ANY_SOURCE, NULL, 0,
		"Take tunnel packets from anybody: only where the network lets nobody else send them",
		0},
	{"pin", OPTION_PIN, "FOLDER", 0, "Pin the maps here (default " CONFIG_PIN_DEFAULT ")", 0},
	{"metrics", OPTION_METRICS, "ADDRESS:PORT", 0,
		"Serve /metrics for Prometheus and /healthz there", 0},
	{"persist", OPTION_PERSIST, NULL, 0, "Leave filters and VIPs in place at the end", 0},
	{"check", OPTION_CHECK, NULL, 0, "Only say whether the file is right", 1},
	{"status", OPTION_STATUS, NULL, 0, "Print what is attached, and the counters", 1},
	{"output", 'o', "table|json", 0, "How --status prints it (default: table)", 1},
	{"detach", OPTION_DETACH, NULL, 0, "Take back what an agent left in place", 1},
	{"verbose", 'v', NULL, 0, "Also say what the kernel answers", 2},
	{NULL, 0, NULL, 0, NULL, 0},
};

static void add_by_hand(
	struct arguments *arguments, int key, const char *text, struct argp_state *state)
{
	struct config_vip vip = {.mss = CONFIG_MSS_AUTO};
	struct error err;
	int result;

	arguments->by_hand = true;
	if (key == OPTION_INTERFACE)
		result = config_add_interface(&arguments->config, text, &err);
	else if (key == OPTION_BALANCER)
		result = config_add_balancer(&arguments->config, text, &err);
	else if (addr_parse(text, &vip.address) < 0)
		result = error_set(&err, EINVAL, "'%s' is no IPv4 or IPv6 address", text);
	else
		result = config_add_vip(&arguments->config, &vip, &err);
	if (result < 0)
		argp_error(state, "%s", err.text);
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'c':
		arguments->file = text;
		return 0;
	case 'v':
		arguments->verbose = true;
		return 0;
	case OPTION_INTERFACE:
	case OPTION_VIP:
	case OPTION_BALANCER:
		add_by_hand(arguments, key, text, state);
		return 0;
	case OPTION_PIN:
		arguments->pin = text;
		return 0;
	case OPTION_ANY_SOURCE:
		arguments->config.any_source = true;
		return 0;
	case OPTION_METRICS:
		arguments->metrics = text;
		return 0;
	case 'o':
		arguments->json = strcmp(text, "json") == 0;
		if (!arguments->json && strcmp(text, "table") != 0)
			argp_error(state, "--output: '%s' is neither table nor json", text);
		return 0;
	case OPTION_PERSIST:
		arguments->persist = true;
		return 0;
	case OPTION_CHECK:
	case OPTION_STATUS:
	case OPTION_DETACH:
		if (arguments->action != ACTION_RUN)
			argp_error(state, "--check, --status and --detach exclude each other");
		arguments->action = ACTION_CHECK + (key - OPTION_CHECK);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", text);
		return 0;
	case ARGP_KEY_END:
		if (arguments->action == ACTION_RUN && arguments->file == NULL &&
			!arguments->by_hand)
			argp_error(state,
				"what to do is missing: --config FILE, or --interface NAME and --vip ADDRESS");
		if (arguments->file != NULL && arguments->by_hand)
			argp_error(state, "either --config or --interface, --vip and --balancer");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {.options = options,
	.parser = parse_option,
	.doc = "Takes the balancer's IP-in-IP header off packets for the VIPs, maps ports and limits the MSS, on a "
	       "backend host.\v"
	       "Exit status: 0 done, 1 failed, 2 bad usage or a bad file, 3 --status and --detach: none runs."};

static const struct usage_verb program = {.name = "fulcrum-backend", .argp = &argp};

// 0, or the exit status that says what is wrong.
static int configure(struct arguments *arguments)
{
	struct config *config = &arguments->config;
	struct error err;
	int result = 0;

	if (arguments->file != NULL)
		result = config_read(config, arguments->file, &err);
	else if (arguments->action == ACTION_RUN)
		result = config_check_complete(config, &err);
	else if (arguments->action == ACTION_CHECK)
		result = error_set(&err, EINVAL, "--check wants a file: --config FILE");
	if (result == 0 && arguments->pin != NULL)
		result = config_set_pin(config, arguments->pin, &err);
	if (result == 0 && arguments->metrics != NULL)
		result = config_set_metrics(config, arguments->metrics, &err);
	if (result == 0)
		return 0;
	fprintf(stderr, "%s%s\n", arguments->file == NULL ? "fulcrum-backend: " : "",
		printable_make(err.text));
	return EXIT_CONFIG;
}

// '*whole' is whether all is in place.
static int print_status(const struct arguments *arguments, bool *whole, struct error *err)
{
	struct look look;
	int result = look_at(arguments->config.pin, &look, err);

	if (result < 0)
		return result;
	*whole = look.fault_count == 0;
	if (arguments->json)
		result = status_print_json(&look, err);
	else
		status_print(&look);
	look_free(&look);
	return result;
}

static int act(const struct arguments *arguments)
{
	const struct config *config = &arguments->config;
	struct error err;
	bool whole = true;
	int result = 0;

	switch (arguments->action) {
	case ACTION_RUN:
		result = agent_run(config, arguments->persist, &err);
		if (result < 0)
			log_error("fulcrum-backend: %s", err.text);
		return result < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	case ACTION_CHECK:
		printf("%s: is right: %zu interfaces, %zu VIPs and ports\n", arguments->file,
			config->interface_count, config->vip_count);
		return EXIT_SUCCESS;
	case ACTION_STATUS:
		result = print_status(arguments, &whole, &err);
		break;
	case ACTION_DETACH:
		result = agent_detach(config->pin, &err);
		break;
	}
	if (result < 0)
		fprintf(stderr, "fulcrum-backend: %s\n", printable_make(err.text));
	if (result == -ENOENT)
		return EXIT_NOT_RUNNING;
	return result == 0 && whole ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int print_all(enum libbpf_print_level level, const char *format, va_list args)
{
	char text[512];
	int size = vsnprintf(text, sizeof(text), format, args);

	text[strcspn(text, "\n")] = '\0';
	log_info("%s", text);
	return size;
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

int main(int argc, char **argv)
{
	static struct arguments arguments;
	int result;

	config_init(&arguments.config);
	if (usage_complete(&program, NULL, NULL, argc, argv))
		return EXIT_SUCCESS;
	usage_parse(&argp, argc, argv, 0, &arguments);
	libbpf_set_print(arguments.verbose ? print_all : print_nothing);
	result = configure(&arguments);
	return result != 0 ? result : act(&arguments);
}
