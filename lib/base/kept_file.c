// SPDX-License-Identifier: BSD-3-Clause
#include <base/kept_file.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int kept_file_fail(struct kept_file *kept, int rc)
{
	close(kept->folder);
	return rc;
}

int kept_file_begin(
	struct kept_file *kept, const char *folder, const char *name, enum kept_over over)
{
	int fd;

	*kept = (struct kept_file){.over = over};
	snprintf(kept->name, sizeof(kept->name), "%s", name);
	snprintf(kept->fresh, sizeof(kept->fresh), "%s.new", kept->name);
	kept->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kept->folder < 0)
		return -errno;
	unlinkat(kept->folder, kept->fresh, 0); // of one that was killed, or of a stranger
	fd = openat(kept->folder, kept->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		0600);
	if (fd < 0)
		return kept_file_fail(kept, -errno);
	kept->file = fdopen(fd, "w");
	if (kept->file != NULL)
		return 0;
	close(fd);
	unlinkat(kept->folder, kept->fresh, 0);
	return kept_file_fail(kept, -ENOMEM);
}

int kept_file_seal(struct kept_file *kept)
{
	FILE *file = kept->file;
	int rc = ferror(file) ? -EIO : 0;

	if (fflush(file) != 0 && rc == 0)
		rc = -errno;
	if (rc == 0 && kept->over == KEPT_OVER_CRASHES && fsync(fileno(file)) != 0)
		rc = -errno;
	if (fclose(file) != 0 && rc == 0)
		rc = -errno;
	kept->file = NULL;
	return rc;
}

int kept_file_commit(struct kept_file *kept)
{
	int rc = kept->file != NULL ? kept_file_seal(kept) : 0;

	if (rc == 0 && renameat(kept->folder, kept->fresh, kept->folder, kept->name) != 0)
		rc = -errno;
	if (rc != 0) {
		kept_file_abandon(kept);
		return rc;
	}
	if (kept->over == KEPT_OVER_CRASHES && fsync(kept->folder) != 0)
		rc = -errno;
	close(kept->folder);
	return rc;
}

void kept_file_abandon(struct kept_file *kept)
{
	if (kept->file != NULL)
		fclose(kept->file);
	unlinkat(kept->folder, kept->fresh, 0);
	close(kept->folder);
}

FILE *kept_file_open(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	FILE *file = NULL;
	int code = fd < 0 ? errno : 0;

	if (code == ELOOP)
		error_set(err, code, "%s: it is a symbolic link, and none is followed here", path);
	else if (code != 0)
		error_set(err, code, "%s: %s", path, strerror(code));
	else if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
		error_set(err, code = EINVAL, "%s: it is no regular file", path);
	else if ((file = fdopen(fd, "r")) == NULL)
		error_set(err, code = ENOMEM, "%s: out of memory", path);
	if (file == NULL && fd >= 0)
		close(fd);
	errno = code;
	return file;
}
