// SPDX-License-Identifier: BSD-3-Clause
#include <channel/lock.h>
#include <channel/place.h>
#include <channel/segment.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_TRIES 8

static int place_make_folder(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (slash == NULL || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof(folder))
		return error_set(err, ENAMETOOLONG, "%s: the path is too long", path);
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return error_set(
			err, errno, "%s: the folder cannot be made: %s", folder, strerror(errno));
	return 0;
}

static uint32_t place_read_pid(int fd)
{
	uint32_t pid = 0;

	if (pread(fd, &pid, sizeof(pid), offsetof(struct segment, server_pid)) != sizeof(pid))
		return 0;
	return pid;
}

static int place_is_served(const char *path, int fd, struct error *err)
{
	return error_set(err, EADDRINUSE, "%s: another fulcrumd (process %u) serves it", path,
		place_read_pid(fd));
}

int place_look(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int code = 0;

	if (fd < 0)
		return 0;
	if (segment_is_one(fd) && lock_server_held(fd))
		code = place_is_served(path, fd, err);
	close(fd);
	return code;
}

// Takes away a segment whose daemon is dead. The lock is held meanwhile, so of several daemons that start at
// once only one does it; -EAGAIN where the path names another file by now.
static int place_clear(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int code = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (!segment_is_one(fd))
		code = error_set(
			err, EEXIST, "%s: is no Fulcrum channel, and stands in its place", path);
	else if (lock_take_server(fd) < 0)
		code = place_is_served(path, fd, err);
	else if (!segment_is_at(path, fd))
		code = error_set(err, EAGAIN, "%s: another fulcrumd starts on it", path);
	else if (unlink(path) != 0)
		code = error_set(err, errno, "%s: the dead daemon's segment cannot be removed: %s",
			path, strerror(errno));
	close(fd);
	return code;
}

int place_open(const char *path, uint32_t mode, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	int fd, code;

	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - path), path);
	code = place_make_folder(path, err);
	if (code < 0)
		return code;
	fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(
			err, errno, "%s: a file cannot be made there: %s", folder, strerror(errno));
	if (fchmod(fd, mode) == 0 && lock_take_server(fd) == 0)
		return fd;
	code = error_set(err, errno, "%s: mode or lock cannot be set: %s", path, strerror(errno));
	close(fd);
	return code;
}

// -EAGAIN where another file took the name meanwhile.
static int place_name(int fd, const char *path, struct error *err)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	return error_set(err, errno == EEXIST ? EAGAIN : errno, "%s: cannot be made: %s", path,
		strerror(errno));
}

int place_publish(int fd, const char *path, struct error *err)
{
	int code = -EAGAIN;

	for (int i = 0; i < PLACE_TRIES && code == -EAGAIN; i++) {
		code = place_clear(path, err);
		if (code == 0)
			code = place_name(fd, path, err);
	}
	return code;
}
