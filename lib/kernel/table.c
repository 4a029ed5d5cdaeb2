// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <stdlib.h>
#include <string.h>

// RFC 4861 7.3.2 and the kernel's NUD_VALID: the states in which the MAC may be used.
#define USABLE_STATES \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

int table_init(struct table *table)
{
	int rc = map_init(&table->links, 0);

	if (rc == 0)
		rc = map_init(&table->neighbours, 0);
	return rc != 0 ? rc : map_init(&table->addresses, 0);
}

static void clear_links(struct table *table)
{
	for (struct map_node *node = map_first(&table->links), *next; node != NULL; node = next) {
		next = map_next(&table->links, node);
		map_remove(&table->links, node);
		free(MAP_ENTRY(node, struct kernel_link, node));
	}
}

static void clear_neighbours(struct table *table)
{
	for (struct map_node *node = map_first(&table->neighbours), *next; node != NULL;
		node = next) {
		next = map_next(&table->neighbours, node);
		map_remove(&table->neighbours, node);
		free(MAP_ENTRY(node, struct neighbour, node));
	}
}

void table_clear(struct table *table)
{
	clear_links(table);
	clear_neighbours(table);
	owned_clear(table);
}

void table_free(struct table *table)
{
	if (table->links.buckets != NULL)
		clear_links(table);
	if (table->neighbours.buckets != NULL)
		clear_neighbours(table);
	if (table->addresses.buckets != NULL)
		owned_clear(table);
	map_free(&table->links);
	map_free(&table->neighbours);
	map_free(&table->addresses);
}

static struct kernel_link *find_link(const struct table *table, uint32_t ifindex)
{
	struct map_node *node = map_find(&table->links, map_hash(&ifindex, sizeof(ifindex)));

	while (node != NULL && MAP_ENTRY(node, struct kernel_link, node)->ifindex != ifindex)
		node = map_find_next(node);
	return MAP_ENTRY(node, struct kernel_link, node);
}

static uint32_t neighbour_hash(uint32_t ifindex, const struct addr *address)
{
	return map_hash(address->bytes, sizeof(address->bytes)) ^
	       map_hash(&ifindex, sizeof(ifindex));
}

static struct neighbour *find_neighbour(
	const struct table *table, uint32_t ifindex, const struct addr *address)
{
	struct map_node *node = map_find(&table->neighbours, neighbour_hash(ifindex, address));

	for (; node != NULL; node = map_find_next(node)) {
		struct neighbour *neighbour = MAP_ENTRY(node, struct neighbour, node);

		if (neighbour->ifindex == ifindex && addr_equal(&neighbour->address, address))
			return neighbour;
	}
	return NULL;
}

const struct kernel_link *table_link(const struct table *table, uint32_t ifindex)
{
	return find_link(table, ifindex);
}

const struct kernel_link *table_link_named(const struct table *table, const char *name)
{
	struct map_node *node = map_first(&table->links);

	while (node != NULL && strcmp(MAP_ENTRY(node, struct kernel_link, node)->name, name) != 0)
		node = map_next(&table->links, node);
	return MAP_ENTRY(node, struct kernel_link, node);
}

struct neighbour *table_neighbour(
	const struct table *table, uint32_t ifindex, const struct addr *address)
{
	return find_neighbour(table, ifindex, address);
}

static bool take_mac(const struct nlattr *attr, struct mac *out)
{
	if (mnl_attr_get_payload_len(attr) != sizeof(out->bytes))
		return false;
	memcpy(out->bytes, mnl_attr_get_payload(attr), sizeof(out->bytes));
	return true;
}

static bool same_link(const struct kernel_link *a, const struct kernel_link *b)
{
	return a->mtu == b->mtu && a->up == b->up && a->below == b->below &&
	       a->vlan_id == b->vlan_id && strcmp(a->name, b->name) == 0 &&
	       mac_equal(&a->mac, &b->mac);
}

// True if there was no such link, or another.
static bool put_link(struct table *table, const struct kernel_link *now)
{
	struct kernel_link *link = find_link(table, now->ifindex);

	if (link == NULL) {
		link = malloc(sizeof(*link));
		if (link == NULL)
			return true;
		*link = *now;
		map_insert(&table->links, &link->node,
			map_hash(&link->ifindex, sizeof(link->ifindex)));
		return true;
	}
	if (same_link(link, now))
		return false;
	memcpy(link->name, now->name, sizeof(link->name));
	link->mtu = now->mtu;
	link->below = now->below;
	link->vlan_id = now->vlan_id;
	link->mac = now->mac;
	link->up = now->up;
	return true;
}

static bool remove_link(struct table *table, uint32_t ifindex)
{
	struct kernel_link *link = find_link(table, ifindex);

	if (link == NULL)
		return false;
	map_remove(&table->links, &link->node);
	free(link);
	return true;
}

// IFLA_LINKINFO { IFLA_INFO_KIND "vlan", IFLA_INFO_DATA { IFLA_VLAN_ID } }
static void take_vlan(const struct nlattr *link_info, struct kernel_link *out)
{
	const struct nlattr *attr, *data;
	uint16_t id = 0;
	bool is_vlan = false;

	mnl_attr_for_each_nested(attr, link_info)
	{
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
			mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			is_vlan = strcmp(mnl_attr_get_str(attr), "vlan") == 0;
		if (mnl_attr_get_type(attr) != IFLA_INFO_DATA)
			continue;
		mnl_attr_for_each_nested(data, attr)
		{
			if (mnl_attr_get_type(data) == IFLA_VLAN_ID &&
				mnl_attr_validate(data, MNL_TYPE_U16) == 0)
				id = mnl_attr_get_u16(data);
		}
	}
	out->vlan_id = is_vlan ? id : 0;
}

static void take_link_attribute(const struct nlattr *attr, struct kernel_link *out)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			snprintf(out->name, sizeof(out->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_ADDRESS:
		take_mac(attr, &out->mac);
		break;
	case IFLA_MTU:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->below = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		take_vlan(attr, out);
		break;
	}
}

static bool take_link(struct table *table, const struct nlmsghdr *message)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	struct kernel_link now = {.ifindex = info->ifi_index};
	const struct nlattr *attr;

	// A bridge's or IPv6's view of the same link; 0 stands for any interface.
	if (info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return false;
	if (message->nlmsg_type == RTM_DELLINK)
		return remove_link(table, now.ifindex);
	now.up = (info->ifi_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
	mnl_attr_for_each(attr, message, sizeof(*info)) take_link_attribute(attr, &now);
	return put_link(table, &now);
}

static bool put_neighbour(struct table *table, const struct neighbour *now)
{
	struct neighbour *neighbour = find_neighbour(table, now->ifindex, &now->address);
	bool same;

	if (neighbour == NULL) {
		neighbour = malloc(sizeof(*neighbour));
		if (neighbour == NULL)
			return true;
		*neighbour = *now;
		map_insert(&table->neighbours, &neighbour->node,
			neighbour_hash(now->ifindex, &now->address));
		return true;
	}
	same = mac_equal(&neighbour->mac, &now->mac);
	neighbour->mac = now->mac;
	neighbour->state = now->state;
	return !same;
}

static bool remove_neighbour(struct table *table, uint32_t ifindex, const struct addr *address)
{
	struct neighbour *neighbour = find_neighbour(table, ifindex, address);

	if (neighbour == NULL)
		return false;
	map_remove(&table->neighbours, &neighbour->node);
	free(neighbour);
	return true;
}

static bool take_neighbour(struct table *table, const struct nlmsghdr *message)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);
	struct neighbour now = {.ifindex = info->ndm_ifindex, .state = info->ndm_state};
	const struct nlattr *attr;
	bool usable = false;

	if ((info->ndm_flags & NTF_PROXY) != 0 || info->ndm_type != RTN_UNICAST ||
		info->ndm_ifindex <= 0)
		return false;
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		if (mnl_attr_get_type(attr) == NDA_DST)
			kernel_read_addr(info->ndm_family, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr), &now.address);
		else if (mnl_attr_get_type(attr) == NDA_LLADDR)
			usable = take_mac(attr, &now.mac);
	}
	if (now.address.family == ADDR_NONE)
		return false;
	if (message->nlmsg_type == RTM_DELNEIGH || !usable ||
		(info->ndm_state & USABLE_STATES) == 0)
		return remove_neighbour(table, now.ifindex, &now.address);
	return put_neighbour(table, &now);
}

static size_t least_size(const struct nlmsghdr *message)
{
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return sizeof(struct ifinfomsg);
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return sizeof(struct ndmsg);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return sizeof(struct rtmsg);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return sizeof(struct ifaddrmsg);
	default:
		return 0;
	}
}

bool table_take(struct table *table, const struct nlmsghdr *message)
{
	if (mnl_nlmsg_get_payload_len(message) < least_size(message))
		return false;
	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (!take_link(table, message))
			return false;
		table->own_changes++;
		return true;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		return take_neighbour(table, message);
	case RTM_NEWROUTE:
	case RTM_DELROUTE: {
		const struct rtmsg *route = mnl_nlmsg_get_payload(message);

		return (route->rtm_flags & RTM_F_CLONED) == 0;
	}
	case RTM_NEWADDR:
	case RTM_DELADDR:
		owned_take(table, message);
		return true;
	default: // rules, next-hop objects: always told
		return message->nlmsg_type >= RTM_BASE;
	}
}
