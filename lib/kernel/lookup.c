// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <errno.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <string.h>

#define REQUEST_SIZE 256

static void take_via(const struct nlattr *attr, struct addr *out)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t size = mnl_attr_get_payload_len(attr);

	if (size > sizeof(*via))
		addr_from_af(via->rtvia_family, via->rtvia_addr, size - sizeof(*via), out);
}

static void take_metrics(const struct nlattr *metrics, uint32_t *mtu)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, metrics)
	{
		if (mnl_attr_get_type(attr) == RTAX_MTU &&
			mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			*mtu = mnl_attr_get_u32(attr);
	}
}

static void take_attribute(int af, const struct nlattr *attr, struct kernel_next_hop *out)
{
	const void *bytes = mnl_attr_get_payload(attr);
	size_t size = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			out->ifindex = mnl_attr_get_u32(attr);
		break;
	case RTA_GATEWAY:
		addr_from_af(af, bytes, size, &out->gateway);
		break;
	case RTA_VIA: // a gateway of the other family, RFC 5549
		take_via(attr, &out->gateway);
		break;
	case RTA_PREFSRC:
		addr_from_af(af, bytes, size, &out->source);
		break;
	case RTA_METRICS:
		if (mnl_attr_validate(attr, MNL_TYPE_NESTED) == 0)
			take_metrics(attr, &out->mtu);
		break;
	default:
		break;
	}
}

static int take_route(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(message);
	struct kernel_next_hop *out = context;
	const struct nlattr *attr;

	if (message->nlmsg_type != RTM_NEWROUTE ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*route))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, message, sizeof(*route))
		take_attribute(route->rtm_family, attr, out);
	out->reachable = out->ifindex != 0 &&
			 (route->rtm_type == RTN_UNICAST || route->rtm_type == RTN_LOCAL);
	return MNL_CB_OK;
}

// How the kernel says that it has no route, or one that forbids: unreachable, blackhole, prohibit, throw.
static bool means_no_route(int rc)
{
	return rc == -ENETUNREACH || rc == -EHOSTUNREACH || rc == -EINVAL || rc == -EACCES ||
	       rc == -EAGAIN || rc == -ESRCH;
}

static void add_link_and_neighbour(const struct table *table, struct kernel_next_hop *out)
{
	const struct link *link = table_link(table, out->ifindex);
	const struct neighbour *neighbour = table_neighbour(table, out->ifindex, &out->gateway);

	out->port_ifindex = out->ifindex;
	if (link != NULL) {
		if (link->vlan_id != 0) {
			out->port_ifindex = link->below;
			out->vlan_id = link->vlan_id;
		}
		out->source_mac = link->mac;
		if (out->mtu == 0)
			out->mtu = link->mtu;
	}
	if (neighbour != NULL && link != NULL && link->up) {
		out->mac = neighbour->mac;
		out->resolved = true;
	}
}

int kernel_lookup(struct kernel *kernel, const struct addr *destination,
	struct kernel_next_hop *out, struct error *err)
{
	uint8_t space[REQUEST_SIZE] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	char text[ADDR_TEXT_SIZE];
	struct rtmsg *route;
	int rc;

	memset(out, 0, sizeof(*out));
	if (destination->family == ADDR_NONE)
		return error_set(err, EINVAL, "a route was asked for without an address");
	message->nlmsg_type = RTM_GETROUTE;
	route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
	route->rtm_family = addr_to_af(destination);
	route->rtm_dst_len = destination->family == ADDR_IPV6 ? 128 : 32;
	request_put_addr(message, RTA_DST, destination);
	rc = request_run(kernel, message, 0, take_route, out);
	if (rc != 0 && !means_no_route(rc))
		return error_set(err, -rc, "the kernel did not say its route to %s: %s",
			addr_format(destination, text, sizeof(text)), strerror(-rc));
	if (!out->reachable) {
		memset(out, 0, sizeof(*out));
		return 0;
	}
	if (out->gateway.family == ADDR_NONE)
		out->gateway = *destination;
	add_link_and_neighbour(&kernel->table, out);
	return 0;
}

static struct nlmsghdr *put_neighbour_request(
	void *space, uint16_t type, uint32_t ifindex, const struct addr *address, uint8_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct ndmsg *info;

	message->nlmsg_type = type;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ndm_family = addr_to_af(address);
	info->ndm_ifindex = ifindex;
	info->ndm_flags = flags;
	request_put_addr(message, NDA_DST, address);
	return message;
}

static int take_state(const struct nlmsghdr *message, void *context)
{
	const struct ndmsg *info = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == RTM_NEWNEIGH &&
		mnl_nlmsg_get_payload_len(message) >= sizeof(*info))
		*(uint16_t *)context = info->ndm_state;
	return MNL_CB_OK;
}

int kernel_solicit(struct kernel *kernel, uint32_t ifindex, const struct addr *gateway)
{
	uint8_t space[REQUEST_SIZE] = {0};
	uint16_t state = NUD_NONE;
	struct nlmsghdr *message;

	// NTF_USE takes NUD_PERMANENT from an entry that has it (__neigh_update(), since 5.15): what an
	// operator wrote there is left alone.
	message = put_neighbour_request(space, RTM_GETNEIGH, ifindex, gateway, 0);
	request_run(kernel, message, 0, take_state, &state);
	if ((state & (NUD_PERMANENT | NUD_NOARP)) != 0)
		return 0;
	message = put_neighbour_request(space, RTM_NEWNEIGH, ifindex, gateway, NTF_USE);
	return request_run(kernel, message, NLM_F_CREATE, NULL, NULL);
}

uint32_t kernel_ifindex(const char *name)
{
	return if_nametoindex(name);
}
