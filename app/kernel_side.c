// SPDX-License-Identifier: BSD-3-Clause
#include "device.h"

#include <base/log.h>
#include <errno.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <string.h>
#include <unistd.h>

#define VHOST_NET "/dev/vhost-net"

static int make(const char *name, const char *arguments, uint16_t *id)
{
	int rc = rte_eal_hotplug_add("vdev", name, arguments);

	return rc == 0 ? rte_eth_dev_get_port_by_name(name, id) : rc;
}

// Its packets go through the kernel's vhost thread, not through a system call of the worker's for
// each.
static int make_virtio(const struct daemon_port *port, uint32_t number, uint16_t queues,
	const char *mac, uint16_t *id)
{
	char arguments[160];
	char name[32];

	snprintf(name, sizeof(name), "virtio_user%u", 100 + number);
	snprintf(arguments, sizeof(arguments),
		"path=" VHOST_NET ",queues=%u,queue_size=1024,iface=%s,mac=%s", queues,
		port->kernel_interface, mac);
	return make(name, arguments, id);
}

static int make_tap(const struct daemon_port *port, uint32_t number, const char *mac, uint16_t *id)
{
	char arguments[96];
	char name[32];

	snprintf(name, sizeof(name), "net_tap%u", 100 + number);
	snprintf(arguments, sizeof(arguments), "iface=%s,mac=%s", port->kernel_interface, mac);
	return make(name, arguments, id);
}

int kernel_side_make(const struct daemon_port *port, uint32_t number, uint16_t queues,
	const struct mac *mac, uint16_t *id, struct error *err)
{
	char text[MAC_TEXT_SIZE];
	int rc;

	mac_format(mac, text, sizeof(text));
	if (access(VHOST_NET, R_OK | W_OK) == 0) {
		if (make_virtio(port, number, queues, text, id) == 0)
			return 0;
		log_warning("port %s: no virtio_user with " VHOST_NET
			    ", going on with a tap for %s",
			port->name, port->kernel_interface);
	}
	rc = make_tap(port, number, text, id);
	if (rc != 0)
		return error_set(err, -rc,
			"port %s: its kernel-side interface %s cannot be made: %s (is /dev/net/tun there, and the name free?)",
			port->name, port->kernel_interface, strerror(-rc));
	return 0;
}
