// SPDX-License-Identifier: BSD-3-Clause
#include <channel/claim.h>
#include <channel/lock.h>
#include <channel/segment.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLAIM_TRIES 8

// A file, by more than a number that the next file may get again.
struct claim_segment {
	uint64_t device, inode, born_ns;
};

// What the lock file says: 'PID\n', then a line for each segment.
struct claim_record {
	uint32_t pid;
	struct claim_segment last, before;
};

static void claim_read(int fd, struct claim_record *record)
{
	char text[256];
	ssize_t size = pread(fd, text, sizeof(text) - 1, 0);

	*record = (struct claim_record){0};
	text[size > 0 ? size : 0] = '\0';
	sscanf(text,
		"%" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		&record->pid, &record->last.device, &record->last.inode, &record->last.born_ns,
		&record->before.device, &record->before.inode, &record->before.born_ns);
}

static int claim_write(int fd, const struct claim_record *record)
{
	char text[256];
	int size = snprintf(text, sizeof(text),
		"%" PRIu32 "\n%" PRIu64 " %" PRIu64 " %" PRIu64 "\n%" PRIu64 " %" PRIu64 " %" PRIu64
		"\n",
		record->pid, record->last.device, record->last.inode, record->last.born_ns,
		record->before.device, record->before.inode, record->before.born_ns);

	if (pwrite(fd, text, (size_t)size, 0) != size || ftruncate(fd, size) != 0)
		return errno != 0 ? -errno : -EIO;
	return 0;
}

static bool claim_identify(int fd, const char *path, struct claim_segment *out)
{
	struct statx status;

	if (statx(fd, path, fd >= 0 ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW,
		    STATX_BASIC_STATS | STATX_BTIME, &status) != 0 ||
		!S_ISREG(status.stx_mode))
		return false;
	*out = (struct claim_segment){
		.device = (uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor,
		.inode = status.stx_ino,
	};
	if ((status.stx_mask & STATX_BTIME) != 0)
		out->born_ns =
			(uint64_t)status.stx_btime.tv_sec * 1000000000u + status.stx_btime.tv_nsec;
	return true;
}

// The descriptor of a lock file that is ours alone to open.
static int claim_open(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	struct stat status;

	if (fd < 0)
		return error_set(err, errno, "%s: the daemon's lock file cannot be opened: %s",
			path, strerror(errno));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) == 0)
		return fd;
	close(fd);
	return error_set(err, EEXIST,
		"%s: is no lock file that the daemon's user alone can open: remove it", path);
}

// -EAGAIN where the path names another file by now.
static int claim_lock(const char *path, int fd, struct error *err)
{
	struct claim_record record;

	if (lock_take_server(fd) < 0) {
		claim_read(fd, &record);
		return error_set(err, EADDRINUSE, "%.*s: another fulcrumd (process %u) serves it",
			(int)(strlen(path) - strlen(".lock")), path, record.pid);
	}
	if (!segment_is_at(path, fd))
		return error_set(err, EAGAIN, "%s: other daemons start on it", path);
	claim_read(fd, &record);
	record.pid = (uint32_t)getpid();
	if (claim_write(fd, &record) < 0)
		return error_set(err, EIO, "%s: cannot be written: %s", path, strerror(errno));
	return 0;
}

int claim_take(const char *channel, struct claim *out, struct error *err)
{
	char path[PATH_MAX];
	int code = -EAGAIN, fd = -1;

	*out = (struct claim){.fd = -1};
	if (snprintf(path, sizeof(path), "%s.lock", channel) >= (int)sizeof(path))
		return error_set(err, ENAMETOOLONG, "%s: the path is too long", channel);
	for (int i = 0; i < CLAIM_TRIES && code == -EAGAIN; i++) {
		fd = claim_open(path, err);
		if (fd < 0)
			return fd;
		code = claim_lock(path, fd, err);
		if (code < 0)
			close(fd);
	}
	if (code < 0)
		return code;
	out->path = strdup(path);
	out->fd = fd;
	if (out->path != NULL)
		return 0;
	close(fd);
	out->fd = -1;
	return error_set(err, ENOMEM, "out of memory");
}

bool claim_holds(const struct claim *claim)
{
	return claim->fd >= 0 && segment_is_at(claim->path, claim->fd);
}

int claim_note(struct claim *claim, int segment_fd, struct error *err)
{
	struct claim_record record;

	claim_read(claim->fd, &record);
	record.before = record.last;
	if (claim_identify(segment_fd, "", &record.last) && claim_write(claim->fd, &record) == 0)
		return 0;
	return error_set(err, EIO, "%s: cannot be written: %s", claim->path, strerror(errno));
}

bool claim_knows(const struct claim *claim, const char *channel)
{
	struct claim_segment there;
	struct claim_record record;

	claim_read(claim->fd, &record);
	return claim_identify(AT_FDCWD, channel, &there) &&
	       (memcmp(&there, &record.last, sizeof(there)) == 0 ||
		       memcmp(&there, &record.before, sizeof(there)) == 0);
}

void claim_release(struct claim *claim)
{
	if (claim->fd < 0)
		return;
	segment_delete(claim->path, claim->fd);
	close(claim->fd);
	free(claim->path);
	*claim = (struct claim){.fd = -1};
}
