// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_TAP_H
#define KERNEL_TAP_H

#include <base/addr.h>
#include <stdbool.h>
#include <stdint.h>

// A tap interface that DPDK's net_tap drives in this process, by the descriptors that it reads and
// writes. Somebody may delete the interface; the descriptors stay, and an interface that is made
// from them again is driven as before, without the driver's knowledge. A value of the caller's. On
// one thread; TUNSETIFF wants CAP_NET_ADMIN.

#define TAP_QUEUES_MAX 33 // a driver's queues, and one that keeps the interface

struct tap {
	char name[16];
	uint32_t count; // 0: this process has no tap of that name
	bool is_vhost; // it has one, of the vhost thread's, which takes no other interface
	int fds[TAP_QUEUES_MAX];
	uint16_t flags[TAP_QUEUES_MAX]; // linux/if_tun.h
};

// The tap that is called 'name' now. 'out->count' is 0 where it is none of this process, or is
// shared with vhost.
void tap_find(const char *name, struct tap *out);
// True while the interface is there, in whatever namespace, by whatever name.
bool tap_is_there(const struct tap *tap);
// True while it is there and up, likewise. Kernels before 4.20 say so of one that is down, too.
bool tap_is_up(const struct tap *tap);
// Makes it again under its first name, with that hardware address, down and without others. 0 or a
// negative errno.
int tap_make(const struct tap *tap, const struct mac *mac);

#endif
