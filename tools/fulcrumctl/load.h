// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUMCTL_LOAD_H
#define FULCRUMCTL_LOAD_H

#include <argp.h>
#include <config/config.h>
#include <limits.h>

// A 'config_report_fn' for files of any kind, and its context: prints an error and the line that it
// is about.
struct load_report {
	const char *const *paths; // "-": standard input, whose lines are not there any more
	uint32_t path_count;
	uint32_t count; // of the errors until now
};
void load_print_sentence(void *context, const char *sentence);

// What -f gave: pool files, folders of them, "-" for standard input.
#define LOAD_FILES_MAX 256u
struct load_files {
	const char *words[LOAD_FILES_MAX];
	uint32_t count;
	char title[PATH_MAX + 16]; // "pools.yaml", or "pools.yaml and others"
};

// The option -f, which may come several times.
#define LOAD_OPTION                                                                                    \
	{                                                                                              \
		"file", 'f', "FILE", 0,                                                                \
			"A pool file, or a folder of them (*.yaml); - is standard input. Several are " \
			"taken together",                                                              \
			0                                                                              \
	}
// A value of -f; what is wrong with it is a usage error.
void load_add_file(struct load_files *files, const char *word, const struct argp_state *state);
// A word that is no option: a file, most likely.
void load_refuse_word(const char *word, const struct argp_state *state);
// At the end of the arguments: there must be at least one.
void load_need_file(const struct load_files *files, const struct argp_state *state);

// Loads them as one configuration. Every error goes to standard error, with the file's line and a
// caret under the place; those of standard input have no caret. Returns the exit status; CTL_OK
// sets '*out'.
int load_files(const struct load_files *files, struct config **out);

// The files that the words stand for, the folders' in the order of their names. Returns the exit
// status, with CTL_OK their names, which the caller frees with config_free_paths().
int load_find_paths(const struct load_files *files, char ***paths, uint32_t *count);

// Says on standard error what is allowed and hardly meant: the hash key, a secret, left to the
// built-in one; a quorum that the pool cannot reach.
void load_note(const struct load_files *files, const struct config *config);

// Prints the file's line that "path:line:column: ..." names, and a caret under the column. False
// where the sentence names no place of that file.
bool load_print_excerpt(const char *path, const char *sentence);

#endif
