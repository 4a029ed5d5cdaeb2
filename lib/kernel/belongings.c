// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <kernel/belongings.h>
#include <kernel/kernel_private.h>

#include <errno.h>
#include <net/if.h>
#include <string.h>

#define ROUTES_NS (2 * CLOCK_NS_PER_MS)

struct taking {
	uint32_t ifindex;
	struct belongings *to;
};

static void belongings_append(struct belongings *to, const struct nlmsghdr *message)
{
	uint32_t size = MNL_ALIGN(message->nlmsg_len);

	if (to->size + size > sizeof(to->messages))
		return;
	memset(to->messages + to->size, 0, size);
	memcpy(to->messages + to->size, message, message->nlmsg_len);
	to->size += size;
}

static bool belongings_is_announced(const struct nlmsghdr *message)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct ifaddrmsg))
	{
		if (mnl_attr_get_type(attribute) == IFA_PROTO &&
			mnl_attr_get_payload_len(attribute) == 1 &&
			mnl_attr_get_u8(attribute) == KERNEL_PROTOCOL)
			return true;
	}
	return false;
}

// Link-local addresses come by themselves.
static int belongings_take_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct taking *taking = context;

	if (message->nlmsg_type != RTM_NEWADDR ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
		info->ifa_index != taking->ifindex || info->ifa_scope >= RT_SCOPE_HOST ||
		(info->ifa_family == AF_INET6 && info->ifa_scope == RT_SCOPE_LINK) ||
		belongings_is_announced(message))
		return MNL_CB_OK;
	belongings_append(taking->to, message);
	return MNL_CB_OK;
}

// The one attribute that a route's interface is in; NULL for routes by several.
static struct nlattr *belongings_find_interface(const struct nlmsghdr *message)
{
	struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
	{
		if (mnl_attr_get_type(attribute) == RTA_OIF &&
			mnl_attr_get_payload_len(attribute) == sizeof(uint32_t))
			return attribute;
	}
	return NULL;
}

// The kernel makes its own routes with the addresses.
static int belongings_take_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	const struct taking *taking = context;
	const struct nlattr *interface;

	if (message->nlmsg_type != RTM_NEWROUTE ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
		info->rtm_protocol == RTPROT_KERNEL || info->rtm_protocol == RTPROT_REDIRECT ||
		info->rtm_protocol == RTPROT_RA || info->rtm_protocol == KERNEL_PROTOCOL ||
		info->rtm_type != RTN_UNICAST || (info->rtm_flags & RTM_F_CLONED) != 0)
		return MNL_CB_OK;
	interface = belongings_find_interface(message);
	if (interface != NULL && mnl_attr_get_u32(interface) == taking->ifindex)
		belongings_append(taking->to, message);
	return MNL_CB_OK;
}

// The kernel picks those of the interface out of what may be a whole Internet of routes.
static int belongings_take_routes(struct kernel *kernel, struct taking *taking)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	uint64_t begin_ns = clock_monotonic_ns();
	int strict = 1, rc = 0;

	mnl_socket_setsockopt(kernel->requests, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	for (uint32_t i = 0; i < sizeof(families) && rc == 0; i++) {
		const struct {
			struct rtmsg route;
			struct nlattr attribute;
			uint32_t ifindex;
		} wanted = {{.rtm_family = families[i]},
			{sizeof(wanted.attribute) + sizeof(wanted.ifindex), RTA_OIF},
			taking->ifindex};

		rc = kernel_request_dump(kernel, RTM_GETROUTE, &wanted, sizeof(wanted),
			belongings_take_route, taking);
	}
	strict = 0;
	mnl_socket_setsockopt(kernel->requests, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	taking->to->has_routes = clock_monotonic_ns() - begin_ns < ROUTES_NS;
	return rc;
}

void belongings_take(struct kernel *kernel, uint32_t ifindex, struct belongings *belongings)
{
	static struct belongings fresh; // too large for the stack
	static const struct ifaddrmsg addresses;
	const struct kernel_link *link = table_link(&kernel->table, ifindex);
	struct taking taking = {ifindex, &fresh};
	int rc;

	if (link == NULL || !link->up)
		return;
	fresh.size = 0;
	fresh.mtu = link->mtu;
	fresh.has_routes = false;
	rc = kernel_request_dump(kernel, RTM_GETADDR, &addresses, sizeof(addresses),
		belongings_take_address, &taking);
	if (rc == 0 && (belongings->mtu == 0 || belongings->has_routes))
		rc = belongings_take_routes(kernel, &taking);
	if (rc == 0)
		*belongings = fresh;
}

// --- Into the interface in its place ---

static int belongings_set_up(struct kernel *kernel, uint32_t ifindex, uint32_t mtu)
{
	_Alignas(MNL_ALIGNTO) uint8_t space[MNL_NLMSG_HDRLEN + 64] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	message->nlmsg_type = RTM_NEWLINK;
	info->ifi_index = (int)ifindex;
	info->ifi_flags = info->ifi_change = IFF_UP;
	mnl_attr_put_u32(message, IFLA_MTU, mtu);
	return kernel_request_run(kernel, message, 0, NULL, NULL);
}

static int belongings_give_one(
	struct kernel *kernel, uint32_t ifindex, const struct nlmsghdr *message)
{
	_Alignas(MNL_ALIGNTO) uint8_t space[4096];
	struct nlmsghdr *copy = (void *)space;
	struct nlattr *interface;

	if (message->nlmsg_len > sizeof(space))
		return -EMSGSIZE;
	memcpy(space, message, message->nlmsg_len);
	if (copy->nlmsg_type == RTM_NEWADDR) {
		((struct ifaddrmsg *)mnl_nlmsg_get_payload(copy))->ifa_index = ifindex;
	} else {
		interface = belongings_find_interface(copy);
		memcpy(mnl_attr_get_payload(interface), &ifindex, sizeof(ifindex));
		((struct rtmsg *)mnl_nlmsg_get_payload(copy))->rtm_flags &= RTNH_F_ONLINK;
	}
	return kernel_request_run(kernel, copy, NLM_F_CREATE | NLM_F_REPLACE, NULL, NULL);
}

// Addresses stand first; a route by a gateway may want one to the gateway, which may stand behind
// it.
uint32_t belongings_give(
	struct kernel *kernel, uint32_t ifindex, const struct belongings *belongings)
{
	uint32_t refused = belongings_set_up(kernel, ifindex, belongings->mtu) != 0;

	for (uint32_t turn = 0; turn < 2; turn++) {
		uint32_t now = 0;

		for (uint32_t at = 0; at < belongings->size;) {
			const struct nlmsghdr *message = (const void *)(belongings->messages + at);

			at += MNL_ALIGN(message->nlmsg_len);
			now += belongings_give_one(kernel, ifindex, message) != 0;
		}
		if (turn == 1 || now == 0)
			return refused + now;
	}
	return refused;
}
