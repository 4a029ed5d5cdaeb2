// SPDX-License-Identifier: BSD-3-Clause
#include "lock.h"

#include <base/log.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t lock_name(uint32_t index, struct sockaddr_un *out)
{
	int size;

	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	size = snprintf(out->sun_path + 1, sizeof(out->sun_path) - 1,
		"fulcrum-backend/interface/%u", index);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

// All zero where nobody holds it.
static struct ucred find_holder(uint32_t index)
{
	struct sockaddr_un name;
	socklen_t size = lock_name(index, &name);
	struct ucred holder = {0};
	socklen_t length = sizeof(holder);
	int fd = open_socket();

	if (fd < 0)
		return holder;
	if (connect(fd, (struct sockaddr *)&name, size) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &holder, &length) < 0)
		holder = (struct ucred){0};
	close(fd);
	return holder;
}

pid_t lock_holder(uint32_t index)
{
	return find_holder(index).pid;
}

static int fail_held(uint32_t index, const char *name, struct error *err)
{
	struct ucred holder = find_holder(index);

	// Anybody may take a name; who cannot be an agent shall not keep one from its interface.
	if (holder.uid != 0 && holder.uid != geteuid()) {
		log_warning(
			"%s: process %d of user %u holds the lock of the interface, and is no agent: going on without",
			name, holder.pid, holder.uid);
		return 0;
	}
	if (holder.pid == 0)
		return error_set(err, EBUSY,
			"%s: another fulcrum-backend runs on this interface, in a process namespace that is not "
			"seen from here",
			name);
	return error_set(err, EBUSY,
		"%s: another fulcrum-backend runs on this interface: process %d", name, holder.pid);
}

int lock_take(uint32_t index, const char *name, int *fd, struct error *err)
{
	struct sockaddr_un address;
	socklen_t size = lock_name(index, &address);
	bool is_locked;
	int result = 0;

	*fd = open_socket();
	if (*fd < 0)
		return error_set(err, errno, "no socket for the lock: %s", strerror(errno));
	is_locked = bind(*fd, (struct sockaddr *)&address, size) == 0 && listen(*fd, 8) == 0;
	if (!is_locked)
		result = errno == EADDRINUSE ? fail_held(index, name, err)
					     : error_set(err, errno, "%s cannot be locked: %s",
						       name, strerror(errno));
	if (result < 0 || !is_locked) {
		close(*fd);
		*fd = -1;
	}
	return result;
}
