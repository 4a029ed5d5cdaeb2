// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <errno.h>
#include <net/if.h>

uint32_t kernel_ifindex(const char *name)
{
	return if_nametoindex(name);
}

const struct kernel_link *kernel_find_link(const struct kernel *kernel, uint32_t ifindex)
{
	return table_link(&kernel->table, ifindex);
}

const struct kernel_link *kernel_next_link(
	const struct kernel *kernel, const struct kernel_link *link)
{
	const struct map *links = &kernel->table.links;
	struct map_node *node = link == NULL ? map_first(links) : map_next(links, &link->node);

	return MAP_ENTRY(node, struct kernel_link, node);
}

const char *kernel_interface_name(const struct kernel *kernel, uint32_t ifindex)
{
	const struct kernel_link *link = table_link(&kernel->table, ifindex);

	return link != NULL ? link->name : "?";
}

bool kernel_interface_mac(const struct kernel *kernel, const char *name, struct mac *out)
{
	const struct kernel_link *link = table_link_named(&kernel->table, name);

	if (link == NULL)
		return false;
	*out = link->mac;
	return true;
}

static int set(
	struct kernel *kernel, const char *name, uint16_t attribute, const void *value, size_t size)
{
	_Alignas(MNL_ALIGNTO) uint8_t space[MNL_NLMSG_HDRLEN + 64] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	const struct kernel_link *link;

	message->nlmsg_type = RTM_SETLINK;
	link = table_link_named(&kernel->table, name);
	if (link == NULL)
		return -ENODEV;
	info->ifi_index = (int)link->ifindex;
	mnl_attr_put(message, attribute, size, value);
	return kernel_request_run(kernel, message, 0, NULL, NULL);
}

int kernel_set_interface_mac(struct kernel *kernel, const char *name, const struct mac *mac)
{
	return set(kernel, name, IFLA_ADDRESS, mac->bytes, sizeof(mac->bytes));
}

int kernel_set_interface_carrier(struct kernel *kernel, const char *name, bool has_carrier)
{
	const uint8_t carrier = has_carrier;

	return set(kernel, name, IFLA_CARRIER, &carrier, sizeof(carrier));
}
