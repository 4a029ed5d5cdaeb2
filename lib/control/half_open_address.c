// SPDX-License-Identifier: BSD-3-Clause
#include <control/half_open_private.h>

// A VIP that is announced by ARP stands on the interface too; its packets are not the kernel's.
static bool is_unfit(void *context, const struct addr *address)
{
	const struct control *control = context;

	return snapshot_find_vip(&control->config.publisher->current->vips, address) != NULL;
}

static void search(
	struct control *control, const struct kernel_next_hop *hop, struct own_address *own)
{
	if (!kernel_address(
		    control->kernel, hop->ifindex, own->family, is_unfit, control, &own->address) &&
		hop->port_ifindex != hop->ifindex)
		kernel_address(control->kernel, hop->port_ifindex, own->family, is_unfit, control,
			&own->address);
}

// Asking the kernel takes some microseconds; mostly all backends are behind one interface. The last place is shared.
static struct own_address *find(struct own_address *own, uint32_t ifindex, uint8_t family)
{
	uint32_t i = 0;

	while (i + 1 < HALF_OPEN_INTERFACES && own[i].ifindex != 0 &&
		(own[i].ifindex != ifindex || own[i].family != family))
		i++;
	return &own[i];
}

bool half_open_own_address(
	struct half_opens *half_opens, uint32_t index, uint8_t family, struct addr *out)
{
	struct control *control = half_opens->control;
	const struct kernel_next_hop *hop = &control->running.states[index].hop;
	struct own_address *own;

	if (hop->source.family == family && !is_unfit(control, &hop->source)) {
		*out = hop->source;
		return true;
	}
	own = find(half_opens->own, hop->ifindex, family);
	if (own->ifindex != hop->ifindex || own->family != family) {
		*own = (struct own_address){.ifindex = hop->ifindex, .family = family};
		search(control, hop, own);
	}
	*out = own->address;
	return out->family != ADDR_NONE;
}
