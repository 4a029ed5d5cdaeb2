// SPDX-License-Identifier: BSD-3-Clause
#include "ctl.h"
#include "load.h"

#include <base/printable.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void load_add_file(struct load_files *files, const char *word, const struct argp_state *state)
{
	for (uint32_t i = 0; i < files->count; i++) {
		if (strcmp(files->words[i], word) == 0) {
			argp_error(state, "-f %s is given twice", word);
			return;
		}
	}
	if (files->count == LOAD_FILES_MAX) {
		argp_error(state, "there are more than %u -f: name a folder of them instead",
			LOAD_FILES_MAX);
		return;
	}
	files->words[files->count++] = word;
	snprintf(files->title, sizeof(files->title), "%s%s", files->words[0],
		files->count > 1 ? " and others" : "");
}

void load_refuse_word(const char *word, const struct argp_state *state)
{
	argp_error(state, "'%s' is one word too many; a file is named by -f", word);
}

void load_need_file(const struct load_files *files, const struct argp_state *state)
{
	if (files->count == 0)
		argp_error(state, "-f FILE is missing");
}

// --- The files that they stand for ---

struct paths {
	char **list;
	uint32_t count;
};

// Takes 'path' over; NULL is none for want of memory.
static int add_path(struct paths *paths, char *path)
{
	char **grown =
		path == NULL ? NULL : reallocarray(paths->list, paths->count + 1, sizeof(*grown));

	if (grown == NULL) {
		free(path);
		return ctl_fail(CTL_FAILED, "out of memory");
	}
	paths->list = grown;
	paths->list[paths->count++] = path;
	return CTL_OK;
}

static void tell_passed(void *context, const char *sentence)
{
	printable_line(stderr, "%s", sentence);
}

static int add_folder(struct paths *paths, const char *folder)
{
	int status = CTL_OK;
	struct error err;
	uint32_t count;
	char **list;
	int rc = config_find_files(folder, &list, &count, tell_passed, NULL, &err);

	if (rc != 0)
		return ctl_fail(rc == -ENOMEM ? CTL_FAILED : CTL_BAD_INPUT, "%s", err.text);
	for (uint32_t i = 0; i < count; i++) {
		if (status == CTL_OK)
			status = add_path(paths, list[i]);
		else
			free(list[i]);
	}
	free(list);
	return status;
}

int load_find_paths(const struct load_files *files, char ***paths, uint32_t *count)
{
	struct paths found = {0};
	int status = CTL_OK;

	for (uint32_t i = 0; i < files->count && status == CTL_OK; i++) {
		const char *word = files->words[i];
		struct stat about;

		if (stat(word, &about) == 0 && S_ISDIR(about.st_mode))
			status = add_folder(&found, word);
		else
			status = add_path(&found, strdup(word));
	}
	if (status != CTL_OK)
		config_free_paths(found.list, found.count);
	*paths = found.list;
	*count = found.count;
	return status;
}
