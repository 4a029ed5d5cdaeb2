// SPDX-License-Identifier: BSD-3-Clause
// The part of the host that is spoken to by netlink: VIPs on lo, filters on a clsact.
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "host.h"

#define REQUEST_SIZE 256

// Sends one request and reads its answers to the end. 'callback' sees each, and may be NULL.
static int talk(struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
	char buffer[32768];
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
					 : mnl_cb_run(buffer, got, message->nlmsg_seq, port,
						   callback, data);
		} while (result > MNL_CB_STOP);
	}
	result = result < 0 ? -errno : 0;
	mnl_socket_close(socket);
	return result;
}

static int change_vip(const struct addr *vip, uint16_t type, uint16_t flags)
{
	struct ifa_cacheinfo deprecated = {.ifa_valid = UINT32_MAX, .ifa_prefered = 0};
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
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
	return talk(message, NULL, NULL);
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

// A classifier's head is listed beside its filters; a filter has a handle.
static int count_filter(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *body = mnl_nlmsg_get_payload(message);

	if (message->nlmsg_type == RTM_NEWTFILTER && body->tcm_handle != 0)
		++*(int *)data;
	return MNL_CB_OK;
}

int host_count_filters(uint32_t index, struct error *err)
{
	static const uint16_t sides[] = {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS};
	char buffer[REQUEST_SIZE] __attribute__((aligned(8)));
	int count = 0;

	for (size_t i = 0; i < 2; i++) {
		struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
		struct tcmsg *body;
		int result;

		message->nlmsg_type = RTM_GETTFILTER;
		message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
		body->tcm_family = AF_UNSPEC;
		body->tcm_ifindex = index;
		body->tcm_parent = TC_H_MAKE(TC_H_CLSACT, sides[i]);
		result = talk(message, count_filter, &count);
		if (result < 0)
			return error_set(
				err, -result, "filters cannot be listed: %s", strerror(-result));
	}
	return count;
}
