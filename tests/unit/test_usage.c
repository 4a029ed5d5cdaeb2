// SPDX-License-Identifier: BSD-3-Clause
#include <usage/usage.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void the_nearest_word_is_suggested(void **state)
{
	static const char *const words[] = {"services", "vips", "pools", "backends",
		"backend-setup", "show", "--sort", "--pool"};
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{"", NULL},
		{"x", NULL},
		{"bogus", NULL},
		{"--bogus", NULL},
		{"--", "--sort"}, // the first that begins so
		{"shwo", "show"}, // two letters swapped
		{"hsow", "show"},
		{"backend", "backends"},
		{"bakends", "backends"},
		{"backedns", "backends"},
		{"servcies", "services"},
		{"vip", "vips"},
		{"--sotr", "--sort"},
		{"--pools", "--pool"},
		{"poo", "pools"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = usage_suggest(rows[i].word, words, COUNT(words));

		if ((nearest == NULL) != (rows[i].nearest == NULL) ||
			(nearest != NULL && strcmp(nearest, rows[i].nearest) != 0))
			fail_msg("'%s' gives '%s'", rows[i].word, nearest);
	}
}

static void a_word_of_any_length_is_judged(void **state)
{
	static const char *const words[] = {"show"};
	char word[300], text[64];

	memset(word, 's', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	assert_null(usage_suggest(word, words, 1));
	usage_explain("there is no command", word, words, 1, text, sizeof(text));
	assert_int_equal(strlen(text), sizeof(text) - 1);
}

static const struct argp_option list[] = {
	{"output", 'o', "table|json", 0, "", 0},
	{"all", 'a', NULL, 0, "", 0},
	{"always", 'A', NULL, 0, "", 0},
	{"watch", 'w', "TIME", OPTION_ARG_OPTIONAL, "", 0},
	{"secret", 's', NULL, OPTION_HIDDEN, "", 0},
	{"sort", 1000, "COLUMN", 0, "", 0},
	{0},
};
static const struct argp argp = {.options = list};
static const struct usage_verb verb = {.name = "show", .argp = &argp};

static void an_option_that_is_not_there_is_found(void **state)
{
	static const struct {
		const char *words[5];
		const char *fault; // a part of the sentence; NULL: none
	} rows[] = {
		{{"--bogus"}, "there is no option '--bogus'"},
		{{"--sotr=x"}, "'--sotr'; did you mean '--sort'?"},
		{{"-x"}, "there is no option '-x'"},
		{{"-ax"}, "there is no option '-x'"},
		{{"--sort", "--bogus"}, NULL}, // a value
		{{"-o", "--bogus"}, NULL},
		{{"-ao", "-x", "-z"}, "'-z'"},
		{{"-ox"}, NULL},
		{{"--out=x"}, NULL},
		{{"--al"}, NULL}, // of two: getopt says so
		{{"--watch", "-x"}, "'-x'"}, // its value would stand behind "="
		{{"--", "--bogus"}, NULL},
		{{"word", "--bogus"}, "'--bogus'"},
		{{"-"}, NULL},
		{{"--help", "-h", "-?"}, NULL},
	};
	struct usage_options options;
	char text[512];

	usage_list_options(&verb, &options);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *argv[7] = {(char *)(uintptr_t) "show"};
		int argc = 1;

		for (; argc <= 5 && rows[i].words[argc - 1] != NULL; argc++)
			argv[argc] = (char *)(uintptr_t)rows[i].words[argc - 1];
		text[0] = '\0';
		if (usage_find_fault(&options, argc, argv, false, text, sizeof(text)) !=
				(rows[i].fault != NULL) ||
			(rows[i].fault != NULL && strstr(text, rows[i].fault) == NULL))
			fail_msg("row %zu says '%s'", i, text);
	}
}

static void the_list_of_options_has_no_hidden_ones(void **state)
{
	char *argv[] = {(char *)(uintptr_t) "show", (char *)(uintptr_t) "--x", NULL};
	struct usage_options options;
	char text[512];

	usage_list_options(&verb, &options);
	assert_true(usage_find_fault(&options, 2, argv, false, text, sizeof(text)));
	assert_non_null(strstr(text, "--output, --all, --always, --watch, --sort, --help"));
	assert_null(strstr(text, "secret"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nearest_word_is_suggested),
		cmocka_unit_test(a_word_of_any_length_is_judged),
		cmocka_unit_test(an_option_that_is_not_there_is_found),
		cmocka_unit_test(the_list_of_options_has_no_hidden_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
