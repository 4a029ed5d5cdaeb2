// SPDX-License-Identifier: BSD-3-Clause
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <base/addr.h>
#include <base/error.h>
#include <stdbool.h>
#include <stdint.h>

// The kernel's view of the network, over rtnetlink (libmnl), on the control lcore's event loop:
// which route and neighbour the kernel would use for an address. Fulcrum resolves nothing by
// itself: it asks the kernel's routing table, follows its neighbour table, and gives the kernel
// cause to resolve a neighbour it does not know. All functions and callbacks run on that one
// thread; the requests that wait for the kernel's answer wait for the kernel alone (a local answer,
// at once).

struct event_base;
struct kernel;

struct kernel_next_hop {
	uint32_t port_ifindex; // 'ifindex', or the interface below it where that is a VLAN's
	uint16_t vlan_id; // of the route's interface; 0: it is no VLAN's
	uint32_t ifindex; // the interface that the route leaves by
	struct addr gateway; // the neighbour: the gateway, or a destination on the link itself
	struct addr source; // the kernel's preferred source address for the destination
	uint32_t mtu; // of the route where it has one, of the interface else
	struct mac mac; // the neighbour's, when 'resolved'
	struct mac source_mac; // the interface's own
	bool reachable; // there is a route
	// The neighbour table has the MAC (REACHABLE, STALE, DELAY, PROBE, PERMANENT, NOARP) and
	// the link is up.
	bool resolved;
};

// Something about routes, neighbours, links or addresses changed: look up again what is of
// interest. Bursts of kernel messages are gathered into one call, 5 ms after the first. A neighbour
// that only changed its state and is still resolved to the same MAC is not told.
typedef void kernel_change_fn(void *context);

int kernel_new(struct event_base *base, kernel_change_fn *changed, void *context,
	struct kernel **out, struct error *err);
void kernel_free(struct kernel *kernel);

// What the kernel would do with a packet to each of 'destinations'. codes[i] is 0 and out[i] the
// answer (with reachable == false and the rest zero where there is no route, or one that forbids),
// or codes[i] a negative errno. An address of this machine itself is reachable by the loopback
// interface and never resolved. Two system calls for 32 of them, some 2 us each; links and
// neighbours are answered from memory.
void kernel_lookup_many(struct kernel *kernel, const struct addr *destinations, uint32_t count,
	struct kernel_next_hop *out, int *codes);

// Makes the kernel resolve (or confirm) the neighbour 'gateway' on the interface: by NTF_USE,
// without sending anything of our own. A permanent entry is left as it is. The change callback
// tells when it is resolved. For IPv6 the kernel sends nothing while the interface's link-local
// address is tentative, a second or two after it came up: ask again. 0, or a negative errno
// (-ENODEV: no such interface).
int kernel_solicit(struct kernel *kernel, uint32_t ifindex, const struct addr *gateway);

// Makes the kernel ask a neighbour whether it still is where its table has it (RFC 4861 7.3.3, by a
// unicast ARP or NDP request): of the kernel's own packets alone it would do so, and workers'
// packets are none of those. One that has been confirmed within the kernel's reachable time is left
// alone, or 'is_doubted' asked every 5 s; left alone is one that is being asked, one that an
// operator wrote, and one that is not known. The kernel takes the MAC of who does not answer three
// times, and the change callback tells. 1: it was asked. 0: there was no need. Or a negative errno.
int kernel_confirm(
	struct kernel *kernel, uint32_t ifindex, const struct addr *gateway, bool is_doubted);

// An address of the interface by which others reach this machine: the first one of the family that
// is neither link-local nor about to go, and that 'is_unfit' does not refuse. False: there is none.
// A dump of the family's addresses.
typedef bool kernel_is_unfit_fn(void *context, const struct addr *address);
bool kernel_address(struct kernel *kernel, uint32_t ifindex, uint8_t family,
	kernel_is_unfit_fn *is_unfit, void *context, struct addr *out);

// The interface that has the address as one of the machine's own, by which it is reached and
// connects; NULL: none has. An address of host scope or (IPv6) a deprecated one is only announced:
// the machine connects from no such address.
const char *kernel_owner(const struct kernel *kernel, const struct addr *address);
// Takes in what the kernel has said and the loop has not got to yet.
void kernel_catch_up(struct kernel *kernel);

// The interface's name as the kernel last told it, "?" where it told of none.
const char *kernel_interface_name(const struct kernel *kernel, uint32_t ifindex);

// What is this machine's own, from memory. A number that is another one after any change of it.
uint64_t kernel_own_changes(const struct kernel *kernel);
// The addresses of all interfaces, and how many bits of each are its network's. One that two
// interfaces have comes twice.
typedef void kernel_take_address_fn(void *context, const struct addr *address, uint8_t bits);
void kernel_each_address(const struct kernel *kernel, kernel_take_address_fn *take, void *context);
// The MACs of the interfaces that stand on 'ifindex' (VRRP's macvlan, a VLAN with a MAC of its
// own), are up, and have another one than it.
typedef void kernel_take_mac_fn(void *context, const struct mac *mac);
void kernel_each_mac(
	const struct kernel *kernel, uint32_t ifindex, kernel_take_mac_fn *take, void *context);

// 0 where there is no such interface.
uint32_t kernel_ifindex(const char *name);

// The interface's hardware address, as the kernel last told it. False: it told of no such
// interface.
bool kernel_interface_mac(const struct kernel *kernel, const char *name, struct mac *out);
// Gives it another one, whether it is up or not. 0, or a negative errno (-ENODEV: no such
// interface).
int kernel_set_interface_mac(struct kernel *kernel, const char *name, const struct mac *mac);
// Whether a cable is in, for whoever asks the kernel: taps can be told (Linux 5.0). 0, or a
// negative errno (-EOPNOTSUPP: this kind of interface cannot).
int kernel_set_interface_carrier(struct kernel *kernel, const char *name, bool has_carrier);

#endif
