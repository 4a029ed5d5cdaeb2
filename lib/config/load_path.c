// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool path_is_folder(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static bool path_is_pool_file(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0) &&
	       !path_is_folder(path);
}

// What begins with a dot is an editor's.
static int path_is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

// In the order of the bytes, whatever the locale.
static int path_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void path_tell_passed(const char *path, config_report_fn *passed, void *context)
{
	char *sentence;

	if (passed == NULL ||
		asprintf(&sentence,
			"%s: note: passed over: of a folder, files that end in .yaml or .yml are taken",
			path) < 0)
		return;
	passed(context, sentence);
	free(sentence);
}

void config_free_paths(char **paths, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		free(paths[i]);
	free(paths);
}

static int path_take(const char *folder, struct dirent **entries, uint32_t entry_count,
	char **paths, uint32_t *count, config_report_fn *passed, void *context)
{
	const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";

	for (uint32_t i = 0; i < entry_count; i++) {
		char *path;

		if (asprintf(&path, "%s%s%s", folder, slash, entries[i]->d_name) < 0)
			return -ENOMEM;
		if (path_is_pool_file(path)) {
			paths[(*count)++] = path;
			continue;
		}
		path_tell_passed(path, passed, context);
		free(path);
	}
	return 0;
}

int config_find_files(const char *folder, char ***paths, uint32_t *count, config_report_fn *passed,
	void *context, struct error *err)
{
	struct dirent **entries;
	int entry_count = scandir(folder, &entries, path_is_shown, path_compare), rc = -ENOMEM;

	if (entry_count < 0)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	*count = 0;
	*paths = calloc((size_t)entry_count + 1, sizeof(**paths));
	if (*paths != NULL)
		rc = path_take(
			folder, entries, (uint32_t)entry_count, *paths, count, passed, context);
	for (int i = 0; i < entry_count; i++)
		free(entries[i]);
	free(entries);
	if (rc != 0)
		rc = error_set(err, ENOMEM, "out of memory");
	else if (*count == 0)
		rc = error_set(
			err, EINVAL, "%s: there is no *.yaml or *.yml in this folder", folder);
	if (rc != 0)
		config_free_paths(*paths, *count);
	return rc;
}

int config_load_path(const char *path, struct config **out, config_report_fn *report,
	config_report_fn *passed, void *context, struct error *err)
{
	struct config_source *sources;
	struct stat status;
	char **paths;
	uint32_t count;
	int rc;

	if (stat(path, &status) != 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return config_load_file(path, out, report, context, err);
	rc = config_find_files(path, &paths, &count, passed, context, err);
	if (rc != 0)
		return rc;
	sources = calloc(count, sizeof(*sources));
	for (uint32_t i = 0; sources != NULL && i < count; i++)
		sources[i].name = paths[i];
	rc = sources != NULL ? config_load(sources, count, out, report, context, err)
			     : error_set(err, ENOMEM, "out of memory");
	free(sources);
	config_free_paths(paths, count);
	return rc;
}
