// SPDX-License-Identifier: BSD-3-Clause
#include "arguments.h"
#include "fulcrumd.h"

#include <config/device.h>
#include <errno.h>
#include <net/if.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned long value = 0;

	if (file == NULL)
		return 0;
	if (fscanf(file, "%lu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static uint64_t free_hugepage_bytes(void)
{
	return (read_number("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") << 21) +
	       (read_number("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages") << 30);
}

static int check_core(const char *what, uint32_t core, struct error *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology", core);
	if (access(path, F_OK) == 0)
		return 0;
	return error_set(err, ENODEV,
		"%s: this machine has no core %u, or it is offline: 'lscpu -e' lists those that there are",
		what, core);
}

// On hugepages or not, more than there is would be mapped page by page for minutes, and then end by
// the OOM killer.
static int check_memory(const struct daemon_config *config, struct error *err)
{
	uint64_t needed = needs_memory(config);
	uint64_t there = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	if (needed <= there)
		return 0;
	return error_set(err, ENOMEM,
		"%lu MiB of memory are needed, this machine has %lu MiB: lower 'flows', or 'memory' under 'eal'",
		needed >> 20, there >> 20);
}

static int check_interface(const struct daemon_port *port, struct error *err)
{
	char name[DEVICE_INTERFACE_SIZE];

	if (if_nametoindex(port->device) != 0)
		return error_set(err, EINVAL,
			"port %s: %s is an interface of the kernel: device is the card's PCI address "
			"('ls -l /sys/class/net/%s/device' ends with it), or a virtual device: net_af_packet0,iface=%s",
			port->name, port->device, port->device, port->device);
	if (!device_drives_interface(port->device, name) || if_nametoindex(name) != 0)
		return 0;
	if (name[0] == '\0')
		return error_set(err, EINVAL,
			"port %s: device %s names no interface to drive: %.*s,iface=eth0",
			port->name, port->device, (int)strcspn(port->device, ","), port->device);
	return error_set(err, ENODEV,
		"port %s: there is no interface '%s', which its device is to drive: 'ip -br link' lists those that there are",
		port->name, name);
}

// DPDK answers a core that is not there with its whole list of options, and an interface's name
// with "No such device".
static int check_machine(const struct daemon_config *config, struct error *err)
{
	int rc = check_memory(config, err);

	if (rc == 0)
		rc = check_core("control_core", config->control_core, err);
	for (uint32_t w = 0; rc == 0 && w < config->worker_count; w++)
		rc = check_core("workers", config->worker_cores[w], err);
	for (uint32_t p = 0; rc == 0 && p < config->port_count; p++) {
		const struct daemon_port *port = &config->ports[p];

		rc = check_interface(port, err);
	}
	return rc;
}

int eal_start(const struct daemon_config *config, struct error *err)
{
	static struct arguments args;
	int rc = check_machine(config, err);

	if (rc == 0)
		rc = arguments_make(&args, config, free_hugepage_bytes(), err);
	if (rc != 0)
		return rc;
	if (rte_eal_init(args.argc, args.argv) < 0)
		return error_set(err, rte_errno,
			"DPDK does not start: %s (its own words stand above)",
			rte_strerror(rte_errno));
	return 0;
}

void eal_stop(void)
{
	rte_eal_cleanup();
}
