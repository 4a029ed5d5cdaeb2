// SPDX-License-Identifier: BSD-3-Clause
#ifndef USAGE_USAGE_H
#define USAGE_USAGE_H

#include <argp.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

// The command line of every program: one table of verbs feeds the help, what is offered for a word
// that is not known, and what a shell completes. One thread; a usage error ends the process with
// argp_err_exit_status.

struct ctl; // what stands in front of the verb: the program's own

// A program, or a verb of one.
struct usage_verb {
	const char *name;
	const char *arguments; // in the list of verbs: "-f FILE"; ""
	const char *brief; // what it does, in the list of verbs
	const struct argp *argp; // its options; NULL
	const struct option *options; // of a verb that getopt_long() parses; NULL
	// What its words are, for a shell: one kind a word, the last one for all that follow if it
	// ends in "...". A kind is named as an option's value is: "FILE", "FOLDER", a list
	// "tcp|udp", or a name that 'offer' knows.
	const char *words;
	const struct usage_verb *verbs; // of its own, up to one without a name; NULL
	int (*run)(const struct ctl *ctl, int argc, char **argv);
};

// --- parse.c ---

// As argp_parse(), with -h, --help and --usage, and --version where the program has one. An option
// that is not known is a usage error that names the nearest and all that there are. argv[0] is the
// verb's whole name.
void usage_parse(const struct argp *argp, int argc, char **argv, unsigned int flags, void *input);
// The same for a verb with verbs of its own, whose help lists them.
void usage_parse_group(const struct usage_verb *group, int argc, char **argv, void *input);

// --- verb.c ---

// Runs the verb of 'group' that argv[1] names, with its whole name in argv[0]. "help", "help
// VERB..." and "--help" are answered. A verb that is not known is a usage error that names the
// nearest and all that there are.
int usage_run(const struct usage_verb *group, const struct ctl *ctl, int argc, char **argv);
// "name arguments   brief", a line a verb.
void usage_print_verbs(const struct usage_verb *group, FILE *out);

// --- options.c ---

struct usage_option {
	const char *name; // long; NULL
	int key; // its letter, or any other number
	const char *value; // what the help calls its value; NULL: it has none
	bool value_is_optional;
	const char *brief; // ""
};

#define USAGE_OPTIONS_MAX 64
struct usage_options {
	struct usage_option items[USAGE_OPTIONS_MAX];
	size_t count;
};

// Those that the help of the verb names, --help among them.
void usage_list_options(const struct usage_verb *verb, struct usage_options *out);
// The option that a word gives: exact, or the only one that begins so. NULL: there is none, or
// several.
const struct usage_option *usage_find_option(const struct usage_options *options, const char *word);
// Whether the value of the option that the word gives is the next word.
bool usage_takes_next(const struct usage_option *option, const char *word);
// Writes why the first option that is not known is none, or returns false. 'in_order': what stands
// behind the first word is not looked at.
bool usage_find_fault(const struct usage_options *options, int argc, char **argv, bool in_order,
	char *text, size_t size);

// --- suggest.c ---

// The nearest of 'count' words; NULL: none is near.
const char *usage_suggest(const char *word, const char *const *words, size_t count);
// "there is no command 'shwo'; did you mean 'show'? There are: check, plan, ...". 'what' is "there
// is no command". Returns 'text'.
const char *usage_explain(const char *what, const char *word, const char *const *words,
	size_t count, char *text, size_t size);

// --- complete.c ---

// Prints one offer, if it begins as the word does.
void usage_offer(const char *word, const char *offer, const char *brief);

// Prints offers for a word of a kind that is the program's own, with usage_offer(). 'before' are
// the words of the verb that stand in front of it.
typedef void usage_offer_fn(const char *kind, const char *word, const char *const *before,
	size_t before_count, const struct ctl *ctl);

// True for "PROGRAM --complete WORD...", by which a shell asks what may stand for the last one:
// prints a line each, the word and, behind a tab, what it is; ":files" and ":folders" stand for
// those.
bool usage_complete(const struct usage_verb *program, usage_offer_fn *offer, const struct ctl *ctl,
	int argc, char **argv);

#endif
