// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

// What of this machine's own a snapshot has to know.

// Interfaces that stand on one another: a macvlan on a VLAN on the port's.
#define DEPTH_MAX 4

uint64_t kernel_own_changes(const struct kernel *kernel)
{
	return kernel->table.own_changes;
}

void kernel_each_address(const struct kernel *kernel, kernel_take_address_fn *take, void *context)
{
	const struct map *addresses = &kernel->table.addresses;

	for (struct map_node *node = map_first(addresses); node != NULL;
		node = map_next(addresses, node)) {
		const struct owned *own = MAP_ENTRY(node, struct owned, node);

		take(context, &own->address, own->bits);
	}
}

static bool stands_on(const struct kernel *kernel, const struct kernel_link *link, uint32_t ifindex)
{
	for (int depth = 0; link != NULL && depth < DEPTH_MAX; depth++) {
		if (link->below == ifindex)
			return true;
		link = link->below != 0 ? table_link(&kernel->table, link->below) : NULL;
	}
	return false;
}

void kernel_each_mac(
	const struct kernel *kernel, uint32_t ifindex, kernel_take_mac_fn *take, void *context)
{
	const struct kernel_link *port = table_link(&kernel->table, ifindex);
	const struct map *links = &kernel->table.links;

	for (struct map_node *node = map_first(links); port != NULL && node != NULL;
		node = map_next(links, node)) {
		const struct kernel_link *link = MAP_ENTRY(node, struct kernel_link, node);

		if (link->up && !mac_equal(&link->mac, &port->mac) &&
			stands_on(kernel, link, ifindex))
			take(context, &link->mac);
	}
}
