// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <control/control_private.h>
#include <control/resolve_private.h>

#include <rte_ethdev.h>

// Whether each port's cable is in. What stands behind a port without one is behind nothing: its backends have no
// next hop, so that new flows go elsewhere and a VIP that nobody can serve is withdrawn.

bool control_port_has_link(const struct control_port *port)
{
	struct rte_eth_link link;

	return !port->tells_link || rte_eth_link_get_nowait(port->id, &link) != 0 ||
	       link.link_status == RTE_ETH_LINK_UP;
}

void control_follow_links(int fd, short what, void *context)
{
	struct control *control = context;
	bool changed = false;

	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct control_port *port = &control->config.ports[p];
		bool is_down = !control_port_has_link(port);

		if (is_down == control->link_is_down[p])
			continue;
		control->link_is_down[p] = is_down;
		changed = true;
		if (is_down)
			log_warning("port %s: its link is down", port->name);
		else
			log_info("port %s: its link is up", port->name);
	}
	if (changed)
		control_resolve_all(control);
}
