// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <config/device.h>
#include <control/control_private.h>
#include <control/interfaces.h>
#include <control/taps.h>

#include <string.h>

void control_interfaces_init(struct control *control)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];

		memcpy(control->kernel_sides[p].first_name, port->kernel_interface,
			sizeof(port->kernel_interface));
		device_drives_interface(port->device, control->wires[p].first_name);
		kernel_follow(control->kernel, &control->kernel_sides[p]);
		kernel_follow(control->kernel, &control->wires[p]);
	}
}

static const char interfaces_restart[] = ": restart fulcrumd once it can be there again";

static void interfaces_tell(const struct running_port *port, const char *what,
	const struct kernel_follow *follow, enum kernel_followed event, const char *then)
{
	switch (event) {
	case KERNEL_FOLLOW_RENAMED:
		if (strcmp(follow->name, follow->first_name) == 0)
			log_info("port %s: its %s is called %s again", port->name, what,
				follow->name);
		else
			log_warning(
				"port %s: its %s %s is called %s now, and is followed; the daemon's file has it as %s: "
				"'ip link set dev %s name %s'",
				port->name, what, follow->first_name, follow->name,
				follow->first_name, follow->name, follow->first_name);
		break;
	case KERNEL_FOLLOW_GONE:
		log_error("port %s: its %s %s is gone%s", port->name, what, follow->name, then);
		break;
	case KERNEL_FOLLOW_FOUND:
		log_info("port %s: its %s %s is there", port->name, what, follow->name);
		break;
	case KERNEL_FOLLOW_SAME:
		break;
	}
}

static const char *interfaces_then(const struct control *control, uint32_t p)
{
	if (control->taps != NULL && taps_makes_side(control->taps, p))
		return ""; // taps.c tells what becomes of it
	if (control->taps != NULL && taps_shares_side(control->taps, p))
		return ", and cannot be made again while the daemon runs: it is of virtio_user, and the kernel's vhost "
		       "thread takes no other in its place: restart fulcrumd";
	return interfaces_restart;
}

void control_follow_interfaces(struct control *control)
{
	for (uint32_t p = 0; p < control->config.port_count; p++) {
		const struct running_port *port = &control->config.ports[p];
		struct kernel_follow *side = &control->kernel_sides[p], *wire = &control->wires[p];

		interfaces_tell(port, "kernel-side interface", side,
			kernel_follow(control->kernel, side), interfaces_then(control, p));
		interfaces_tell(port, "wire", wire, kernel_follow(control->kernel, wire),
			interfaces_restart);
	}
}

uint32_t control_kernel_side(const struct control *control, uint32_t port)
{
	return control->kernel_sides[port].ifindex;
}

const char *control_kernel_side_name(const struct control *control, uint32_t port)
{
	return control->kernel_sides[port].ifindex != 0 ? control->kernel_sides[port].name : "";
}
