// SPDX-License-Identifier: BSD-3-Clause
#include <usage/usage.h>

#include <string.h>

#define KIND_SIZE 256

// The line that is being typed, up to the word that the shell asks about.
struct line {
	const struct usage_verb *verb;
	struct usage_options options; // the verb's
	const char *words[USAGE_OPTIONS_MAX]; // the verb's, without options and their values
	size_t word_count;
	const struct usage_option *value_of; // the word is the value of this option; NULL
	bool has_no_options; // behind "--"
	bool is_strange; // there is no such verb
	usage_offer_fn *offer;
	const struct ctl *ctl;
};

// Up to the end of the sentence, so that a line of offers fits.
static void print_brief(const char *brief)
{
	size_t size = strcspn(brief, ";\n(");

	if (size > 70)
		size = 70;
	while (size > 0 && brief[size - 1] == ' ')
		size--;
	if (size > 0)
		printf("\t%.*s", (int)size, brief);
}

void usage_offer(const char *word, const char *offer, const char *brief)
{
	if (strncmp(offer, word, strlen(word)) != 0)
		return;
	fputs(offer, stdout);
	print_brief(brief);
	putchar('\n');
}

static void offer_kind(const struct line *line, const char *kind, const char *word)
{
	char list[KIND_SIZE], *rest = list;

	if (strcmp(kind, "FILE") == 0 || strcmp(kind, "PATH") == 0 || strcmp(kind, "VALUE") == 0) {
		puts(":files");
	} else if (strcmp(kind, "FOLDER") == 0) {
		puts(":folders");
	} else if (strchr(kind, '|') != NULL) {
		snprintf(list, sizeof(list), "%s", kind);
		for (char *item; (item = strsep(&rest, "|")) != NULL;)
			usage_offer(word, item, "");
	} else if (line->offer != NULL) {
		line->offer(kind, word, line->words, line->word_count, line->ctl);
	}
}

static void offer_options(const struct line *line, const char *word)
{
	for (size_t i = 0; i < line->options.count; i++) {
		const struct usage_option *option = &line->options.items[i];
		char text[64];

		if (option->name != NULL)
			snprintf(text, sizeof(text), "--%s", option->name);
		else
			snprintf(text, sizeof(text), "-%c", option->key);
		usage_offer(word, text, option->brief);
		if (strlen(word) == 2 && option->key == word[1])
			usage_offer(word, word, option->brief);
	}
}

static void offer_verbs(const struct usage_verb *group, const char *word)
{
	for (const struct usage_verb *verb = group->verbs; verb->name != NULL; verb++)
		usage_offer(word, verb->name, verb->brief);
}

// The kind of the word at 'at', of "tcp|udp ADDRESS:PORT" or "BACKEND...".
static bool find_kind(const char *kinds, size_t at, char kind[KIND_SIZE])
{
	char list[KIND_SIZE], *rest = list;

	snprintf(list, sizeof(list), "%s", kinds);
	for (char *item; (item = strsep(&rest, " ")) != NULL;) {
		char *repeats = strstr(item, "...");

		if (repeats != NULL)
			*repeats = '\0';
		snprintf(kind, KIND_SIZE, "%s", item);
		if (repeats != NULL || at-- == 0)
			return true;
	}
	return false;
}

static void take_word(struct line *line, const char *word)
{
	const struct usage_verb *verb = line->verb->verbs;

	if (verb == NULL) {
		if (line->word_count < USAGE_OPTIONS_MAX)
			line->words[line->word_count++] = word;
		return;
	}
	while (verb->name != NULL && strcmp(verb->name, word) != 0)
		verb++;
	if (verb->name != NULL) {
		line->verb = verb;
		usage_list_options(verb, &line->options);
	} else if (strcmp(word, "help") != 0) {
		line->is_strange = true;
	}
}

static void read_line(struct line *line, int count, char **words)
{
	for (int i = 0; i < count; i++) {
		const struct usage_option *option = NULL;

		line->value_of = NULL;
		if (!line->has_no_options && strcmp(words[i], "--") == 0) {
			line->has_no_options = true;
			continue;
		}
		if (line->has_no_options || words[i][0] != '-') {
			take_word(line, words[i]);
			continue;
		}
		option = usage_find_option(&line->options, words[i]);
		if (!usage_takes_next(option, words[i]))
			continue;
		line->value_of = option;
		if (++i < count)
			line->value_of = NULL; // it is there already
	}
}

static void offer_word(const struct line *line, const char *word)
{
	char kind[KIND_SIZE];

	if (line->verb->verbs != NULL)
		offer_verbs(line->verb, word);
	else if (line->verb->words != NULL && find_kind(line->verb->words, line->word_count, kind))
		offer_kind(line, kind, word);
	else if (word[0] == '\0' && !line->has_no_options)
		offer_options(line, word);
}

bool usage_complete(const struct usage_verb *program, usage_offer_fn *offer, const struct ctl *ctl,
	int argc, char **argv)
{
	struct line line = {.verb = program, .offer = offer, .ctl = ctl};
	const char *word;

	if (argc < 3 || strcmp(argv[1], "--complete") != 0)
		return false;
	usage_list_options(program, &line.options);
	read_line(&line, argc - 3, argv + 2);
	word = argv[argc - 1];
	if (line.is_strange)
		return true;
	if (line.value_of != NULL)
		offer_kind(&line, line.value_of->value, word);
	else if (word[0] == '-' && !line.has_no_options)
		offer_options(&line, word);
	else
		offer_word(&line, word);
	return true;
}
