// SPDX-License-Identifier: BSD-3-Clause
#include "backend.h"

#include <base/parse.h>

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { OPTION_POOL = 0x100 };

struct arguments {
	const char *words[BACKENDS_NAMED_MAX + 1]; // names, and a weight
	uint32_t count;
	bool is_watched;
	bool has_then;
	struct message_backend_select all; // by --address, --zone and --pool
	struct message_backend_set set;
};

static void parse_weight(struct arguments *arguments, struct argp_state *state)
{
	const char *word;
	uint64_t weight;

	if (arguments->count == 0) {
		argp_error(state, "NAME and N are missing");
		return;
	}
	word = arguments->words[--arguments->count];
	if (parse_u64(word, &weight) < 0 || weight > UINT16_MAX)
		argp_error(state, "'%s' is no weight between 0 and 65535", word);
	else
		arguments->set.weight = (uint32_t)weight;
}

static void parse_deadline(
	struct arguments *arguments, const char *value, const struct argp_state *state)
{
	uint64_t ms;

	if (parse_duration_ms(value, &ms) != 0 || ms < 1000 || ms / 1000 > UINT32_MAX)
		argp_error(state, "'%s' is no time of a second or more, such as 10m", value);
	else
		arguments->set.deadline_s = (uint32_t)(ms / 1000);
}

static void parse_then(
	struct arguments *arguments, const char *value, const struct argp_state *state)
{
	static const char *const words[] = {[MESSAGE_THEN_KEEP] = "keep",
		[MESSAGE_THEN_RESET] = "reset",
		[MESSAGE_THEN_REHASH] = "rehash"};

	for (uint32_t i = 0; i < COUNT(words); i++) {
		if (strcmp(value, words[i]) == 0) {
			arguments->set.then = i;
			arguments->has_then = true;
			return;
		}
	}
	argp_error(state, "'%s' is none of keep, reset and rehash", value);
}

static void copy_name(char *out, size_t size, const char *value, const struct argp_state *state)
{
	if (value[0] == '\0' || strlen(value) >= size)
		argp_error(state, "'%s' is no name", value);
	else
		strcpy(out, value);
}

static bool has_filter(const struct message_backend_select *all)
{
	return all->zone[0] != '\0' || all->pool[0] != '\0' || all->address.family != ADDR_NONE;
}

// Which backends: names, or what all of them have in common.
static void check_selection(const struct arguments *arguments, const struct argp_state *state)
{
	for (uint32_t i = 0; i < arguments->count; i++)
		if (arguments->words[i][0] == '\0' ||
			strlen(arguments->words[i]) >= sizeof(arguments->all.name))
			argp_error(state, "'%s' is no name", arguments->words[i]);
	if (arguments->count == 0 && !has_filter(&arguments->all))
		argp_error(state, "a backend's NAME is missing, or --address, --zone or --pool");
	else if (arguments->count > 0 && has_filter(&arguments->all))
		argp_error(state, "either names, or --address, --zone and --pool");
	if (arguments->has_then && arguments->set.deadline_s == 0)
		argp_error(state, "--then wants a --deadline");
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case 'd':
		parse_deadline(arguments, value, state);
		return 0;
	case 't':
		parse_then(arguments, value, state);
		return 0;
	case 'w':
		arguments->is_watched = true;
		return 0;
	case 'a':
		if (addr_parse(value, &arguments->all.address) < 0)
			argp_error(state, "--address: '%s' is no IPv4 or IPv6 address", value);
		return 0;
	case 'z':
		copy_name(arguments->all.zone, sizeof(arguments->all.zone), value, state);
		return 0;
	case OPTION_POOL:
		copy_name(arguments->all.pool, sizeof(arguments->all.pool), value, state);
		return 0;
	case ARGP_KEY_ARG:
		if (arguments->count == COUNT(arguments->words))
			argp_error(state, "no more than %u names", BACKENDS_NAMED_MAX);
		else
			arguments->words[arguments->count++] = value;
		return 0;
	case ARGP_KEY_END:
		check_selection(arguments, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_weighed(int key, char *value, struct argp_state *state)
{
	if (key == ARGP_KEY_END)
		parse_weight(state->input, state);
	return parse_option(key, value, state);
}

#define SELECTING                                                                               \
	{"address", 'a', "ADDRESS", 0, "All with this address, a host in all of its pools", 0}, \
		{"zone", 'z', "ZONE", 0, "All of this zone", 0},                                \
	{                                                                                       \
		"pool", OPTION_POOL, "POOL", 0, "All of this pool, or of them those above", 0   \
	}

static const struct argp_option drain_options[] = {SELECTING,
	{"deadline", 'd', "TIME", 0, "When it is over, such as 10m", 0},
	{"then", 't', "keep|reset|rehash", 0,
		"With --deadline: what becomes of the connections that are left (default: keep)",
		0},
	{"watch", 'w', NULL, 0, "Tell every second how many are left, until none is", 0}, {0}};

static const struct argp_option options[] = {SELECTING, {0}};

#define NAMES    "NAME...\n--address ADDRESS\n--zone ZONE\n--pool POOL"
#define TOGETHER " Several are changed as one version: all of them or none."
#define WHOSE    "\vA backend's name, or pool/name where several pools have one."

static const struct argp argp_drain = {drain_options, parse_option, NAMES,
	"The backends' connections go on, and they take no new ones; for ever, or to a "
	"deadline." TOGETHER WHOSE,
	0, 0, 0};
static const struct argp argp_disable = {options, parse_option, NAMES,
	"The backends' connections go to other backends, which reset what they do not "
	"know." TOGETHER WHOSE,
	0, 0, 0};
static const struct argp argp_enable = {
	options, parse_option, NAMES, "The backends serve again." TOGETHER WHOSE, 0, 0, 0};
static const struct argp argp_weight = {options, parse_weighed,
	"NAME... N\n--address ADDRESS N\n--zone ZONE N\n--pool POOL N",
	"Gives the backends a weight of 0 to 65535. With 0 a backend keeps its connections and takes no new "
	"one." TOGETHER WHOSE,
	0, 0, 0};

static void print_deadline(const struct message_backend_set *set, uint32_t named)
{
	static const char *const then[] = {[MESSAGE_THEN_KEEP] = "goes on",
		[MESSAGE_THEN_RESET] = "is reset",
		[MESSAGE_THEN_REHASH] = "is sent to other backends"};
	char left[32];

	printf("in %s what is left of %s connections %s\n",
		format_duration_ms(set->deadline_s * 1000ull, left, sizeof(left)),
		named == 1 ? "its" : "their", then[set->then]);
}

static int send(struct session *session, const struct arguments *arguments)
{
	struct message_backend_select select = arguments->all;
	int status = CTL_OK;

	for (uint32_t i = 0; i < arguments->count && status == CTL_OK; i++) {
		snprintf(select.name, sizeof(select.name), "%s", arguments->words[i]);
		status = session_send(session, MESSAGE_BACKEND_SELECT, &select, sizeof(select));
	}
	if (arguments->count == 0)
		status = session_send(session, MESSAGE_BACKEND_SELECT, &select, sizeof(select));
	if (status == CTL_OK)
		status = session_send(
			session, MESSAGE_BACKEND_SET, &arguments->set, sizeof(arguments->set));
	return status;
}

static int change(const struct ctl *ctl, const struct arguments *arguments)
{
	struct session *session;
	struct message_done done;
	int status = session_open(ctl, &session);

	if (status != CTL_OK)
		return status;
	status = send(session, arguments);
	if (status == CTL_OK)
		status = session_receive(session, session_print_text, NULL, &done);
	session_close(session);
	if (status == CTL_FAILED)
		backend_hint(ctl, arguments->words, arguments->count);
	if (status == CTL_OK)
		status = session_print_done(&done);
	if (status == CTL_OK && arguments->set.deadline_s > 0)
		print_deadline(&arguments->set, arguments->count);
	if (status == CTL_OK && arguments->is_watched)
		status = backend_watch(ctl, arguments->words, arguments->count, &arguments->all);
	return status;
}

static int run(const struct ctl *ctl, int argc, char **argv, const struct argp *argp,
	enum config_backend_state state)
{
	static struct arguments arguments;

	arguments.set = (struct message_backend_set){.state = state, .weight = UINT32_MAX};
	ctl_parse(argp, argc, argv, &arguments);
	return change(ctl, &arguments);
}

static int command_drain(const struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, &argp_drain, CONFIG_STATE_DRAINING);
}

static int command_disable(const struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, &argp_disable, CONFIG_STATE_DISABLED);
}

static int command_enable(const struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, &argp_enable, CONFIG_STATE_ACTIVE);
}

static int command_weight(const struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, &argp_weight, CONFIG_STATE_UNSET);
}

#define ROW(name, words, brief, argp, run)                              \
	{                                                               \
		name, words, brief, argp, NULL, "BACKEND...", NULL, run \
	}

const struct usage_verb verbs_backend[] = {
	ROW("drain", "NAME...", "its connections go on, it takes no new one", &argp_drain,
		command_drain),
	ROW("undrain", "NAME...", "it serves again", &argp_enable, command_enable),
	ROW("disable", "NAME...", "its connections go to other backends", &argp_disable,
		command_disable),
	ROW("enable", "NAME...", "it serves again", &argp_enable, command_enable),
	ROW("weight", "NAME... N", "change its weight", &argp_weight, command_weight),
	{0},
};
