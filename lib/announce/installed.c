// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announcer_private.h>

#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

static uint32_t installed_hash(const struct addr *vip)
{
	return map_hash(vip->bytes, sizeof(vip->bytes));
}

static bool installed_matches(const struct installed_vip *installed, const struct addr *vip,
	struct announcer_means means, uint32_t ifindex)
{
	return announcer_means_equal(installed->means, means) && addr_equal(&installed->vip, vip) &&
	       (ifindex == 0 || installed->ifindex == ifindex);
}

struct installed_vip *installed_find(const struct announcer *announcer, const struct addr *vip,
	struct announcer_means means, uint32_t ifindex)
{
	struct map_node *node = map_find(&announcer->installed, installed_hash(vip));

	while (node != NULL && !installed_matches(MAP_ENTRY(node, struct installed_vip, node), vip,
				       means, ifindex))
		node = map_find_next(node);
	return MAP_ENTRY(node, struct installed_vip, node);
}

struct installed_vip *installed_find_any(
	const struct announcer *announcer, const struct addr *vip, struct announcer_means means)
{
	return installed_find(announcer, vip, means, 0);
}

struct installed_vip *installed_find_best(
	const struct announcer *announcer, const struct addr *vip, struct announcer_means means)
{
	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		struct installed_vip *installed = announcer->carriers[i].is_up
							  ? installed_find(announcer, vip, means,
								    announcer->carriers[i].ifindex)
							  : NULL;

		if (installed != NULL)
			return installed;
	}
	return installed_find_any(announcer, vip, means);
}

struct installed_vip *installed_add(struct announcer *announcer, const struct addr *vip,
	struct announcer_means means, uint32_t ifindex)
{
	struct installed_vip *installed = installed_find(announcer, vip, means, ifindex);

	if (installed != NULL)
		return installed;
	installed = calloc(1, sizeof(*installed));
	if (installed == NULL)
		return NULL;
	installed->vip = *vip;
	installed->means = means;
	installed->ifindex = ifindex;
	map_insert(&announcer->installed, &installed->node, installed_hash(vip));
	return installed;
}

void installed_remove(struct announcer *announcer, struct installed_vip *installed)
{
	if (installed == NULL)
		return;
	map_remove(&announcer->installed, &installed->node);
	free(installed);
}

void installed_clear(struct announcer *announcer)
{
	struct map *map = &announcer->installed;
	struct map_node *next;

	if (map->buckets == NULL)
		return;
	for (struct map_node *node = map_first(map); node != NULL; node = next) {
		next = map_next(map, node);
		installed_remove(announcer, MAP_ENTRY(node, struct installed_vip, node));
	}
}

// --- What the kernel says of them ---

struct said {
	struct addr vip;
	struct announcer_means means;
	uint32_t ifindex;
	uint8_t bits;
	bool is_own;
	bool is_refused; // another host has it: the kernel keeps it, and does not use it
};

static bool installed_read_address(const struct nlmsghdr *message, struct said *out)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	*out = (struct said){.means = {.way = ANNOUNCER_ADDRESS},
		.ifindex = info->ifa_index,
		.bits = info->ifa_prefixlen};
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attr);

		// IPv6 has IFA_LOCAL only where it has a peer, whose address IFA_ADDRESS then is.
		if (type == IFA_LOCAL || (type == IFA_ADDRESS && out->vip.family == ADDR_NONE))
			kernel_read_addr(info->ifa_family, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr), &out->vip);
		else if (type == IFA_PROTO && mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			out->is_own = mnl_attr_get_u8(attr) == KERNEL_PROTOCOL;
		else if (type == IFA_FLAGS && mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->is_refused = (mnl_attr_get_u32(attr) & IFA_F_DADFAILED) != 0;
	}
	return out->vip.family != ADDR_NONE;
}

static bool installed_read_route(const struct nlmsghdr *message, struct said *out)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;

	*out = (struct said){.means = {.way = ANNOUNCER_ROUTE}, .bits = info->rtm_dst_len};
	out->is_own = info->rtm_protocol == KERNEL_PROTOCOL && info->rtm_table == RT_TABLE_MAIN;
	if (!out->is_own)
		return false;
	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		if (mnl_attr_get_type(attr) == RTA_DST)
			kernel_read_addr(info->rtm_family, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr), &out->vip);
		else if (mnl_attr_get_type(attr) == RTA_OIF &&
			 mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->ifindex = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == RTA_PRIORITY &&
			 mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->means.metric = mnl_attr_get_u32(attr);
	}
	return out->vip.family != ADDR_NONE;
}

// A message that is neither, or too short to be one: false.
static bool installed_read_message(const struct nlmsghdr *message, struct said *out)
{
	size_t size = mnl_nlmsg_get_payload_len(message);

	if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_DELADDR)
		return size >= sizeof(struct ifaddrmsg) && installed_read_address(message, out);
	if (message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE)
		return size >= sizeof(struct rtmsg) && installed_read_route(message, out);
	return false;
}

enum taken installed_take(
	struct announcer *announcer, const struct nlmsghdr *message, struct addr *lost)
{
	struct installed_vip *installed;
	struct said said;

	if (!installed_read_message(message, &said) ||
		carriers_find_by_index(announcer, said.ifindex) == NULL)
		return TAKEN_FOREIGN;
	if (!said.is_own)
		return TAKEN_FOREIGN_ADDRESS;
	if ((message->nlmsg_type == RTM_NEWADDR && !said.is_refused) ||
		message->nlmsg_type == RTM_NEWROUTE) {
		installed_add(announcer, &said.vip, said.means, said.ifindex);
		return TAKEN_OWN;
	}
	installed = installed_find(announcer, &said.vip, said.means, said.ifindex);
	if (installed != NULL)
		*lost = said.vip;
	installed_remove(announcer, installed);
	return TAKEN_OWN;
}

static void installed_add_network(struct announcer *announcer, const struct said *said)
{
	if (announcer->network_count == announcer->network_room) {
		uint32_t room = announcer->network_room == 0 ? 16 : 2 * announcer->network_room;
		void *larger = realloc(announcer->networks, room * sizeof(*announcer->networks));

		if (larger == NULL)
			return;
		announcer->networks = larger;
		announcer->network_room = room;
	}
	announcer->networks[announcer->network_count++] =
		(struct network){said->ifindex, {.address = said->vip, .bits = said->bits}};
}

static int installed_take_dumped(const struct nlmsghdr *message, void *context)
{
	struct announcer *announcer = context;
	struct addr lost;
	struct said said;

	if (installed_take(announcer, message, &lost) == TAKEN_FOREIGN_ADDRESS &&
		installed_read_message(message, &said) &&
		said.bits < (said.vip.family == ADDR_IPV6 ? 128 : 32))
		installed_add_network(announcer, &said);
	return MNL_CB_OK;
}

static int installed_dump_addresses(struct announcer *announcer)
{
	struct ifaddrmsg all = {.ifa_family = AF_UNSPEC};

	return kernel_request_dump(announcer->kernel, RTM_GETADDR, &all, sizeof(all),
		installed_take_dumped, announcer);
}

// The kernel picks our own out of what may be a whole Internet of routes.
static int installed_dump_routes(struct announcer *announcer, uint8_t family)
{
	struct rtmsg own = {.rtm_family = family, .rtm_protocol = KERNEL_PROTOCOL};

	return kernel_request_dump_strict(announcer->kernel, RTM_GETROUTE, &own, sizeof(own),
		installed_take_dumped, announcer);
}

// What is still to be told of a VIP outlasts the reading.
static void installed_carry_frames(struct announcer *announcer, struct map *before)
{
	struct map_node *next;

	for (struct map_node *node = map_first(before); node != NULL; node = next) {
		struct installed_vip *old = MAP_ENTRY(node, struct installed_vip, node);
		struct installed_vip *now =
			installed_find(announcer, &old->vip, old->means, old->ifindex);

		next = map_next(before, node);
		if (now != NULL)
			now->frames_left = old->frames_left;
		map_remove(before, node);
		free(old);
	}
	map_free(before);
}

int installed_read(struct announcer *announcer)
{
	struct map before = announcer->installed;
	int rc = map_init(&announcer->installed, 0);

	if (rc != 0) {
		announcer->installed = before;
		return rc;
	}
	carriers_find(announcer);
	announcer->network_count = 0;
	rc = installed_dump_addresses(announcer);
	if (rc == 0)
		rc = installed_dump_routes(announcer, AF_INET);
	if (rc == 0)
		rc = installed_dump_routes(announcer, AF_INET6);
	installed_carry_frames(announcer, &before);
	return rc;
}
