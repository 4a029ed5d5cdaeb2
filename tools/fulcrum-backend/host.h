// SPDX-License-Identifier: BSD-3-Clause
#ifndef FULCRUM_BACKEND_HOST_H
#define FULCRUM_BACKEND_HOST_H

#include <base/addr.h>
#include <base/error.h>

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "links.h"

// What the agent reads and changes of its host, in its own network namespace.

// What the kernel has to say about the configured interfaces; compared byte by byte.
struct host_view {
	uint32_t mtu; // the smallest
	uint32_t tunnel_count;
	struct addr tunnels[FB_TUNNELS_MAX];
	bool has_vip_on_link;
	uint32_t network_count;
	struct config_prefix
		networks[FB_NETWORKS_MAX]; // of all interfaces: each address, and its network
};

// 0, or -ENODEV, -EINVAL for an interface that is not like Ethernet, another negative errno.
int host_check_interface(const char *name, uint32_t *index, struct error *err);

// The present name of an interface. False: there is none with that index.
bool host_interface_name(uint32_t index, char name[IF_NAMESIZE]);

// Fills 'view' from those of 'count' interfaces that exist now. 'config' decides where the tunnel
// addresses come from.
int host_look(const struct config *config, const struct fb_link *links, uint32_t count,
	struct host_view *view, struct error *err);

// Puts a VIP on lo. 0 when it was not there, -EEXIST when it was, another negative errno. An IPv6
// VIP is put there as deprecated, so that the kernel never chooses it as a source address by
// itself.
int host_add_vip(const struct addr *vip, struct error *err);
int host_remove_vip(const struct addr *vip, struct error *err);
bool host_loopback_is_up(void);

// The addresses on lo, in the order of addr_compare(); free(3) them. Negative errno.
int host_list_vips(struct addr **out, size_t *count, struct error *err);
void host_sort_vips(struct addr *list, size_t count);
bool host_has_vip(const struct addr *list, size_t count, const struct addr *vip);

// What runs before the filter at LINKS_PRIORITY and may end the chain: priorities of tc filters for
// IP, FB_AHEAD_TCX, FB_AHEAD_XDP. Returns how many, at most 'size'; negative errno.
int host_find_ahead(uint32_t index, enum link_side side, uint32_t *out, size_t size);

// Number of filters on both sides of the interface's clsact; negative errno.
int host_count_filters(uint32_t index, struct error *err);

#define HOST_ARP_IGNORE   1 // answer only for addresses of the interface that is asked
#define HOST_ARP_ANNOUNCE 2 // ask with an address of the interface, never with a VIP

// net.ipv4.conf.INTERFACE.KEY; -1: there is none.
int host_read_sysctl(const char *interface, const char *key);

// Of net.ipv4.conf.INTERFACE.KEY and the same of 'all', the greater one counts. -1: there is none.
int host_effective_sysctl(const char *interface, const char *key);

// Raises net.ipv4.conf.INTERFACE.KEY to 'value'. Returns what it was, -1 when it was (or 'all' is)
// high enough, -2 when it could not be written.
int host_raise_sysctl(const char *interface, const char *key, int value);
void host_write_sysctl(const char *interface, const char *key, int value);

// Identifies the network namespace of this process; 0 when there is no telling.
uint64_t host_namespace(void);

#endif
