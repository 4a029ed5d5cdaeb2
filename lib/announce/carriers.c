// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announcer_private.h>

// The interfaces that may carry a VIP: those that were named, and the VLANs on them.

static void carriers_add(struct announcer *announcer, const struct kernel_link *link, bool is_vlan)
{
	if (announcer->carrier_count < ANNOUNCER_INTERFACES_MAX)
		announcer->carriers[announcer->carrier_count++] =
			(struct carrier){link->ifindex, is_vlan, link->up};
}

static void carriers_add_vlans(struct announcer *announcer, uint32_t below)
{
	const struct kernel_link *link = NULL;

	while ((link = kernel_next_link(announcer->kernel, link)) != NULL) {
		if (link->vlan_id != 0 && link->below == below)
			carriers_add(announcer, link, true);
	}
}

void carriers_find(struct announcer *announcer)
{
	const struct kernel_link *link;

	announcer->carrier_count = 0;
	for (uint32_t i = 0; i < announcer->interface_count; i++) {
		kernel_follow(announcer->kernel, &announcer->interfaces[i]);
		link = kernel_find_link(announcer->kernel, announcer->interfaces[i].ifindex);
		if (link != NULL)
			carriers_add(announcer, link, false);
		if (link != NULL)
			carriers_add_vlans(announcer, link->ifindex);
	}
}

const struct carrier *carriers_find_by_index(const struct announcer *announcer, uint32_t ifindex)
{
	for (uint32_t i = 0; i < announcer->carrier_count; i++) {
		if (announcer->carriers[i].ifindex == ifindex)
			return &announcer->carriers[i];
	}
	return NULL;
}
