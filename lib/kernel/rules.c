// SPDX-License-Identifier: BSD-3-Clause
#include <kernel/kernel_private.h>

#include <linux/fib_rules.h>

// Policy routing. A socket's packets are routed twice: without a source, which chooses the source,
// and then with it, which may match another rule ('ip rule add from 10.0.0.2 table 100'). Mostly
// there are no such rules, and one look-up does.

// local, main, default, of both families.
static bool is_usual(uint32_t priority)
{
	return priority == 0 || priority == 32766 || priority == 32767;
}

static int take_rule(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attr;
	uint32_t priority = 0; // which is not told where it is 0
	bool *found = context;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(struct fib_rule_hdr))
		return MNL_CB_OK;
	mnl_attr_for_each(attr, message, sizeof(struct fib_rule_hdr))
	{
		if (mnl_attr_get_type(attr) == FRA_PRIORITY &&
			mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
			priority = mnl_attr_get_u32(attr);
	}
	*found |= !is_usual(priority);
	return MNL_CB_OK;
}

bool rules_exist(struct kernel *kernel)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	bool found = false;
	int rc = 0;

	if (kernel->rules_are_known)
		return kernel->has_rules;
	for (size_t i = 0; rc == 0 && i < sizeof(families); i++) {
		const struct fib_rule_hdr header = {.family = families[i]};

		rc = kernel_request_dump(
			kernel, RTM_GETRULE, &header, sizeof(header), take_rule, &found);
	}
	if (rc == 0) {
		kernel->rules_are_known = true;
		kernel->has_rules = found;
	}
	return kernel->has_rules || found;
}
