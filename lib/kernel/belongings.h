// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_BELONGINGS_H
#define KERNEL_BELONGINGS_H

#include <kernel/kernel.h>
#include <libmnl/libmnl.h>

// What an interface has that goes with it when somebody deletes it: addresses and routes, as the
// kernel told them. Taken now and then, and given to the interface that is made in its place. What
// Fulcrum announces is left out: it is announced anew. On the kernel room's thread.

#define BELONGINGS_SIZE 16384

struct belongings {
	uint32_t mtu; // 0: nothing is known
	uint32_t size;
	bool has_routes; // as far as they are told in time
	_Alignas(MNL_ALIGNTO) uint8_t messages[BELONGINGS_SIZE]; // of netlink, one behind the other
};

// Leaves what was known where the interface is not there, or is down. Where the kernel takes more
// than 2 ms to tell its routes, which are a routing daemon's then, they are not asked for again.
void belongings_take(struct kernel *kernel, uint32_t ifindex, struct belongings *belongings);
// Gives them to the interface, which comes up with them. How many were refused.
uint32_t belongings_give(
	struct kernel *kernel, uint32_t ifindex, const struct belongings *belongings);

#endif
