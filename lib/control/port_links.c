// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <base/log.h>
#include <control/control_private.h>
#include <control/interfaces.h>
#include <control/resolve_private.h>
#include <control/taps.h>
#include <metrics/step.h>

#include <rte_ethdev.h>
#include <string.h>

// What changes about a port while it is in use: whether its cable is in, and which hardware address
// its kernel side has.

bool control_port_has_link(const struct control *control, uint32_t p)
{
	const struct running_port *port = &control->config.ports[p];
	struct rte_eth_link link;

	if (!port->tells_link)
		return control->taps == NULL || taps_wire_has_link(control->taps, p);
	return rte_eth_link_get_nowait(port->id, &link) != 0 || link.link_status == RTE_ETH_LINK_UP;
}

// The kernel side has a carrier while the port has a link, as any card's interface: routing
// daemons, networkd and whoever types 'ip link' go by that. One that cannot be told is left as it
// is.
static void tell_kernel(struct control *control, uint32_t p, bool is_down)
{
	const struct running_port *port = &control->config.ports[p];
	const char *name = control_kernel_side_name(control, p);
	int rc;

	if (name[0] == '\0')
		return;
	rc = kernel_set_interface_carrier(control->kernel, name, !is_down);
	if (rc != 0)
		log_warning("port %s: %s cannot be told so: %s", port->name, name, strerror(-rc));
}

static void tell_link(struct control *control, const struct running_port *port, bool is_down)
{
	const char *now = is_down ? "down" : "up";
	struct events_entry entry =
		events_about(EVENTS_LINK, is_down ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
			is_down ? "up" : "down", now, "%s", port->name);

	events_tell(control->events, &entry, "port %s: its link is %s", port->name, now);
}

// What stands behind a port without a link is behind nothing: its backends have no next hop, so
// that new flows go elsewhere and a VIP that nobody can serve is withdrawn.
static void follow_links(struct control *control)
{
	bool changed = false;

	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];
		bool is_down = !control_port_has_link(control, p);

		if (is_down == control->link_is_down[p])
			continue;
		control->link_is_down[p] = is_down;
		changed = true;
		tell_link(control, port, is_down);
		tell_kernel(control, p, is_down);
	}
	if (changed)
		control_resolve_all(control);
}

// The log gets a line for each address that is another one than the last: whoever insists does not
// fill it.
static void put_back_mac(struct control *control, uint32_t p, const struct mac *foreign)
{
	const struct running_port *port = &control->config.ports[p];
	const char *name = control_kernel_side_name(control, p);
	int rc = kernel_set_interface_mac(control->kernel, name, &port->mac);
	char theirs[MAC_TEXT_SIZE], ours[MAC_TEXT_SIZE];

	if (mac_equal(foreign, &control->foreign_macs[p]))
		return;
	control->foreign_macs[p] = *foreign;
	log_warning(
		"port %s: somebody gave %s the address %s; the port takes in packets for %s, %s%s",
		port->name, name, mac_format(foreign, theirs, sizeof(theirs)),
		mac_format(&port->mac, ours, sizeof(ours)),
		rc == 0 ? "which it has again" : "which it could not be given again: ",
		rc == 0 ? "" : strerror(-rc));
}

// The network learns the kernel side's address by ARP, and the port takes in what is for its own.
// udev is one to change it: a new interface that the daemon has not got to yet looks to it as if it
// had an address by chance (MACAddressPolicy=persistent).
static void follow_macs(struct control *control)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];
		const char *name = control_kernel_side_name(control, p);
		struct mac mac;

		if (name[0] != '\0' && kernel_interface_mac(control->kernel, name, &mac) &&
			!mac_equal(&mac, &port->mac))
			put_back_mac(control, p, &mac);
	}
}

void control_follow_ports(int fd, short what, void *context)
{
	STEP_TIMED(LINKS);
	struct control *control = context;

	taps_follow(control->taps);
	control_follow_interfaces(control);
	if (control->resolve_failed)
		control_resolve_all(control);
	announce_follow(control->announce);
	control_follow_bonds(context);
	follow_links(context);
	follow_macs(context);
}
