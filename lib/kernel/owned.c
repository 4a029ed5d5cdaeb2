// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <linux/if_addr.h>
#include <stdlib.h>

// The addresses of the machine, on any of its interfaces.

static uint32_t address_hash(const struct addr *address)
{
	return map_hash(address->bytes, sizeof(address->bytes));
}

static struct owned *owned_find(
	const struct table *table, const struct addr *address, uint32_t ifindex)
{
	struct map_node *node = map_find(&table->addresses, address_hash(address));

	for (; node != NULL; node = map_find_next(node)) {
		struct owned *owned = MAP_ENTRY(node, struct owned, node);

		if (owned->ifindex == ifindex && addr_equal(&owned->address, address))
			return owned;
	}
	return NULL;
}

// IFA_LOCAL is the interface's own where IFA_ADDRESS is a peer's.
static bool read_address(const struct nlmsghdr *message, struct owned *out)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	uint32_t flags = info->ifa_flags;
	const struct nlattr *attr;
	struct addr peer = {0};
	uint8_t protocol = 0;

	*out = (struct owned){.ifindex = info->ifa_index, .bits = info->ifa_prefixlen};
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFA_LOCAL || type == IFA_ADDRESS)
			kernel_read_addr(info->ifa_family, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr),
				type == IFA_LOCAL ? &out->address : &peer);
		else if (type == IFA_FLAGS && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			flags = mnl_attr_get_u32(attr);
		else if (type == IFA_PROTO && mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			protocol = mnl_attr_get_u8(attr);
	}
	if (out->address.family == ADDR_NONE)
		out->address = peer;
	out->is_announced = protocol == KERNEL_PROTOCOL ||
			    (info->ifa_family == AF_INET ? info->ifa_scope == RT_SCOPE_HOST
							 : (flags & IFA_F_DEPRECATED) != 0);
	return out->address.family != ADDR_NONE && out->ifindex != 0;
}

void owned_take(struct table *table, const struct nlmsghdr *message)
{
	struct owned now, *owned;

	if (!read_address(message, &now))
		return;
	owned = owned_find(table, &now.address, now.ifindex);
	table->own_changes++;
	if (message->nlmsg_type == RTM_DELADDR) {
		if (owned != NULL)
			map_remove(&table->addresses, &owned->node);
		free(owned);
		return;
	}
	if (owned != NULL) {
		owned->is_announced = now.is_announced;
		owned->bits = now.bits;
		return;
	}
	owned = malloc(sizeof(*owned));
	if (owned == NULL)
		return;
	*owned = now;
	map_insert(&table->addresses, &owned->node, address_hash(&owned->address));
}

void owned_clear(struct table *table)
{
	for (struct map_node *node = map_first(&table->addresses), *next; node != NULL;
		node = next) {
		next = map_next(&table->addresses, node);
		map_remove(&table->addresses, node);
		free(MAP_ENTRY(node, struct owned, node));
	}
}

const char *kernel_owner(const struct kernel *kernel, const struct addr *address)
{
	struct map_node *node = map_find(&kernel->table.addresses, address_hash(address));

	for (; node != NULL; node = map_find_next(node)) {
		const struct owned *owned = MAP_ENTRY(node, struct owned, node);

		if (!owned->is_announced && addr_equal(&owned->address, address))
			return kernel_interface_name(kernel, owned->ifindex);
	}
	return NULL;
}
