// SPDX-License-Identifier: BSD-3-Clause
#include <config/daemon.h>
#include <store/history_private.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct listed {
	struct history_entry entry;
	uint64_t bytes;
	char name[HISTORY_NAME_SIZE];
};

struct listing {
	struct listed *list; // newest first
	uint32_t count;
	uint32_t room;
};

void history_identify(uint32_t pid, uint32_t *uid_out, uint32_t *pid_out)
{
	char path[32];
	struct stat status;

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	*pid_out = pid;
	*uid_out = HISTORY_UID_UNKNOWN;
	if (pid != 0 && stat(path, &status) == 0)
		*uid_out = status.st_uid;
}

// -1: there is none.
static int open_folder(const char *folder)
{
	char path[DAEMON_PATH_SIZE + 16];

	snprintf(path, sizeof(path), "%s/history", folder);
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int listing_add(struct listing *listing, int folder, const char *name)
{
	struct listed listed = {.bytes = 0};
	struct stat status;

	if (!history_name_read(name, &listed.entry) ||
		fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		!S_ISREG(status.st_mode))
		return 0;
	if (listing->count == listing->room) {
		uint32_t room = listing->room > 0 ? 2 * listing->room : HISTORY_MAX;
		struct listed *list = reallocarray(listing->list, room, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		listing->list = list;
		listing->room = room;
	}
	listed.bytes = (uint64_t)status.st_size;
	strcpy(listed.name, name);
	listing->list[listing->count++] = listed;
	return 0;
}

static int by_version(const void *left, const void *right)
{
	const struct listed *a = left, *b = right;

	return a->entry.version > b->entry.version ? -1 : a->entry.version < b->entry.version;
}

// All that there are; '*descriptor' is the folder's, or -1, and the caller's to close.
static struct listing listing_read(const char *folder, int *descriptor)
{
	struct listing listing = {.count = 0};
	DIR *directory = NULL;
	struct dirent *file;

	*descriptor = open_folder(folder);
	if (*descriptor >= 0)
		directory = fdopendir(dup(*descriptor));
	while (directory != NULL && (file = readdir(directory)) != NULL)
		if (listing_add(&listing, *descriptor, file->d_name) != 0)
			break;
	if (directory != NULL)
		closedir(directory);
	if (listing.count > 0)
		qsort(listing.list, listing.count, sizeof(*listing.list), by_version);
	return listing;
}

static bool is_apply(enum history_kind kind)
{
	return kind == HISTORY_APPLY || kind == HISTORY_ROLLBACK || kind == HISTORY_FILE;
}

// What is kept so far, of the newest on.
struct budget {
	uint32_t applies;
	uint32_t others;
	uint64_t bytes;
};

static bool budget_takes(struct budget *budget, const struct listed *listed)
{
	bool fits = budget->bytes + listed->bytes <= HISTORY_BYTES;

	if (is_apply(listed->entry.kind)) {
		if (budget->applies >= HISTORY_APPLIES ||
			(!fits && budget->applies >= HISTORY_SURE))
			return false;
		budget->applies++;
	} else {
		if (budget->others >= HISTORY_OTHERS || !fits)
			return false;
		budget->others++;
	}
	budget->bytes += listed->bytes;
	return true;
}

uint32_t history_list(const char *folder, struct history_entry out[HISTORY_MAX])
{
	struct budget budget = {.bytes = 0};
	struct listing listing;
	uint32_t count = 0;
	int descriptor;

	if (folder[0] == '\0')
		return 0;
	listing = listing_read(folder, &descriptor);
	for (uint32_t i = 0; i < listing.count; i++)
		if (budget_takes(&budget, &listing.list[i]))
			out[count++] = listing.list[i].entry;
	free(listing.list);
	if (descriptor >= 0)
		close(descriptor);
	return count;
}

// Those of the version and of later ones go: a daemon that fell back to an earlier file counts on
// from there.
static void forget_from(const char *folder, uint64_t version)
{
	int descriptor;
	struct listing listing = listing_read(folder, &descriptor);

	for (uint32_t i = 0; i < listing.count && listing.list[i].entry.version >= version; i++)
		unlinkat(descriptor, listing.list[i].name, 0);
	free(listing.list);
	if (descriptor >= 0)
		close(descriptor);
}

static void forget_oldest(const char *folder)
{
	struct budget budget = {.bytes = 0};
	int descriptor;
	struct listing listing = listing_read(folder, &descriptor);

	for (uint32_t i = 0; i < listing.count; i++)
		if (!budget_takes(&budget, &listing.list[i]))
			unlinkat(descriptor, listing.list[i].name, 0);
	free(listing.list);
	if (descriptor >= 0)
		close(descriptor);
}

static int link_into(const char *folder, int history, const struct history_entry *entry)
{
	int above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[HISTORY_NAME_SIZE];
	int rc = 0;

	if (above < 0)
		return -errno;
	history_name_write(entry, name);
	unlinkat(history, name, 0); // what is no version of ours
	if (linkat(above, "pools.yaml", history, name, 0) != 0)
		rc = -errno;
	close(above);
	return rc;
}

int history_keep(const char *folder, const struct history_entry *entry, struct error *err)
{
	char path[DAEMON_PATH_SIZE + 16];
	int history, rc;

	if (folder[0] == '\0')
		return 0;
	snprintf(path, sizeof(path), "%s/history", folder);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	forget_from(folder, entry->version);
	history = open_folder(folder);
	rc = history < 0 ? -errno : link_into(folder, history, entry);
	if (history >= 0)
		close(history);
	if (rc != 0)
		return error_set(err, -rc, "%s: %s", path, strerror(-rc));
	forget_oldest(folder);
	return 0;
}

int history_path(const char *folder, uint64_t version, char *path, size_t size)
{
	int descriptor, rc = -ENOENT;
	struct listing listing = listing_read(folder, &descriptor);

	for (uint32_t i = 0; i < listing.count && rc != 0; i++) {
		if (listing.list[i].entry.version != version)
			continue;
		snprintf(path, size, "%s/history/%s", folder, listing.list[i].name);
		rc = 0;
	}
	free(listing.list);
	if (descriptor >= 0)
		close(descriptor);
	return rc;
}

int history_load(const char *folder, uint64_t version, struct config **out, struct error *err)
{
	char path[DAEMON_PATH_SIZE + HISTORY_NAME_SIZE + 16];

	if (history_path(folder, version, path, sizeof(path)) == 0)
		return config_load_written(path, out, err);
	return error_set(err, ENOENT,
		"version %" PRIu64 " is not kept: 'fulcrumctl history' lists those that are",
		version);
}
