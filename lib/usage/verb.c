// SPDX-License-Identifier: BSD-3-Clause
#include <usage/usage.h>

#include <stdlib.h>
#include <string.h>

#define NAME_SIZE 96

static size_t count_verbs(const struct usage_verb *group)
{
	size_t count = 0;

	while (group->verbs[count].name != NULL)
		count++;
	return count;
}

void usage_print_verbs(const struct usage_verb *group, FILE *out)
{
	char text[NAME_SIZE];
	int width = 0;

	for (const struct usage_verb *verb = group->verbs; verb->name != NULL; verb++) {
		int size = snprintf(text, sizeof(text), "%s %s", verb->name, verb->arguments);

		if (size > width)
			width = size;
	}
	for (const struct usage_verb *verb = group->verbs; verb->name != NULL; verb++) {
		snprintf(text, sizeof(text), "%s %s", verb->name, verb->arguments);
		fprintf(out, "  %-*s  %s\n", width, text, verb->brief);
	}
}

static const struct usage_verb *find(const struct usage_verb *group, const char *name)
{
	for (const struct usage_verb *verb = group->verbs; verb->name != NULL; verb++)
		if (strcmp(verb->name, name) == 0)
			return verb;
	return NULL;
}

static int refuse(const struct usage_verb *group, const char *whole, const char *word)
{
	const char *names[USAGE_OPTIONS_MAX];
	size_t count = count_verbs(group);
	char text[1024];

	for (size_t i = 0; i < count && i < USAGE_OPTIONS_MAX; i++)
		names[i] = group->verbs[i].name;
	if (word == NULL) {
		fprintf(stderr, "%s: a command is missing; there are: ", whole);
		for (size_t i = 0; i < count; i++)
			fprintf(stderr, "%s%s", i > 0 ? ", " : "", names[i]);
	} else {
		fprintf(stderr, "%s: %s", whole,
			usage_explain(
				"there is no command", word, names, count, text, sizeof(text)));
	}
	fprintf(stderr, "\nTry '%s --help' for more.\n", whole);
	return argp_err_exit_status;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "-h") == 0 ||
	       strcmp(word, "--help") == 0 || strcmp(word, "-?") == 0;
}

// Of the verb itself, or of one of its own that 'words' names. Does not return where it is found.
static int help(
	const struct usage_verb *verb, const struct ctl *ctl, char *whole, int count, char **words)
{
	char option[] = "--help", *argv[] = {whole, option, NULL};

	if (verb->verbs != NULL && count > 0) {
		const struct usage_verb *next = find(verb, words[0]);
		char name[NAME_SIZE];

		if (next == NULL && asks_for_help(words[0]))
			return help(verb, ctl, whole, count - 1, words + 1);
		if (next == NULL)
			return refuse(verb, whole, words[0]);
		snprintf(name, sizeof(name), "%s %s", whole, next->name);
		return help(next, ctl, name, count - 1, words + 1);
	}
	if (verb->verbs == NULL)
		return verb->run(ctl, 2, argv);
	if (verb->argp != NULL) {
		usage_parse_group(verb, 2, argv, NULL);
		return 0;
	}
	printf("Usage: %s COMMAND [ARGUMENT...]\n%s\n\n", whole, verb->brief);
	usage_print_verbs(verb, stdout);
	printf("\n'%s COMMAND --help' tells more.\n", whole);
	return 0;
}

// What getopt_long() does not say: the nearest option, and -h.
static bool refuse_option(const struct usage_verb *verb, int argc, char **argv)
{
	static char help_word[] = "--help";
	struct usage_options options;
	char text[2048];

	usage_list_options(verb, &options);
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "-h") == 0)
			argv[i] = help_word;
	if (!usage_find_fault(&options, argc, argv, false, text, sizeof(text)))
		return false;
	fprintf(stderr, "%s: %s\nTry '%s --help' for more.\n", argv[0], text, argv[0]);
	return true;
}

int usage_run(const struct usage_verb *group, const struct ctl *ctl, int argc, char **argv)
{
	const struct usage_verb *verb;
	char name[NAME_SIZE];

	if (argc < 2)
		return refuse(group, argv[0], NULL);
	if (asks_for_help(argv[1]))
		return help(group, ctl, argv[0], argc - 2, argv + 2);
	verb = find(group, argv[1]);
	if (verb == NULL)
		return refuse(group, argv[0], argv[1]);
	snprintf(name, sizeof(name), "%s %s", argv[0], verb->name);
	argv[1] = name;
	if (verb->options != NULL && refuse_option(verb, argc - 1, argv + 1))
		return argp_err_exit_status;
	return verb->verbs != NULL ? usage_run(verb, ctl, argc - 1, argv + 1)
				   : verb->run(ctl, argc - 1, argv + 1);
}
