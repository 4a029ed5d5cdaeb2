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

int place_make_folder(const char *path, struct error *err)
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

// A segment that no lock file tells of is of an earlier release, whose daemon is known by the lock
// on it alone.
static int place_check_stranger(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int code = 0;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || !segment_is_one(fd))
		code = error_set(err, EEXIST,
			"%s: is no Fulcrum channel, and stands in its place: move or remove it",
			path);
	else if (lock_server_held(fd))
		code = error_set(err, EADDRINUSE,
			"%s: a process without a lock file serves it: end the fulcrumd of the earlier release first",
			path);
	if (fd >= 0)
		close(fd);
	return code;
}

static int place_check(const char *path, const struct claim *claim, struct error *err)
{
	return claim_knows(claim, path) ? 0 : place_check_stranger(path, err);
}

int place_look(const char *path, struct error *err)
{
	char lock_path[PATH_MAX];
	struct claim claim;
	int code;

	snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	if (access(lock_path, F_OK) != 0)
		return access(path, F_OK) == 0 && place_check_stranger(path, err) == -EADDRINUSE
			       ? -EADDRINUSE
			       : 0;
	code = claim_take(path, &claim, err);
	if (code < 0)
		return code == -EADDRINUSE ? code
					   : 0; // the one that is to serve finds out what is wrong
	if (claim_knows(&claim, path))
		unlink(path);
	claim_release(&claim);
	return 0;
}

static int place_name_new(const char *path, char *out, size_t size, struct error *err)
{
	if (snprintf(out, size, "%s.new", path) >= (int)size)
		return error_set(err, ENAMETOOLONG, "%s: the path is too long", path);
	return 0;
}

int place_open(const char *path, uint32_t mode, struct error *err)
{
	char fresh[PATH_MAX];
	int code = place_name_new(path, fresh, sizeof(fresh), err);
	int fd;

	if (code < 0)
		return code;
	unlink(fresh); // of a daemon that died over it
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set(err, errno, "%s: cannot be made: %s", fresh, strerror(errno));
	// Locked before others may open it.
	if (lock_take_server(fd) == 0 && fchmod(fd, mode) == 0)
		return fd;
	code = error_set(err, errno, "%s: mode or lock cannot be set: %s", fresh, strerror(errno));
	unlink(fresh);
	close(fd);
	return code;
}

int place_publish(int fd, const char *path, struct claim *claim, struct error *err)
{
	char fresh[PATH_MAX];
	int code = place_name_new(path, fresh, sizeof(fresh), err);

	if (code == 0)
		code = place_check(path, claim, err);
	if (code == 0)
		code = claim_note(claim, fd, err);
	if (code == 0 && rename(fresh, path) != 0)
		code = error_set(err, errno, "%s: cannot be made: %s", path, strerror(errno));
	if (code < 0)
		unlink(fresh);
	return code;
}
