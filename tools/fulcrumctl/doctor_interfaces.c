// SPDX-License-Identifier: BSD-3-Clause
#include "doctor_checks.h"

#include <config/device.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Interfaces of the kernel that a port drives: net_af_packet0,iface=eth0.

static bool is_global(const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	if (address == NULL)
		return false;
	return address->sa_family == AF_INET ||
	       (address->sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr));
}

// Of this machine alone: no file below another root tells of addresses.
static bool has_address(const struct doctor *doctor, const char *name)
{
	struct ifaddrs *list;
	bool found = false;

	if (doctor->root[0] != '\0' || getifaddrs(&list) != 0)
		return false;
	for (const struct ifaddrs *entry = list; entry != NULL && !found; entry = entry->ifa_next)
		found = strcmp(entry->ifa_name, name) == 0 && is_global(entry->ifa_addr);
	freeifaddrs(list);
	return found;
}

static uint32_t ask(const char *name, uint32_t command)
{
	struct ethtool_value value = {.cmd = command};
	struct ifreq request = {.ifr_data = (void *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request) != 0)
		value.data = 0;
	if (fd >= 0)
		close(fd);
	return value.data;
}

// Packets that the kernel has put together are longer than the MTU, and are cut off or lost.
static bool merges(const struct doctor *doctor, const char *name)
{
	return doctor->root[0] == '\0' &&
	       (ask(name, ETHTOOL_GGRO) != 0 || (ask(name, ETHTOOL_GFLAGS) & ETH_FLAG_LRO) != 0);
}

static void check(struct doctor *doctor, const struct daemon_port *port, const char *name)
{
	const char *beside = port->kernel_interface;
	char path[DOCTOR_PATH_SIZE], state[16];

	snprintf(path, sizeof(path), "/sys/class/net/%s/operstate", name);
	if (name[0] == '\0') {
		doctor_wrong(doctor, "%s: its device names no interface", port->name);
		doctor_mend(doctor, "in %s: device: %.*s,iface=eth0", doctor->file,
			(int)strcspn(port->device, ","), port->device);
	} else if (!doctor_read(doctor, path, state, sizeof(state))) {
		doctor_wrong(doctor, "%s: there is no interface %s", port->name, name);
		doctor_mend(doctor, "ip -br link; then name one of them in %s", doctor->file);
	} else if (beside[0] == '\0') {
		doctor_wrong(doctor, "%s drives %s, and has no kernel_interface for its address",
			port->name, name);
		doctor_mend(
			doctor, "in %s give the port a kernel_interface: fulcrum0", doctor->file);
	} else if (strcmp(state, "down") == 0) {
		doctor_wrong(doctor, "%s: %s is down", port->name, name);
		doctor_mend(doctor, "ip link set dev %s up", name);
	} else if (has_address(doctor, name)) {
		doctor_wrong(doctor, "%s drives %s, which still has an address of its own",
			port->name, name);
		doctor_mend(doctor, "fulcrum-interface lend %s %s", name, beside);
	} else if (merges(doctor, name)) {
		doctor_wrong(doctor, "%s: %s puts packets together (gro or lro)", port->name, name);
		doctor_mend(doctor, "ethtool -K %s gro off lro off", name);
	} else {
		doctor_ok(doctor, "%s drives %s", port->name, name);
	}
}

void doctor_check_interface(struct doctor *doctor)
{
	char name[DEVICE_INTERFACE_SIZE];
	bool found = false;

	for (uint32_t p = 0; p < doctor->config.port_count; p++) {
		const struct daemon_port *port = &doctor->config.ports[p];

		if (!device_drives_interface(port->device, name))
			continue;
		found = true;
		check(doctor, port, name);
	}
	if (!found)
		doctor_ok(doctor, "no port drives an interface of the kernel");
}

static const struct message_row_port *port_named(const struct doctor *doctor, const char *name)
{
	const struct message_row_port *ports = (const struct message_row_port *)doctor->ports.bytes;

	for (size_t p = 0; p < doctor->ports.count; p++) {
		if (strncmp(ports[p].name, name, sizeof(ports[p].name)) == 0)
			return &ports[p];
	}
	return NULL;
}

// The daemon follows its interfaces whatever they are called; what is set up by name does not.
static void check_side(struct doctor *doctor, const struct daemon_port *port)
{
	const struct message_row_port *row = port_named(doctor, port->name);
	char now[sizeof(row->kernel_interface) + 1] = "";

	if (row != NULL)
		memcpy(now, row->kernel_interface, sizeof(row->kernel_interface));
	if (row == NULL) {
		doctor_unknown(doctor, "%s: the daemon that runs has no such port", port->name);
	} else if (now[0] == '\0') {
		doctor_wrong(doctor, "%s: %s is gone", port->name, port->kernel_interface);
		doctor_mend(doctor, "systemctl restart fulcrumd");
	} else if (strcmp(now, port->kernel_interface) != 0) {
		doctor_wrong(
			doctor, "%s: %s is called %s now", port->name, port->kernel_interface, now);
		doctor_mend(doctor, "ip link set dev %s name %s", now, port->kernel_interface);
	} else {
		doctor_ok(doctor, "%s: %s is there", port->name, now);
	}
}

void doctor_check_kernel_side(struct doctor *doctor)
{
	bool found = false;

	for (uint32_t p = 0; doctor->has_config && p < doctor->config.port_count; p++) {
		const struct daemon_port *port = &doctor->config.ports[p];

		if (port->kernel_interface[0] == '\0')
			continue;
		found = true;
		check_side(doctor, port);
	}
	if (!found)
		doctor_ok(doctor, "no port of the file has a kernel side");
}

void doctor_check_checksums(struct doctor *doctor)
{
	for (size_t p = 0; p < doctor->ports.count; p++) {
		const struct message_row_port *port =
			(const struct message_row_port *)doctor->ports.bytes + p;

		doctor_ok(doctor,
			"%.*s: %lu packet(s) came with partial checksums, and were given whole ones",
			(int)sizeof(port->name), port->name,
			(unsigned long)port->rx_checksum_partial);
		if (port->rx_checksum_partial > 0)
			doctor_mend(doctor,
				"to spare the workers that: ethtool -K INTERFACE tx off, at the senders or at the host's end of "
				"their cables");
	}
}
