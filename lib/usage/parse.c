// SPDX-License-Identifier: BSD-3-Clause
#include <usage/usage.h>

#include <stdlib.h>
#include <string.h>

#define KEY_USAGE 0x10001
#define DOC_SIZE  8192

// The program's parser, and what it parses into.
struct inner {
	const struct argp *argp;
	void *input;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct inner *inner = state->input;
	error_t rc;

	switch (key) {
	case 'h':
	case '?':
		argp_state_help(state, state->out_stream, ARGP_HELP_STD_HELP);
		return 0;
	case KEY_USAGE:
		argp_state_help(state, state->out_stream, ARGP_HELP_USAGE | ARGP_HELP_EXIT_OK);
		return 0;
	case 'V':
		if (argp_program_version == NULL)
			break;
		fprintf(state->out_stream, "%s\n", argp_program_version);
		exit(0);
	}
	if (inner->argp->parser == NULL)
		return ARGP_ERR_UNKNOWN;
	state->input = inner->input;
	rc = inner->argp->parser(key, value, state);
	state->input = inner;
	return rc;
}

static const struct argp_option own[] = {
	{"help", 'h', NULL, 0, "Give this help list", -1},
	{NULL, '?', NULL, OPTION_ALIAS | OPTION_HIDDEN, NULL, -1},
	{"usage", KEY_USAGE, NULL, 0, "Give a short usage message", -1},
	{"version", 'V', NULL, 0, "Print program version", -1},
};

static void copy_options(const struct argp_option *from, struct argp_option *out)
{
	static const struct argp_option none;
	size_t count = sizeof(own) / sizeof(own[0]), used = 0;

	for (; from != NULL && memcmp(from, &none, sizeof(none)) != 0 && used < USAGE_OPTIONS_MAX;
		from++)
		out[used++] = *from;
	if (argp_program_version == NULL)
		count--;
	memcpy(out + used, own, count * sizeof(*out));
}

static void parse(const struct usage_verb *verb, const char *doc, int argc, char **argv,
	unsigned int flags, void *input)
{
	struct argp_option list[USAGE_OPTIONS_MAX + 8] = {0};
	struct inner inner = {verb->argp, input};
	struct argp argp = *verb->argp;
	struct usage_options options;
	char text[2048];

	usage_list_options(verb, &options);
	if (usage_find_fault(
		    &options, argc, argv, (flags & ARGP_IN_ORDER) != 0, text, sizeof(text))) {
		fprintf(stderr, "%s: %s\nTry '%s --help' for more.\n", argv[0], text, argv[0]);
		exit(argp_err_exit_status);
	}
	copy_options(verb->argp->options, list);
	argp.options = list;
	argp.parser = parse_option;
	argp.doc = doc;
	argp_parse(&argp, argc, argv, flags | ARGP_NO_HELP, NULL, &inner);
}

void usage_parse(const struct argp *argp, int argc, char **argv, unsigned int flags, void *input)
{
	const struct usage_verb verb = {.argp = argp};

	parse(&verb, argp->doc, argc, argv, flags, input);
}

void usage_parse_group(const struct usage_verb *group, int argc, char **argv, void *input)
{
	const char *doc = group->argp->doc != NULL ? group->argp->doc : "",
		   *end = strchr(doc, '\v');
	char text[DOC_SIZE] = "";
	FILE *out = fmemopen(text, sizeof(text) - 1, "w");

	if (out != NULL) {
		fprintf(out, "%.*s\n\nCommands:\n", (int)strcspn(doc, "\v"), doc);
		usage_print_verbs(group, out);
		fprintf(out, "'%s help COMMAND' tells more of one.", argv[0]);
		fprintf(out, "\n%s", end != NULL ? end : "");
		fclose(out);
	}
	parse(group, text, argc, argv, ARGP_IN_ORDER, input);
}
