// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool config_is_pool_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot != NULL &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int is_pool_file(const struct dirent *entry)
{
	return config_is_pool_file(entry->d_name);
}

// In the order of the bytes, whatever the locale.
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_entries(const char *folder, struct dirent **entries, uint32_t count,
	struct config **out, config_report_fn *report, void *context, struct error *err)
{
	struct config_source *sources = calloc(count, sizeof(*sources));
	char **paths = calloc(count, sizeof(*paths));
	bool is_whole = sources != NULL && paths != NULL;
	int rc;

	for (uint32_t i = 0; is_whole && i < count; i++) {
		is_whole = asprintf(&paths[i], "%s/%s", folder, entries[i]->d_name) >= 0;
		if (!is_whole)
			paths[i] = NULL;
		sources[i].name = paths[i];
	}
	rc = is_whole ? config_load(sources, count, out, report, context, err)
		      : error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; paths != NULL && i < count; i++)
		free(paths[i]);
	free(paths);
	free(sources);
	return rc;
}

int config_load_path(const char *path, struct config **out, config_report_fn *report, void *context,
	struct error *err)
{
	struct dirent **entries;
	struct stat status;
	int count, rc;

	if (stat(path, &status) != 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(status.st_mode))
		return config_load_file(path, out, report, context, err);
	count = scandir(path, &entries, is_pool_file, by_name);
	if (count < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	rc = count == 0 ? error_set(err, EINVAL, "%s: there is no *.yaml or *.yml in this folder",
				  path)
			: load_entries(path, entries, (uint32_t)count, out, report, context, err);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return rc;
}
