// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announcer_private.h>

#include <errno.h>
#include <linux/if_addr.h>

// One VIP put into the kernel, or taken out of it.

#define REQUEST_SIZE 256

// Never a source address of the machine's own connections: of host scope, or deprecated (RFC 6724
// rule 3). Nobody is asked whether it is taken, which would delay it: it is taken, by the balancer
// that had it before.
static void install_put_address(struct nlmsghdr *message, const struct addr *vip, uint32_t ifindex)
{
	const struct ifa_cacheinfo lifetimes = {.ifa_prefered = 0, .ifa_valid = UINT32_MAX};
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	bool is_ipv6 = vip->family == ADDR_IPV6;

	info->ifa_family = (uint8_t)kernel_af_of(vip);
	info->ifa_prefixlen = is_ipv6 ? 128 : 32;
	info->ifa_scope = is_ipv6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_HOST;
	info->ifa_index = ifindex;
	kernel_request_put_addr(message, IFA_LOCAL, vip);
	kernel_request_put_addr(message, IFA_ADDRESS, vip);
	mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NOPREFIXROUTE | (is_ipv6 ? IFA_F_NODAD : 0));
	mnl_attr_put_u8(message, IFA_PROTO, KERNEL_PROTOCOL);
	if (is_ipv6)
		mnl_attr_put(message, IFA_CACHEINFO, sizeof(lifetimes), &lifetimes);
}

static void install_put_route(
	struct nlmsghdr *message, const struct addr *vip, uint32_t metric, uint32_t ifindex)
{
	struct rtmsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->rtm_family = (uint8_t)kernel_af_of(vip);
	info->rtm_dst_len = vip->family == ADDR_IPV6 ? 128 : 32;
	info->rtm_table = RT_TABLE_MAIN;
	info->rtm_protocol = KERNEL_PROTOCOL;
	info->rtm_scope = vip->family == ADDR_IPV6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	info->rtm_type = RTN_UNICAST;
	kernel_request_put_addr(message, RTA_DST, vip);
	mnl_attr_put_u32(message, RTA_OIF, ifindex);
	if (metric != 0)
		mnl_attr_put_u32(message, RTA_PRIORITY, metric);
}

static int install_request(struct kernel *kernel, const struct addr *vip,
	struct announcer_means means, uint32_t ifindex, bool put)
{
	_Alignas(MNL_ALIGNTO) uint8_t space[REQUEST_SIZE] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);

	if (means.way == ANNOUNCER_ADDRESS) {
		message->nlmsg_type = put ? RTM_NEWADDR : RTM_DELADDR;
		install_put_address(message, vip, ifindex);
	} else {
		message->nlmsg_type = put ? RTM_NEWROUTE : RTM_DELROUTE;
		install_put_route(message, vip, means.metric, ifindex);
	}
	return kernel_request_run(kernel, message, put ? NLM_F_CREATE | NLM_F_EXCL : 0, NULL, NULL);
}

int install_add(struct kernel *kernel, const struct addr *vip, struct announcer_means means,
	uint32_t ifindex)
{
	return install_request(kernel, vip, means, ifindex, true);
}

int install_remove(struct kernel *kernel, const struct addr *vip, struct announcer_means means,
	uint32_t ifindex)
{
	int rc = install_request(kernel, vip, means, ifindex, false);

	return rc == -ESRCH || rc == -EADDRNOTAVAIL || rc == -ENODEV ? 0 : rc;
}
