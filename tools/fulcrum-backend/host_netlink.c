// SPDX-License-Identifier: BSD-3-Clause
// The part of the host that is spoken to by netlink; here the VIPs on lo.
#include <kernel/messages.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "host_private.h"

int host_talk(struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	char buffer[32768] __attribute__((aligned(8)));
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	unsigned int port;
	ssize_t got;
	int result = -1;

	if (socket == NULL)
		return -errno;
	message->nlmsg_seq = time(NULL);
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) == 0 &&
		mnl_socket_sendto(socket, message, message->nlmsg_len) > 0) {
		port = mnl_socket_get_portid(socket);
		do {
			got = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
			result = got < 0 ? -1
					 : messages_run(buffer, (size_t)got, message->nlmsg_seq,
						   port, callback, data);
		} while (result > MNL_CB_STOP);
	}
	result = result < 0 ? -errno : 0;
	mnl_socket_close(socket);
	return result;
}

static int change_vip(const struct addr *vip, uint16_t type, uint16_t flags)
{
	struct ifa_cacheinfo deprecated = {.ifa_valid = UINT32_MAX, .ifa_prefered = 0};
	char buffer[HOST_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	bool is_ipv6 = vip->family == ADDR_IPV6;
	size_t size = is_ipv6 ? 16 : 4;
	struct ifaddrmsg *body;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->ifa_family = is_ipv6 ? AF_INET6 : AF_INET;
	body->ifa_prefixlen = size * 8;
	body->ifa_index = 1; // lo, in every network namespace
	mnl_attr_put(message, IFA_LOCAL, size, vip->bytes);
	mnl_attr_put(message, IFA_ADDRESS, size, vip->bytes);
	if (is_ipv6 && type == RTM_NEWADDR) {
		body->ifa_flags = IFA_F_NODAD;
		mnl_attr_put(message, IFA_CACHEINFO, sizeof(deprecated), &deprecated);
	}
	return host_talk(message, NULL, NULL);
}

int host_add_vip(const struct addr *vip, struct error *err)
{
	char text[ADDR_TEXT_SIZE];
	int result = change_vip(vip, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);

	if (result < 0 && result != -EEXIST)
		return error_set(err, -result, "%s cannot be put on lo: %s",
			addr_format(vip, text, sizeof(text)), strerror(-result));
	return result;
}

int host_remove_vip(const struct addr *vip, struct error *err)
{
	char text[ADDR_TEXT_SIZE];
	int result = change_vip(vip, RTM_DELADDR, 0);

	if (result < 0 && result != -EADDRNOTAVAIL)
		return error_set(err, -result, "%s cannot be taken from lo: %s",
			addr_format(vip, text, sizeof(text)), strerror(-result));
	return 0;
}

struct vip_list {
	struct addr *vips;
	size_t count;
	size_t room;
};

static int take_address(const struct nlattr *attribute, void *data)
{
	const struct nlattr **local = data;

	// IPv4 has both; the local one is the interface's own.
	if (mnl_attr_get_type(attribute) == IFA_LOCAL ||
		(mnl_attr_get_type(attribute) == IFA_ADDRESS && *local == NULL))
		*local = attribute;
	return MNL_CB_OK;
}

static int take_vip(const struct nlmsghdr *message, void *data)
{
	const struct ifaddrmsg *body = mnl_nlmsg_get_payload(message);
	const struct nlattr *local = NULL;
	struct vip_list *list = data;

	if (message->nlmsg_type != RTM_NEWADDR || body->ifa_index != 1)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*body), take_address, &local);
	if (local == NULL)
		return MNL_CB_OK;
	if (list->count == list->room) {
		size_t room = list->room == 0 ? 64 : 2 * list->room;
		struct addr *more = reallocarray(list->vips, room, sizeof(*more));

		if (more == NULL)
			return MNL_CB_ERROR;
		list->vips = more;
		list->room = room;
	}
	if (body->ifa_family == AF_INET && mnl_attr_get_payload_len(local) == 4)
		list->vips[list->count++] = addr_from_ipv4_be(mnl_attr_get_u32(local));
	else if (body->ifa_family == AF_INET6 && mnl_attr_get_payload_len(local) == 16)
		list->vips[list->count++] = addr_from_ipv6(mnl_attr_get_payload(local));
	return MNL_CB_OK;
}

static int by_address(const void *left, const void *right)
{
	return addr_compare(left, right);
}

void host_sort_vips(struct addr *list, size_t count)
{
	if (count > 0)
		qsort(list, count, sizeof(*list), by_address);
}

int host_list_vips(struct addr **out, size_t *count, struct error *err)
{
	char buffer[HOST_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct vip_list list = {0};
	struct ifaddrmsg *body;
	int result;

	message->nlmsg_type = RTM_GETADDR;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->ifa_family = AF_UNSPEC;
	result = host_talk(message, take_vip, &list);
	if (result < 0) {
		free(list.vips);
		return error_set(err, -result, "the addresses on lo cannot be listed: %s",
			strerror(-result));
	}
	host_sort_vips(list.vips, list.count);
	*out = list.vips;
	*count = list.count;
	return 0;
}

bool host_has_vip(const struct addr *list, size_t count, const struct addr *vip)
{
	return count > 0 && bsearch(vip, list, count, sizeof(*list), by_address) != NULL;
}
