// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/tap.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/net/tun"

// DPDK's net_tap has struct tun_pi in front of each frame, and the kernel says IFF_NO_PI of every
// interface.
#define NOT_KEPT (IFF_DETACH_QUEUE | IFF_NO_PI)

static bool tap_is_device(int folder, const char *entry)
{
	char target[sizeof(DEVICE) + 1];
	ssize_t size = readlinkat(folder, entry, target, sizeof(target));

	return size == sizeof(DEVICE) - 1 && memcmp(target, DEVICE, sizeof(DEVICE) - 1) == 0;
}

static void tap_add(struct tap *tap, int fd)
{
	struct ifreq request = {0};

	if (ioctl(fd, TUNGETIFF, &request) != 0 || strcmp(request.ifr_name, tap->name) != 0 ||
		tap->count == TAP_QUEUES_MAX)
		return;
	tap->fds[tap->count] = fd;
	tap->flags[tap->count++] = (uint16_t)request.ifr_flags;
}

void tap_find(const char *name, struct tap *out)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;

	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		if (tap_is_device(dirfd(folder), entry->d_name))
			tap_add(out, atoi(entry->d_name));
	}
	closedir(folder);
	out->is_vhost = out->count > 0 && (out->flags[0] & IFF_VNET_HDR) != 0;
	if (out->is_vhost)
		out->count = 0;
}

bool tap_is_there(const struct tap *tap)
{
	struct ifreq request = {0};

	return ioctl(tap->fds[0], TUNGETIFF, &request) == 0 || errno != EBADFD;
}

// The interface may be in another namespace, where no netlink of ours reaches. But the kernel takes
// no frame of a queue whose interface is down.
bool tap_is_up(const struct tap *tap)
{
	struct pollfd queues[TAP_QUEUES_MAX];
	bool is_up = false;

	for (uint32_t i = 0; i < tap->count; i++)
		queues[i] = (struct pollfd){.fd = tap->fds[i], .events = POLLOUT};
	if (poll(queues, tap->count, 0) <= 0)
		return false;
	for (uint32_t i = 0; i < tap->count; i++)
		is_up |= (queues[i].revents & (POLLOUT | POLLERR)) == POLLOUT;
	return is_up;
}

static int tap_attach(const struct tap *tap, uint32_t at)
{
	struct ifreq request = {.ifr_flags = (short)(tap->flags[at] & ~NOT_KEPT)};

	memcpy(request.ifr_name, tap->name, sizeof(tap->name));
	// Several numbers may stand for one file, which has it by now.
	if (ioctl(tap->fds[at], TUNSETIFF, &request) != 0)
		return errno == EEXIST ? 0 : -errno;
	if ((tap->flags[at] & IFF_DETACH_QUEUE) == 0)
		return 0;
	request.ifr_flags = IFF_DETACH_QUEUE;
	return ioctl(tap->fds[at], TUNSETQUEUE, &request) == 0 ? 0 : -errno;
}

int tap_make(const struct tap *tap, const struct mac *mac)
{
	struct ifreq request = {.ifr_hwaddr = {.sa_family = ARPHRD_ETHER}};
	int rc = 0;

	for (uint32_t i = 0; i < tap->count && rc == 0; i++)
		rc = tap_attach(tap, i);
	memcpy(request.ifr_hwaddr.sa_data, mac->bytes, sizeof(mac->bytes));
	if (rc == 0 && ioctl(tap->fds[0], SIOCSIFHWADDR, &request) != 0)
		rc = -errno;
	return rc;
}
