// SPDX-License-Identifier: BSD-3-Clause
#include <channel/lock.h>

#include <errno.h>
#include <fcntl.h>

enum { LOCK_SERVER_BYTE, LOCK_CLIENT_BYTE };

static struct flock lock_of_byte(off_t byte)
{
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
}

static int lock_take(int fd, int command, off_t byte)
{
	struct flock lock = lock_of_byte(byte);

	if (fcntl(fd, command, &lock) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno; // POSIX leaves the choice between the two
}

static bool lock_held(int fd, off_t byte)
{
	struct flock lock = lock_of_byte(byte);

	return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int lock_take_server(int fd)
{
	return lock_take(fd, F_OFD_SETLK, LOCK_SERVER_BYTE);
}

int lock_take_client(int fd)
{
	return lock_take(fd, F_SETLK, LOCK_CLIENT_BYTE);
}

bool lock_server_held(int fd)
{
	return lock_held(fd, LOCK_SERVER_BYTE);
}

bool lock_client_held(int fd)
{
	return lock_held(fd, LOCK_CLIENT_BYTE);
}

pid_t lock_client_holder(int fd)
{
	struct flock lock = lock_of_byte(LOCK_CLIENT_BYTE);

	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid < 0)
		return 0;
	return lock.l_pid;
}
