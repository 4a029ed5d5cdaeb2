// SPDX-License-Identifier: BSD-3-Clause
#include "verify.h"

#include "../ctl.h"
#include "command.h"

#include <base/addr.h>
#include <base/clock.h>
#include <base/parse.h>

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define CONNECTIONS_DEFAULT 32
#define CONNECTIONS_MAX     100000u
#define TIMEOUT_DEFAULT_MS  3000
#define DEADLINE_DEFAULT_MS 300000

struct arguments {
	const char *file;
	bool json;
	uint64_t deadline_ms;
	struct verify verify;
};

static const char *result_text(uint64_t result)
{
	static const char *const texts[] = {"ok", "note", "wrong"};

	return result <= VERIFY_WRONG ? texts[result] : "?";
}

#define ROW(member) offsetof(struct verify_row, member), sizeof(((struct verify_row *)0)->member)

static const struct column columns[] = {
	{"CHECK", "check", COLUMN_TEXT, ROW(check), NULL},
	{"TARGET", "target", COLUMN_TEXT, ROW(target), NULL},
	{"RESULT", "result", COLUMN_NAME, ROW(result), result_text},
	{"DETAIL", "detail", COLUMN_TEXT, ROW(detail), NULL},
	{0},
};
static const struct view view_checks = {
	.name = "checks", .size = sizeof(struct verify_row), .columns = columns};

uint32_t verify_time_ms(const struct verify *verify)
{
	uint64_t now_ns = clock_monotonic_ns(), left_ms;

	if (now_ns >= verify->until_ns)
		return 0;
	left_ms = (verify->until_ns - now_ns) / CLOCK_NS_PER_MS + 1;
	return left_ms < verify->timeout_ms ? (uint32_t)left_ms : verify->timeout_ms;
}

void verify_add(struct verify *verify, enum verify_result result, const char *check,
	const char *target, const char *format, ...)
{
	struct verify_row row = {.result = result};
	va_list args;

	snprintf(row.check, sizeof(row.check), "%s", check);
	snprintf(row.target, sizeof(row.target), "%s", target);
	va_start(args, format);
	vsnprintf(row.detail, sizeof(row.detail), format, args);
	va_end(args);
	if (rows_add(&verify->rows, &row, sizeof(row)) != 0)
		verify->failed = true;
}

static void parse_resolver(struct verify *verify, const char *value, struct argp_state *state)
{
	char address[ADDR_TEXT_SIZE];
	const char *colon = strrchr(value, ':');
	struct addr addr;
	uint64_t port = 53;
	size_t size;

	verify->resolver = value;
	if (addr_parse(value, &addr) == 0)
		return;
	size = colon == NULL ? 0 : (size_t)(colon - value);
	if (size > 2 && value[0] == '[' && value[size - 1] == ']') {
		value++;
		size -= 2;
	}
	snprintf(address, sizeof(address), "%.*s", (int)size, value);
	if (size == 0 || size >= sizeof(address) || addr_parse(address, &addr) != 0 ||
		parse_u64(colon + 1, &port) != 0 || port == 0 || port > 65535)
		argp_error(state, "--resolver: '%s' is no address, and no address:port",
			verify->resolver);
}

static void parse_numbers(
	int key, const char *value, struct verify *verify, struct argp_state *state)
{
	uint64_t number;

	if (key == 'n') {
		if (parse_u64(value, &number) != 0 || number == 0 || number > CONNECTIONS_MAX)
			argp_error(state, "--connections: '%s' is no number from 1 to %u", value,
				CONNECTIONS_MAX);
		else
			verify->connections = (uint32_t)number;
	} else if (parse_duration_ms(value, &number) != 0 || number < 10 || number > 60000) {
		argp_error(state, "--timeout: '%s' is no time from 10ms to 1m", value);
	} else {
		verify->timeout_ms = (uint32_t)number;
	}
}

static void parse_deadline(
	struct arguments *arguments, const char *value, const struct argp_state *state)
{
	if (parse_duration_ms(value, &arguments->deadline_ms) != 0 ||
		arguments->deadline_ms < 100 || arguments->deadline_ms > 86400000)
		argp_error(state, "--deadline: '%s' is no time from 100ms to 24h", value);
}

static void parse_pool(struct verify *verify, const char *value, struct argp_state *state)
{
	if (strcmp(value, "auth") == 0)
		verify->role = CLUSTER_AUTH;
	else if (strcmp(value, "proxy") != 0)
		argp_error(state, "--pool: '%s' is neither proxy nor auth", value);
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'o':
		arguments->json = ctl_parse_output(value, state);
		return 0;
	case 'p':
		parse_pool(&arguments->verify, value, state);
		return 0;
	case 'r':
		parse_resolver(&arguments->verify, value, state);
		return 0;
	case 'c':
		arguments->verify.ca = value;
		return 0;
	case 'd':
		parse_deadline(arguments, value, state);
		return 0;
	case 'n':
	case 't':
		parse_numbers(key, value, &arguments->verify, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->file != NULL)
			argp_error(state, "'%s' is one word too many", value);
		arguments->file = value;
		return 0;
	case ARGP_KEY_END:
		if (arguments->file == NULL)
			argp_error(state, "cluster.yaml is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{"pool", 'p', "proxy|auth", 0,
		"proxy (default), from a client's place; auth, from a proxy's", 0},
	{"resolver", 'r', "ADDRESS[:PORT]", 0, "Ask this DNS server (default: /etc/resolv.conf)",
		0},
	{"ca", 'c', "FILE", 0, "PEM certificates to trust (default: the machine's own)", 0},
	{"connections", 'n', "N", 0, "So many to each port (default: 32)", 0},
	{"timeout", 't', "TIME", 0,
		"How long a connection may take to open, and then to say who it is (default: 3s)",
		0},
	{"deadline", 'd', "TIME", 0, "How long all of it may take (default: 5m)", 0},
	{"output", 'o', "table|json|yaml", 0, "For people (the default), or for programs", 0},
	{0},
};

const struct argp argp_verify = {options, parse_option, "cluster.yaml",
	"Looks at a Teleport cluster from where it is run: DNS answers, every port through the VIPs, "
	"certificates, ALPN, which instances answer and from which zones.\v"
	"Exit status: 0 nothing is wrong, 1 something is, 2 bad usage or a bad file.",
	0, 0, 0};

static int make_tls(struct verify *verify)
{
	verify->tls = SSL_CTX_new(TLS_client_method());
	if (verify->tls == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	SSL_CTX_set_session_cache_mode(verify->tls, SSL_SESS_CACHE_OFF);
	if (verify->ca == NULL)
		SSL_CTX_set_default_verify_paths(verify->tls);
	else if (SSL_CTX_load_verify_file(verify->tls, verify->ca) != 1)
		return ctl_fail(
			CTL_BAD_INPUT, "--ca: %s has no certificates in PEM form", verify->ca);
	return CTL_OK;
}

static int report(const struct verify *verify, bool json)
{
	bool wrong = false;
	int status = CTL_OK;

	for (size_t i = 0; i < verify->rows.count; i++) {
		const struct verify_row *rows = (const struct verify_row *)verify->rows.bytes;

		wrong |= rows[i].result == VERIFY_WRONG;
	}
	if (verify->failed)
		return ctl_fail(CTL_FAILED, "out of memory");
	if (json)
		status = view_print_json(json_pack("{s:b, s:o, s:O}", "ok", !wrong, "checks",
			view_json_rows(&view_checks, &verify->rows), "answers", verify->answers));
	else
		view_print_table(&view_checks, &verify->rows);
	return status != CTL_OK ? status : wrong ? CTL_FAILED : CTL_OK;
}

int command_verify(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {.deadline_ms = DEADLINE_DEFAULT_MS,
		.verify = {.connections = CONNECTIONS_DEFAULT, .timeout_ms = TIMEOUT_DEFAULT_MS}};
	struct verify *verify = &arguments.verify;
	struct cluster *cluster = NULL;
	int status;

	ctl_parse(&argp_verify, argc, argv, &arguments);
	signal(SIGPIPE, SIG_IGN);
	status = make_tls(verify);
	if (status == CTL_OK)
		status = teleport_load(arguments.file, &cluster);
	if (status == CTL_OK) {
		verify->cluster = cluster;
		verify->answers = json_array();
		verify->until_ns = clock_monotonic_ns() + arguments.deadline_ms * CLOCK_NS_PER_MS;
		if (verify->role == CLUSTER_PROXY)
			verify_dns(verify);
		verify_ports(verify);
		if (verify_time_ms(verify) == 0)
			verify_add(verify, VERIFY_WRONG, "deadline", "-",
				"the time for all was over before all was tried: --deadline");
		status = report(verify, arguments.json);
	}
	json_decref(verify->answers);
	rows_free(&verify->rows);
	SSL_CTX_free(verify->tls);
	cluster_free(cluster);
	return status;
}
