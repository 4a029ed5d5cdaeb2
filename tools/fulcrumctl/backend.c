// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "session.h"

#include <base/parse.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct arguments {
	const char *words[3]; // what to do, to which, the weight
	int count;
	bool is_watched;
	bool has_then;
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

// The options go with drain alone, and what is to follow goes with a deadline.
static void check_options(const struct arguments *arguments, const struct argp_state *state)
{
	bool any = arguments->set.deadline_s > 0 || arguments->has_then || arguments->is_watched;

	if (any && arguments->set.state != CONFIG_STATE_DRAINING)
		argp_error(state, "--deadline, --then and --watch go with drain");
	else if (arguments->has_then && arguments->set.deadline_s == 0)
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
	case ARGP_KEY_ARG:
		if (arguments->count == COUNT(arguments->words))
			argp_error(state, "'%s' is one word too many", value);
		else
			arguments->words[arguments->count++] = value;
		return 0;
	case ARGP_KEY_END:
		parse_words(arguments, state);
		check_options(arguments, state);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	{"deadline", 'd', "TIME", 0, "with drain: when it is over, such as 10m", 0},
	{"then", 't', "WHAT", 0,
		"with --deadline: what becomes of the connections that are left: keep (default), reset or rehash",
		0},
	{"watch", 'w', NULL, 0, "with drain: tell every second how many are left, until none is",
		0},
	{0}};

static const struct argp argp = {options, parse_option,
	"drain NAME\nundrain|disable|enable NAME\nweight NAME N",
	"Changes a backend: its name, or pool/name where several pools have one.\v"
	"drain     its connections go on, it takes no new one; for ever, or to a deadline\n"
	"disable   its connections go to other backends, which reset what they do not know\n"
	"undrain, enable   it serves again\n"
	"weight    0 to 65535; 0: it keeps its connections and takes no new one",
	0, 0, 0};

// What one look at the backends told of the one that is drained.
struct progress {
	const char *name;
	bool is_there;
	struct message_row_backend row;
};

static int take_row(void *context, uint16_t type, const void *body, uint32_t size)
{
	struct progress *progress = context;
	struct message_row_backend row;
	char whole[2 * CONFIG_NAME_SIZE + 1];

	if (type != MESSAGE_ROW_BACKEND)
		return CTL_OK;
	memcpy(&row, body, sizeof(row));
	snprintf(whole, sizeof(whole), "%s/%s", row.pool, row.name);
	if (strcmp(progress->name, row.name) == 0 || strcmp(progress->name, whole) == 0) {
		progress->is_there = true;
		progress->row = row;
	}
	return CTL_OK;
}

static int look(const struct ctl *ctl, struct progress *progress)
{
	const struct message_show show = {.what = MESSAGE_SHOW_BACKENDS};

	progress->is_there = false;
	return session_ask(ctl, MESSAGE_SHOW, &show, sizeof(show), take_row, progress, NULL);
}

static void print_progress(const struct message_row_backend *row)
{
	char oldest[32], left[32];

	printf("%s/%s: %u connections", row->pool, row->name, row->flows);
	if (row->flows > 0)
		printf(", the oldest for %s",
			format_duration_ms(row->oldest_s * 1000ull, oldest, sizeof(oldest)));
	if (row->drain_left_s > 0)
		printf(", %s to the deadline",
			format_duration_ms(row->drain_left_s * 1000ull, left, sizeof(left)));
	printf("\n");
	fflush(stdout);
}

// Until the last connection is gone, or somebody ended the drain.
static int watch(const struct ctl *ctl, const struct arguments *arguments)
{
	struct progress progress = {.name = arguments->set.name};

	for (;;) {
		int status = look(ctl, &progress);

		if (status != CTL_OK)
			return status;
		if (!progress.is_there || progress.row.state != CONFIG_STATE_DRAINING) {
			printf("%s is not drained any more\n", arguments->set.name);
			return CTL_OK;
		}
		print_progress(&progress.row);
		if (progress.row.flows == 0)
			return CTL_OK;
		sleep(1);
	}
}

static void print_deadline(const struct message_backend_set *set)
{
	static const char *const then[] = {[MESSAGE_THEN_KEEP] = "goes on",
		[MESSAGE_THEN_RESET] = "is reset",
		[MESSAGE_THEN_REHASH] = "is sent to other backends"};
	char left[32];

	printf("in %s what is left of its connections %s\n",
		format_duration_ms(set->deadline_s * 1000ull, left, sizeof(left)), then[set->then]);
}

int command_backend(const struct ctl *ctl, int argc, char **argv)
{
	struct arguments arguments = {0};
	struct message_done done;
	int status;

	ctl_parse(&argp, argc, argv, &arguments);
	status = session_ask(ctl, MESSAGE_BACKEND_SET, &arguments.set, sizeof(arguments.set),
		session_print_text, NULL, &done);
	if (status == CTL_OK)
		session_print_done(&done);
	if (status == CTL_OK && arguments.set.deadline_s > 0)
		print_deadline(&arguments.set);
	if (status == CTL_OK && arguments.is_watched)
		status = watch(ctl, &arguments);
	return status;
}
