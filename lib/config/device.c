// SPDX-License-Identifier: BSD-3-Clause
#include <config/device.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

// A driver is found as a part of the text: a member of a bond is a device, too.
static const struct {
	const char *driver;
	bool drives_interface;
	bool is_virtual;
	const char *spreader;
} kinds[] = {
	{"net_af_packet", true, true, "the kernel's fanout by flow"},
	{"net_af_xdp", true, true, "the interface's own RSS"},
	{"net_pcap", true, true, NULL},
	{"net_tap", false, false, "the kernel, by flow"},
	{"net_memif", false, true, "the other side"},
	{"net_vhost", false, true, "the other side"},
	{"virtio", false, true, "the other side"},
	{"net_ring", false, true, "the other side"},
	{"net_vmxnet3", false, true, NULL},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

bool device_drives_interface(const char *device, char name[DEVICE_INTERFACE_SIZE])
{
	const char *at = strstr(device, ",iface=");
	size_t k = 0;

	name[0] = '\0';
	while (k < KINDS && (!kinds[k].drives_interface ||
				    strncmp(device, kinds[k].driver, strlen(kinds[k].driver)) != 0))
		k++;
	if (k == KINDS)
		return false;
	if (at != NULL) {
		at += strlen(",iface=");
		snprintf(name, DEVICE_INTERFACE_SIZE, "%.*s", (int)strcspn(at, ","), at);
	}
	// Files are what net_pcap reads and writes otherwise.
	return at != NULL || strncmp(device, "net_pcap", strlen("net_pcap")) != 0;
}

bool device_is_virtual(const char *device)
{
	for (size_t k = 0; k < KINDS; k++)
		if (kinds[k].is_virtual && strstr(device, kinds[k].driver) != NULL)
			return true;
	return false;
}

const char *device_spreader(const char *device)
{
	for (size_t k = 0; k < KINDS; k++)
		if (strstr(device, kinds[k].driver) != NULL)
			return kinds[k].spreader;
	return NULL;
}
