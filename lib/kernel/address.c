// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <linux/if_addr.h>

struct search {
	uint32_t ifindex;
	uint8_t family;
	kernel_is_unfit_fn *is_unfit;
	void *context;
	struct addr *out;
};

// IFA_LOCAL is the interface's own where IFA_ADDRESS is a peer's; IPv6 mostly has IFA_ADDRESS
// alone.
static void read_address(const struct nlmsghdr *message, struct addr *out)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attr;
	struct addr local = {0};

	mnl_attr_for_each(attr, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFA_LOCAL || type == IFA_ADDRESS)
			kernel_read_addr(info->ifa_family, mnl_attr_get_payload(attr),
				mnl_attr_get_payload_len(attr), type == IFA_LOCAL ? &local : out);
	}
	if (local.family != ADDR_NONE)
		*out = local;
}

static int take_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct search *search = context;
	struct addr address = {0};

	if (message->nlmsg_type != RTM_NEWADDR ||
		mnl_nlmsg_get_payload_len(message) < sizeof(*info) ||
		info->ifa_index != search->ifindex || info->ifa_scope > RT_SCOPE_SITE ||
		(info->ifa_flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) != 0 ||
		search->out->family != ADDR_NONE)
		return MNL_CB_OK;
	read_address(message, &address);
	if (address.family == search->family && !search->is_unfit(search->context, &address))
		*search->out = address;
	return MNL_CB_OK;
}

bool kernel_address(struct kernel *kernel, uint32_t ifindex, uint8_t family,
	kernel_is_unfit_fn *is_unfit, void *context, struct addr *out)
{
	struct search search = {ifindex, family, is_unfit, context, out};
	_Alignas(MNL_ALIGNTO) uint8_t space[MNL_NLMSG_HDRLEN + 64] = {0};
	struct nlmsghdr *message = mnl_nlmsg_put_header(space);
	struct ifaddrmsg *info;

	*out = (struct addr){0};
	message->nlmsg_type = RTM_GETADDR;
	info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifa_family = (uint8_t)kernel_af_of(&(struct addr){.family = family});
	kernel_request_run(kernel, message, NLM_F_DUMP, take_address, &search);
	return out->family != ADDR_NONE;
}
