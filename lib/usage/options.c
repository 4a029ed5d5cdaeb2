// SPDX-License-Identifier: BSD-3-Clause
#include <usage/usage.h>

#include <string.h>

static bool is_letter(int key)
{
	return key > ' ' && key < 127;
}

static void add(struct usage_options *out, const struct usage_option *option)
{
	if (out->count < USAGE_OPTIONS_MAX)
		out->items[out->count++] = *option;
}

static void add_argp(struct usage_options *out, const struct argp_option *option)
{
	static const struct argp_option none;
	const struct argp_option *real = option; // that an alias stands for

	for (; option != NULL && memcmp(option, &none, sizeof(none)) != 0; option++) {
		if ((option->flags & OPTION_ALIAS) == 0)
			real = option;
		if ((option->flags & (OPTION_HIDDEN | OPTION_DOC)) == 0 &&
			(option->name != NULL || option->key != 0))
			add(out, &(struct usage_option){option->name, option->key, real->arg,
					 (real->flags & OPTION_ARG_OPTIONAL) != 0,
					 real->doc != NULL ? real->doc : ""});
	}
}

void usage_list_options(const struct usage_verb *verb, struct usage_options *out)
{
	out->count = 0;
	if (verb->argp != NULL)
		add_argp(out, verb->argp->options);
	for (const struct option *option = verb->options; option != NULL && option->name != NULL;
		option++)
		if (strcmp(option->name, "help") != 0)
			add(out, &(struct usage_option){.name = option->name,
					 .value = option->has_arg != 0 ? "VALUE" : NULL,
					 .brief = ""});
	add(out, &(struct usage_option){"help", 'h', NULL, false, "Give this help list"});
	if (verb->argp != NULL)
		add(out, &(struct usage_option){
				 "usage", -1, NULL, false, "Give a short usage message"});
	if (verb->argp != NULL && argp_program_version != NULL)
		add(out, &(struct usage_option){
				 "version", 'V', NULL, false, "Print program version"});
}

static const struct usage_option *find_letter(const struct usage_options *options, char letter)
{
	for (size_t i = 0; i < options->count; i++)
		if (options->items[i].key == letter)
			return &options->items[i];
	return NULL;
}

static const struct usage_option *find_name(
	const struct usage_options *options, const char *name, size_t size, size_t *count)
{
	const struct usage_option *found = NULL;

	*count = 0;
	for (size_t i = 0; i < options->count; i++) {
		const char *other = options->items[i].name;

		if (other == NULL || strncmp(other, name, size) != 0)
			continue;
		found = &options->items[i];
		(*count)++;
		if (other[size] == '\0') {
			*count = 1;
			return found;
		}
	}
	return *count == 1 ? found : NULL;
}

// Of letters behind one dash the first that takes a value, or the last.
static const struct usage_option *find_letters(
	const struct usage_options *options, const char *letters, char *fault)
{
	const struct usage_option *option = NULL;

	for (; *letters != '\0'; letters++) {
		option = find_letter(options, *letters);
		*fault = option == NULL ? *letters : '\0';
		if (option == NULL || option->value != NULL)
			return option;
	}
	return option;
}

const struct usage_option *usage_find_option(const struct usage_options *options, const char *word)
{
	size_t count;
	char fault;

	if (word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0)
		return NULL;
	if (word[1] != '-')
		return find_letters(options, word + 1, &fault);
	return find_name(options, word + 2, strcspn(word + 2, "="), &count);
}

bool usage_takes_next(const struct usage_option *option, const char *word)
{
	if (option == NULL || option->value == NULL || option->value_is_optional)
		return false;
	if (word[1] == '-')
		return strchr(word, '=') == NULL;
	return word[strlen(word) - 1] == option->key; // else the value stands behind the letter
}

static bool write_fault(
	const struct usage_options *options, const char *word, char *text, size_t size)
{
	char names[USAGE_OPTIONS_MAX][48], wrong[80];
	const char *list[USAGE_OPTIONS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < options->count; i++) {
		const struct usage_option *option = &options->items[i];

		if (option->name != NULL)
			snprintf(names[count], sizeof(names[count]), "--%s", option->name);
		else if (is_letter(option->key))
			snprintf(names[count], sizeof(names[count]), "-%c", option->key);
		else
			continue;
		list[count] = names[count];
		count++;
	}
	snprintf(wrong, sizeof(wrong), "%.*s", (int)strcspn(word, "="), word);
	usage_explain("there is no option", wrong, list, count, text, size);
	return true;
}

bool usage_find_fault(const struct usage_options *options, int argc, char **argv, bool in_order,
	char *text, size_t size)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *word = argv[i];
		const struct usage_option *option = usage_find_option(options, word);
		char fault = '\0', letter[3] = "-";
		size_t count = 1;

		if (word[0] != '-' || word[1] == '\0') {
			if (in_order)
				return false;
			continue;
		}
		if (word[1] == '-')
			find_name(options, word + 2, strcspn(word + 2, "="), &count);
		else
			find_letters(options, word + 1, &fault);
		if (count == 0)
			return write_fault(options, word, text, size);
		letter[1] = fault;
		if (fault != '\0' && fault != '?')
			return write_fault(options, letter, text, size);
		if (usage_takes_next(option, word))
			i++;
	}
	return false;
}
