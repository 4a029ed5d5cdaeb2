// SPDX-License-Identifier: BSD-3-Clause
#ifndef ANNOUNCE_ANNOUNCER_PRIVATE_H
#define ANNOUNCE_ANNOUNCER_PRIVATE_H

#include <announce/announcer.h>
#include <kernel/follow.h>
#include <kernel/netlink.h>

#define ANNOUNCER_INTERFACES_MAX 64 // with the VLANs on them

static inline bool announcer_means_equal(struct announcer_means a, struct announcer_means b)
{
	return a.way == b.way && a.metric == b.metric;
}

// What is to be announced, by its address.
struct desired_vip {
	struct map_node node;
	struct addr vip;
	struct announcer_means means;
	int error; // the kernel's last refusal, a positive errno
	bool is_doubted; // what the kernel has was read anew because of this one
};

// What the kernel has of ours, by its address.
struct installed_vip {
	struct map_node node;
	struct addr vip;
	struct announcer_means means;
	uint32_t ifindex;
	bool is_wanted; // while the two are compared
	uint8_t frames_left; // announcements to send, one a second
};

// An interface that may carry a VIP.
struct carrier {
	uint32_t ifindex;
	bool is_vlan; // on one of the interfaces that were named
	bool is_up;
};

// A network that a carrier has an address in.
struct network {
	uint32_t ifindex;
	struct prefix prefix;
};

struct announcer {
	struct kernel *kernel;
	struct kernel_listener listener;
	struct kernel_follow interfaces[ANNOUNCER_INTERFACES_MAX];
	uint32_t interface_count;
	struct carrier carriers[ANNOUNCER_INTERFACES_MAX];
	uint32_t carrier_count;
	struct network *networks;
	uint32_t network_count;
	uint32_t network_room;
	struct map desired;
	struct map installed;
	struct event *work; // to compare the two
	struct event *tick; // a second: frames and another try
	int frames; // the packet socket
	bool is_doubtful; // what the kernel has is to be read anew
	uint32_t budget; // requests that are left in this step
};

// --- announcer.c ---

// From now on it hears what the kernel tells.
void announcer_listen(struct announcer *announcer);
// What the kernel has is no longer certain: it is read anew, soon.
void announcer_doubt(struct announcer *announcer);

// --- compare.c ---

// Makes the kernel have what is wanted and nothing else, by at most announcer->budget requests.
void announcer_reconcile(struct announcer *announcer);
void announcer_send_frames(struct announcer *announcer);

// --- carriers.c ---

void carriers_find(struct announcer *announcer);
const struct carrier *carriers_find_by_index(const struct announcer *announcer, uint32_t ifindex);

// --- installed.c: what the kernel has ---

struct installed_vip *installed_find(const struct announcer *announcer, const struct addr *vip,
	struct announcer_means means, uint32_t ifindex);
// The first one on any interface. NULL: there is none.
struct installed_vip *installed_find_any(
	const struct announcer *announcer, const struct addr *vip, struct announcer_means means);
// One on an interface that is up, or else any.
struct installed_vip *installed_find_best(
	const struct announcer *announcer, const struct addr *vip, struct announcer_means means);
// NULL without memory.
struct installed_vip *installed_add(struct announcer *announcer, const struct addr *vip,
	struct announcer_means means, uint32_t ifindex);
void installed_remove(struct announcer *announcer, struct installed_vip *installed);
void installed_clear(struct announcer *announcer);
// Reads carriers, networks and installed anew. 0 or a negative errno.
int installed_read(struct announcer *announcer);
// An address's or a route's message: whose it is, and what it means for the installed.
enum taken { TAKEN_FOREIGN, TAKEN_FOREIGN_ADDRESS, TAKEN_OWN };
// 'lost' becomes the VIP that the kernel no longer has; else it is left alone.
enum taken installed_take(
	struct announcer *announcer, const struct nlmsghdr *message, struct addr *lost);

// --- place.c: requests to the kernel ---

// 0 or a negative errno; one that is there already is -EEXIST, one that is not is no error.
int install_add(struct kernel *kernel, const struct addr *vip, struct announcer_means means,
	uint32_t ifindex);
int install_remove(struct kernel *kernel, const struct addr *vip, struct announcer_means means,
	uint32_t ifindex);

#endif
