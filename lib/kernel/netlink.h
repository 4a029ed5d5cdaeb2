// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_NETLINK_H
#define KERNEL_NETLINK_H

#include <base/map.h>
#include <kernel/kernel.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

// For rooms that put something into the kernel: requests over the kernel room's socket, what the
// kernel tells, and the links as it last told them. On the kernel room's thread.

// What Fulcrum puts into the kernel has this number: rtm_protocol and IFA_PROTO (Linux 5.18).
#define KERNEL_PROTOCOL 70

// --- Requests: they wait for the kernel's answer ---

// Sends 'message', whose flags and sequence are set here, and hands every answer to 'take', which
// may be NULL. 0, or the kernel's negative errno.
int kernel_request_run(struct kernel *kernel, struct nlmsghdr *message, uint16_t flags,
	mnl_cb_t take, void *context);

// Asks for all of what 'type' lists; 'header' says which. 0 or a negative errno.
int kernel_request_dump(struct kernel *kernel, uint16_t type, const void *header, size_t size,
	mnl_cb_t take, void *context);
// The same; the kernel sends only what 'header' selects, where it can (NETLINK_GET_STRICT_CHK).
int kernel_request_dump_strict(struct kernel *kernel, uint16_t type, const void *header,
	size_t size, mnl_cb_t take, void *context);

// The attribute 'type' at the end of 'message'.
void kernel_request_put_addr(struct nlmsghdr *message, uint16_t type, const struct addr *address);
// AF_INET or AF_INET6.
int kernel_af_of(const struct addr *address);
// False where the bytes are no address of 'af'.
bool kernel_read_addr(int af, const void *bytes, size_t size, struct addr *out);

// --- What the kernel tells ---

struct kernel_listener {
	// One notification. 'is_news': a next hop may depend on it. True: it is the listener's own
	// doing, and no next hop depends on it.
	bool (*take)(void *context, const struct nlmsghdr *message, bool is_news);
	// Notifications were lost: what was known from them is to be read anew.
	void (*lost)(void *context);
	void *context;
};

// There is one listener at most, which outlives the room or is taken away by NULL. Borrowed.
void kernel_listen(struct kernel *kernel, const struct kernel_listener *listener);

// --- Links ---

// What the kernel last said of an interface.
struct kernel_link {
	struct map_node node;
	char name[16];
	uint32_t ifindex;
	uint32_t mtu;
	uint32_t below; // the interface that a VLAN's interface stands on
	uint16_t vlan_id; // 0: no VLAN's interface
	struct mac mac;
	bool up;
};

// NULL: there is none. Until the loop goes on.
const struct kernel_link *kernel_find_link(const struct kernel *kernel, uint32_t ifindex);
// All of them, in no order: NULL begins, and ends.
const struct kernel_link *kernel_next_link(
	const struct kernel *kernel, const struct kernel_link *link);

#endif
