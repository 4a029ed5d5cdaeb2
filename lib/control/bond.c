// SPDX-License-Identifier: BSD-3-Clause
#define ALLOW_EXPERIMENTAL_API // the later names below, for a while
#include <base/log.h>
#include <control/control_private.h>
#include <control/resolve_private.h>

#include <rte_eth_bond.h>
#include <rte_ethdev.h>
#include <rte_version.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#define rte_eth_bond_slaves_get        rte_eth_bond_members_get
#define rte_eth_bond_active_slaves_get rte_eth_bond_active_members_get
#endif

static_assert(RTE_MAX_ETHPORTS <= 64, "a bit for each device");

static uint64_t bits(const uint16_t *ids, int count)
{
	uint64_t result = 0;

	for (int i = 0; i < count; i++)
		result |= RTE_BIT64(ids[i]);
	return result;
}

// Of DPDK's own list, and not asked of the members: the bond does that, from another thread.
static uint64_t bond_ports_down(uint16_t bond)
{
	uint16_t ids[RTE_MAX_ETHPORTS];
	uint64_t all = bits(ids, rte_eth_bond_slaves_get(bond, ids, RTE_MAX_ETHPORTS));

	return all & ~bits(ids, rte_eth_bond_active_slaves_get(bond, ids, RTE_MAX_ETHPORTS));
}

static void bond_tell(
	struct control *control, const struct running_port *port, uint16_t member, bool is_down)
{
	const char *now = is_down ? "down" : "up";
	struct events_entry entry;
	char name[RTE_ETH_NAME_MAX_LEN];

	if (rte_eth_dev_get_name_by_port(member, name) != 0)
		return;
	entry = events_about(EVENTS_LINK, is_down ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
		is_down ? "up" : "down", now, "%s/%s", port->name, name);
	events_tell(control->events, &entry, "port %s: the link of its member %s is %s", port->name,
		name, now);
}

void control_follow_bonds(struct control *control)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];
		uint64_t down = port->is_bond ? bond_ports_down(port->id) : 0;
		uint64_t changed = down ^ control->bond_ports_down[p];

		control->bond_ports_down[p] = down;
		for (uint16_t member = 0; changed != 0; member++, changed >>= 1) {
			if (changed & 1)
				bond_tell(control, port, member, down >> member & 1);
		}
	}
}
