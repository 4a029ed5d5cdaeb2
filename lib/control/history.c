// SPDX-License-Identifier: BSD-3-Clause
#include <config/daemon.h>
#include <control/history.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What is told of a version stands in its file's name.
#define NAME_FORMAT "%" PRIu64 "-%" PRIu64 "-%" PRIu32 "-%" PRIu32 ".yaml"
#define NAME_SCAN   "%" SCNu64 "-%" SCNu64 "-%" SCNu32 "-%" SCNu32 ".yam%1[l]%c"

struct path {
	char text[DAEMON_PATH_SIZE + 128];
};

static struct path folder_path(const char *folder)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/history", folder);
	return path;
}

static struct path entry_path(const char *folder, const struct history_entry *entry)
{
	struct path path;

	snprintf(path.text, sizeof(path.text), "%s/history/" NAME_FORMAT, folder, entry->version,
		entry->applied_s, entry->uid, entry->pid);
	return path;
}

static bool parse_name(const char *name, struct history_entry *out)
{
	char last[2], behind;

	return sscanf(name, NAME_SCAN, &out->version, &out->applied_s, &out->uid, &out->pid, last,
		       &behind) == 5;
}

void history_identify(struct history_entry *entry, uint32_t pid)
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	entry->pid = pid;
	entry->uid = HISTORY_UID_UNKNOWN;
	if (pid != 0 && stat(path, &status) == 0)
		entry->uid = status.st_uid;
}

// Puts the entry in its place among the newest; the one that falls out behind goes to '*fallen'. True: one did.
static bool insert(struct history_entry entries[HISTORY_MAX], uint32_t *count,
	struct history_entry entry, struct history_entry *fallen)
{
	uint32_t at = *count;

	while (at > 0 && entries[at - 1].version < entry.version)
		at--;
	*fallen = at == HISTORY_MAX ? entry : entries[HISTORY_MAX - 1];
	if (*count < HISTORY_MAX)
		(*count)++;
	else if (at == HISTORY_MAX)
		return true;
	for (uint32_t i = HISTORY_MAX - 1; i > at; i--)
		entries[i] = entries[i - 1];
	entries[at] = entry;
	return fallen->version != 0;
}

// The newest ones; the files of the others go where 'prunes' says so.
static uint32_t read_folder(const char *folder, bool prunes, struct history_entry out[HISTORY_MAX])
{
	struct path path = folder_path(folder);
	struct history_entry entry, fallen;
	DIR *directory = opendir(path.text);
	uint32_t count = 0;
	struct dirent *file;

	memset(out, 0, HISTORY_MAX * sizeof(*out));
	while (directory != NULL && (file = readdir(directory)) != NULL) {
		if (!parse_name(file->d_name, &entry) || entry.version == 0)
			continue;
		if (insert(out, &count, entry, &fallen) && prunes)
			unlink(entry_path(folder, &fallen).text);
	}
	if (directory != NULL)
		closedir(directory);
	return count;
}

uint32_t history_list(const char *folder, struct history_entry out[HISTORY_MAX])
{
	return folder[0] == '\0' ? 0 : read_folder(folder, false, out);
}

// A daemon that fell back to an earlier file counts on from there.
static void forget_version(const char *folder, uint64_t version)
{
	struct history_entry entries[HISTORY_MAX];
	uint32_t count = history_list(folder, entries);

	for (uint32_t i = 0; i < count; i++)
		if (entries[i].version >= version)
			unlink(entry_path(folder, &entries[i]).text);
}

int history_keep(const char *folder, const struct history_entry *entry, struct error *err)
{
	struct history_entry entries[HISTORY_MAX];
	struct path now, path;

	if (folder[0] == '\0')
		return 0;
	path = folder_path(folder);
	if (mkdir(path.text, 0700) != 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", path.text, strerror(errno));
	snprintf(now.text, sizeof(now.text), "%s/pools.yaml", folder);
	forget_version(folder, entry->version);
	path = entry_path(folder, entry);
	if (link(now.text, path.text) != 0)
		return error_set(err, errno, "%s: %s", path.text, strerror(errno));
	read_folder(folder, true, entries);
	return 0;
}

int history_load(const char *folder, uint64_t version, struct config **out, struct error *err)
{
	struct history_entry entries[HISTORY_MAX];
	uint32_t count = history_list(folder, entries);

	for (uint32_t i = 0; i < count; i++)
		if (entries[i].version == version)
			return config_load_file(
				entry_path(folder, &entries[i]).text, out, NULL, NULL, err);
	return error_set(
		err, ENOENT, "version %" PRIu64 " is not among the last %d", version, HISTORY_MAX);
}
