// SPDX-License-Identifier: BSD-3-Clause
#include "folder.h"
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char path[64];

static void empty(const char *of)
{
	DIR *folder = opendir(of);
	struct dirent *file;

	while (folder != NULL && (file = readdir(folder)) != NULL)
		if (file->d_name[0] != '.')
			unlinkat(dirfd(folder), file->d_name, 0);
	if (folder != NULL)
		closedir(folder);
}

static void take_away(void)
{
	empty(path);
	rmdir(path);
}

const char *folder_path(void)
{
	if (path[0] != '\0')
		return path;
	strcpy(path, access("/dev/shm", W_OK) == 0 ? "/dev/shm/fulcrum-fuzz-XXXXXX"
						   : "/tmp/fulcrum-fuzz-XXXXXX");
	FUZZ_ASSERT(mkdtemp(path) != NULL);
	atexit(take_away);
	return path;
}

void folder_put(const char *name, const uint8_t *bytes, size_t size)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s/%s", folder_path(), name);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_ASSERT(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}
