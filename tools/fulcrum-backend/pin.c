// SPDX-License-Identifier: BSD-3-Clause
#include "pin.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPFFS "/sys/fs/bpf"

// The folder that exists, 'path' itself or the nearest above it.
static void existing_part(const char *path, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s", path);
	while (access(out, F_OK) < 0) {
		char *slash = strrchr(out, '/');

		if (slash == out || slash == NULL) {
			strcpy(out, "/");
			return;
		}
		*slash = '\0';
	}
}

static bool is_on_bpffs(const char *path)
{
	char existing[PATH_MAX];
	struct statfs status;

	existing_part(path, existing);
	return statfs(existing, &status) == 0 && (uint32_t)status.f_type == BPF_FS_MAGIC;
}

static int make_folders(const char *path, struct error *err)
{
	char part[PATH_MAX];

	snprintf(part, sizeof(part), "%s", path);
	for (char *slash = part; slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (part[0] != '\0' && mkdir(part, 0700) < 0 && errno != EEXIST)
			return error_set(err, errno, "%s: the folder cannot be made: %s", part,
				strerror(errno));
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_set(
			err, errno, "%s: the folder cannot be made: %s", path, strerror(errno));
	return 0;
}

// Where a file system for 'folder' is mounted: the usual place if it is below that, else on itself.
static const char *mount_point(const char *folder)
{
	size_t length = strlen(BPFFS);

	return strncmp(folder, BPFFS "/", length + 1) == 0 ? BPFFS : folder;
}

static int mount_bpffs(const char *folder, struct error *err)
{
	const char *at = mount_point(folder);
	int result = at == folder ? make_folders(folder, err) : 0;

	if (result < 0)
		return result;
	if (mount("bpf", at, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") < 0)
		return error_set(err, errno,
			"%s is on no BPF file system and none can be mounted: %s (mount -t bpf bpf %s)",
			folder, strerror(errno), at);
	mount(NULL, at, NULL, MS_PRIVATE, NULL); // not into the namespaces of others
	return 0;
}

static int lock(struct pin *pin, struct error *err)
{
	pin->fd = open(pin->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pin->fd < 0)
		return error_set(err, errno, "%s: %s", pin->folder, strerror(errno));
	if (flock(pin->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(pin->fd);
	pin->fd = -1;
	return error_set(
		err, EBUSY, "%s: another fulcrum-backend runs with this folder", pin->folder);
}

int pin_open(struct pin *pin, const char *folder, bool create, struct error *err)
{
	int result;

	*pin = (struct pin){.folder = folder, .fd = -1};
	if (create && !is_on_bpffs(folder)) {
		result = mount_bpffs(folder, err);
		if (result < 0)
			return result;
		pin->mounted = true;
	}
	if (create) {
		result = make_folders(folder, err);
		if (result < 0)
			return result;
	}
	return lock(pin, err);
}

void pin_close(struct pin *pin)
{
	if (pin->fd >= 0)
		close(pin->fd);
	pin->fd = -1;
}

static bool is_empty(const char *folder)
{
	DIR *directory = opendir(folder);
	bool empty = directory != NULL;
	struct dirent *entry;

	while (empty && (entry = readdir(directory)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	if (directory != NULL)
		closedir(directory);
	return empty;
}

void pin_remove(struct pin *pin)
{
	const char *at = mount_point(pin->folder);

	pin_close(pin);
	if (at != pin->folder)
		rmdir(pin->folder);
	if (pin->mounted && is_empty(at))
		umount2(at, UMOUNT_NOFOLLOW);
	if (at == pin->folder)
		rmdir(pin->folder);
}

bool pin_is_held(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) < 0;
	close(fd);
	return held;
}
