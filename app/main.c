// SPDX-License-Identifier: BSD-3-Clause
#include "confinement.h"
#include "fulcrumd.h"
#include "privileges.h"

#include <argp.h>
#include <base/log.h>
#include <channel/channel.h>
#include <config/config.h>
#include <confine/confine.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <usage/usage.h>

const char *argp_program_version = "fulcrumd " FULCRUM_VERSION;

#define EXIT_BAD_FILE 2

struct options {
	const char *config;
	bool check;
	bool check_pools;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'c':
		options->config = value;
		return 0;
	case 't':
		options->check = true;
		return 0;
	case 'p':
		options->check_pools = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is one word too many", value);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option option_list[] = {
	{"config", 'c', "FILE", 0, "The daemon's own file (default /etc/fulcrum/fulcrumd.yaml)", 0},
	{"check", 't', NULL, 0, "Check the file and leave", 0},
	{"check-pools", 'p', NULL, 0, "Check the file and what its 'pools' names, and leave", 0},
	{0},
};

static const struct argp argp = {
	.options = option_list,
	.parser = parse_option,
	.doc = "Balances TCP and UDP connections on virtual IPs over pools of backends.\v"
	       "Exit status: 0 after SIGTERM or SIGINT, 1 when it cannot start, 2 for an error in FILE or for "
	       "bad usage.",
};

static const struct usage_verb program = {.name = "fulcrumd", .argp = &argp};

static int run_control(const struct daemon_config *config, const struct ports *ports,
	struct publisher *publisher, struct workers *workers, bool *is_stuck, struct error *err)
{
	struct control_config control_config = {
		.daemon = config,
		.publisher = publisher,
		.metrics = workers->metrics,
		.flows = workers->flows,
		.worker_count = workers->count,
		.buffers = ports->buffers,
		.relay = workers->relay,
		.ports = ports->control,
		.port_count = ports->count,
	};
	struct event_base *base = event_base_new();
	struct control *control;
	int rc;

	if (base == NULL)
		return error_set(err, ENOMEM, "out of memory");
	rc = control_new(base, &control_config, &control, err);
	if (rc == 0) {
		rc = confinement_calls(config, err);
		if (rc == 0 && serve(base, control, workers, config->shutdown_grace_ms) != 0)
			rc = error_set(err, EIO, "the event loop failed");
		else if (rc == 0 && !control_save_flows(control))
			*is_stuck = true;
		control_free(control);
	}
	event_base_free(base);
	return rc;
}

// '*is_stuck': threads stay behind, for a disk or a worker that stands still, which finds its ports
// and tables where they were.
static int daemon_run(const struct daemon_config *config, bool *is_stuck, struct error *err)
{
	static struct ports ports;
	static struct workers workers;
	static struct publisher publisher;
	int rc = ports_start(config, &ports, err);

	if (rc == 0) {
		rc = publisher_init(&publisher, config->worker_count);
		if (rc != 0)
			error_set(err, ENOMEM, "out of memory");
	}
	if (rc == 0) {
		rc = workers_make(config, &ports, &publisher, &workers, err);
		if (rc == 0)
			rc = privileges_drop(config->user, err);
		if (rc == 0)
			rc = confinement_files(config, err);
		if (rc == 0)
			rc = run_control(config, &ports, &publisher, &workers, is_stuck, err);
		if (workers.is_left) {
			*is_stuck = true;
			return rc;
		}
		workers_free(&workers);
		publisher_destroy(&publisher);
	}
	ports_stop(&ports);
	return rc;
}

// Each probe that waits for an answer holds a descriptor; the soft limit is often 1,024.
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void log_sentence(void *context, const char *sentence)
{
	log_error("%s", sentence);
	*(bool *)context = true;
}

static int check_pools(const struct daemon_config *config)
{
	struct config *pools = NULL;
	bool is_told = false;
	struct error err;

	if (config->pools[0] == '\0')
		return EXIT_SUCCESS;
	if (config_load_path(config->pools, &pools, log_sentence, NULL, &is_told, &err) != 0) {
		if (!is_told)
			log_error("%s", err.text);
		return EXIT_BAD_FILE;
	}
	config_free(pools);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options = {.config = "/etc/fulcrum/fulcrumd.yaml"};
	static struct daemon_config config;
	struct error err;
	bool is_stuck = false;
	int rc;

	argp_err_exit_status = EXIT_BAD_FILE;
	if (usage_complete(&program, NULL, NULL, argc, argv))
		return EXIT_SUCCESS;
	usage_parse(&argp, argc, argv, 0, &options);
	if (daemon_config_load(options.config, &config, &err) != 0) {
		log_error("%s", err.text);
		return EXIT_BAD_FILE;
	}
	if (options.check_pools)
		return check_pools(&config);
	if (options.check)
		return EXIT_SUCCESS;
	log_set_json((config.log & DAEMON_LOG_JSON) != 0);
	if ((config.log & DAEMON_LOG_DEBUG) != 0)
		log_set_level(LOG_LEVEL_DEBUG);
	if (confine_privileges(&err) != 0)
		log_warning("fulcrumd: %s", err.text);
	if (log_set_queued() != 0)
		log_warning("log: no thread for it: whoever reads it can hold up the daemon");
	if (geteuid() != 0)
		log_warning(
			"fulcrumd is not root: ports, hugepages and netlink may be out of reach");
	raise_descriptor_limit();
	dpdk_log_begin();
	signal(SIGPIPE, SIG_IGN); // a log that nobody reads any more is no reason to stop
	rc = channel_server_look(config.channel, &err);
	if (rc == 0)
		rc = eal_start(&config, &err);
	if (rc == 0) {
		rc = daemon_run(&config, &is_stuck, &err);
		if (!is_stuck)
			eal_stop();
	}
	if (rc != 0)
		log_error("%s", err.text);
	else
		log_info("fulcrumd: stopped");
	if (is_stuck) // nobody waits for threads that stand still or wait for a disk
		_exit(rc != 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	return rc != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
