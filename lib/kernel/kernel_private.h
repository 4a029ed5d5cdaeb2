// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_KERNEL_PRIVATE_H
#define KERNEL_KERNEL_PRIVATE_H

#include <kernel/messages.h>
#include <kernel/netlink.h>

struct event;

// A neighbour whose MAC the kernel knows; the others are not kept.
struct neighbour {
	struct map_node node;
	uint32_t ifindex;
	struct addr address;
	struct mac mac;
	uint16_t state; // NUD_..., as the kernel last told it
	uint64_t doubted_ns; // monotonic: when it was last asked although it was confirmed
};

// An address of the machine.
struct owned {
	struct map_node node;
	struct addr address;
	uint32_t ifindex;
	uint8_t bits; // of its network
	// Somebody announces it, Fulcrum or keepalived: no connection of the machine's own begins
	// from it.
	bool is_announced;
};

// The kernel's tables as they are here: filled by dumps, kept by notifications.
struct table {
	struct map links;
	struct map neighbours;
	struct map addresses;
	uint64_t own_changes; // of addresses and of links, so far
};

struct kernel {
	struct event_base *base;
	kernel_change_fn *changed;
	void *context;
	struct mnl_socket *notifications;
	struct mnl_socket *requests;
	struct event *readable;
	const struct kernel_listener *listener; // NULL: there is none
	struct event *gather; // pending from the first change of a burst to the callback
	uint32_t sequence;
	bool is_doubtful; // the tables could not be read anew: again with the next call
	bool rules_are_known;
	bool has_rules; // of policy routing: what a packet's source is matters for its way
	struct table table;
	_Alignas(MNL_ALIGNTO)
		uint8_t buffer[32768]; // of one read; as large as the kernel's dumps fill
};

int table_init(struct table *table);
void table_free(struct table *table); // a zeroed one is fine
void table_clear(struct table *table);

// --- owned.c: an address's message, and the addresses' end ---

void owned_take(struct table *table, const struct nlmsghdr *message);
void owned_clear(struct table *table);

// Takes one message of the kernel in. True if it changed something that a next hop may depend on.
bool table_take(struct table *table, const struct nlmsghdr *message);

const struct kernel_link *table_link(const struct table *table, uint32_t ifindex);
const struct kernel_link *table_link_named(const struct table *table, const char *name);
struct neighbour *table_neighbour(
	const struct table *table, uint32_t ifindex, const struct addr *address);

#define ROUTES_AT_ONCE 32

// Asks the kernel's routing table for as many destinations at most; its word on each goes to
// 'hops', without links and neighbours, and to 'codes' 0 or a negative errno. No route, or one that
// forbids, is 0 and not reachable. 'sources' are addresses of this machine, of the destinations'
// families; NULL: the kernel chooses, as for a socket that is not bound.
void routes_ask(struct kernel *kernel, const struct addr *destinations, const struct addr *sources,
	uint32_t count, struct kernel_next_hop *hops, int *codes);

// Whether there are rules beside the three that every kernel has (rules.c).
bool rules_exist(struct kernel *kernel);

// Fills the table anew from the kernel. 0 or a negative errno.
int request_dump(struct kernel *kernel);

#endif
