// SPDX-License-Identifier: BSD-3-Clause
// Who else has programs on an interface, and in which order they run.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host_private.h"

// Of <linux/bpf.h>, since Linux 6.6; a kernel without them says so.
#define TCX_INGRESS 46
#define TCX_EGRESS  47

static int dump_filters(uint32_t index, enum link_side side, mnl_cb_t callback, void *data)
{
	char buffer[HOST_REQUEST_SIZE] __attribute__((aligned(8)));
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct tcmsg *body;

	message->nlmsg_type = RTM_GETTFILTER;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->tcm_family = AF_UNSPEC;
	body->tcm_ifindex = (int)index;
	body->tcm_parent =
		TC_H_MAKE(TC_H_CLSACT, side == LINK_IN ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS);
	return host_talk(message, callback, data);
}

// A classifier's head is listed beside its filters; a filter has a handle.
static bool is_filter(const struct nlmsghdr *message)
{
	const struct tcmsg *body = mnl_nlmsg_get_payload(message);

	return message->nlmsg_type == RTM_NEWTFILTER && body->tcm_handle != 0;
}

static int count_filter(const struct nlmsghdr *message, void *data)
{
	if (is_filter(message))
		++*(int *)data;
	return MNL_CB_OK;
}

int host_count_filters(uint32_t index, struct error *err)
{
	int count = 0;

	for (enum link_side side = LINK_IN; side <= LINK_OUT; side++) {
		int result = dump_filters(index, side, count_filter, &count);

		if (result < 0)
			return error_set(
				err, -result, "filters cannot be listed: %s", strerror(-result));
	}
	return count;
}

struct ahead {
	uint32_t *list;
	size_t size;
	size_t count;
	bool is_passed; // our own filter was listed: what comes now runs later
};

static void add_ahead(struct ahead *ahead, uint32_t what)
{
	if (ahead->count > 0 && ahead->list[ahead->count - 1] == what)
		return;
	if (ahead->count < ahead->size)
		ahead->list[ahead->count++] = what;
}

static int take_chain(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == TCA_CHAIN)
		*(uint32_t *)data = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

// The kernel lists filters in the order in which they run.
static int take_ahead(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *body = mnl_nlmsg_get_payload(message);
	uint32_t priority = TC_H_MAJ(body->tcm_info) >> 16;
	uint16_t protocol = ntohs(TC_H_MIN(body->tcm_info));
	struct ahead *ahead = data;
	uint32_t chain = 0;

	if (!is_filter(message))
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*body), take_chain, &chain);
	if (chain != 0 || ahead->is_passed || priority > LINKS_PRIORITY)
		return MNL_CB_OK;
	if (priority == LINKS_PRIORITY && body->tcm_handle == LINKS_HANDLE)
		ahead->is_passed = true;
	else if (protocol == ETH_P_ALL || protocol == ETH_P_IP || protocol == ETH_P_IPV6)
		add_ahead(ahead, priority);
	return MNL_CB_OK;
}

static void find_tcx(uint32_t index, enum link_side side, struct ahead *ahead)
{
	uint32_t flags = 0, count = 0;
	int result = bpf_prog_query(
		(int)index, side == LINK_IN ? TCX_INGRESS : TCX_EGRESS, 0, &flags, NULL, &count);

	if (result == 0 && count > 0)
		add_ahead(ahead, FB_AHEAD_TCX);
}

static void find_xdp(uint32_t index, struct ahead *ahead)
{
	uint32_t id = 0;

	if (bpf_xdp_query_id((int)index, 0, &id) == 0 && id != 0)
		add_ahead(ahead, FB_AHEAD_XDP);
}

int host_find_ahead(uint32_t index, enum link_side side, uint32_t *out, size_t size)
{
	struct ahead ahead = {.list = out, .size = size};
	int result;

	if (side == LINK_IN)
		find_xdp(index, &ahead);
	find_tcx(index, side, &ahead);
	result = dump_filters(index, side, take_ahead, &ahead);
	if (result < 0 && result != -EINVAL && result != -ENOENT) // no clsact, no filters
		return result;
	return (int)ahead.count;
}
