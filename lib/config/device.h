// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_DEVICE_H
#define CONFIG_DEVICE_H

#include <stdbool.h>

// What the text of a port's device says: "net_af_packet0,iface=eth0". Any thread.

#define DEVICE_INTERFACE_SIZE 16

// Whether the device drives an interface of the kernel, which goes on being there: net_af_packet,
// net_af_xdp, net_pcap with an interface. 'name' is that interface's; "": the text names none. A
// tap is no such device: it makes its interface.
bool device_drives_interface(const char *device, char name[DEVICE_INTERFACE_SIZE]);

// Whether packets may come by it that no network card has completed: from guests and containers of
// one host.
bool device_is_virtual(const char *device);

// Who spreads packets over the queues of a device without RSS, in words; NULL: nobody does.
const char *device_spreader(const char *device);

#endif
