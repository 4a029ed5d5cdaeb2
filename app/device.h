// SPDX-License-Identifier: BSD-3-Clause
#ifndef APP_DEVICE_H
#define APP_DEVICE_H

#include <base/addr.h>
#include <base/error.h>
#include <config/daemon.h>
#include <running/rss.h>
#include <stddef.h>
#include <stdint.h>

// One DPDK device, by DPDK's number for it. On the main lcore. 0, or a negative errno with the
// sentence.

struct rte_mempool;

// Before any is started: makes bonds look at their members' cables, every 10 ms or
// 'lsc_poll_period_ms', and wait for no interrupt. For all devices that there are.
void device_ask_for_links(void);

// How many queues it has, each way.
int device_queues(uint16_t id, const struct daemon_port *port, uint32_t *queues, struct error *err);

// Configured with one queue a worker each way, the flows spread over them by RSS, and started.
int device_start(uint16_t id, const struct daemon_port *port, uint16_t queues,
	struct rte_mempool *buffers, struct error *err);

// Whether the device knows of its cable. A tap does not: it looks at an interface that may be in
// another namespace.
bool device_tells_link(uint16_t id);

bool device_is_bond(uint16_t id);

// What the started device's RSS looks at: "ipv4 ipv4-tcp ipv6 ...". Without RSS who spreads
// instead, or "off".
void device_rss(uint16_t id, const char *device, char *out, size_t size);
// Whether packets may come by it with partial checksums: 'device' is its text, if it has one.
bool device_has_partial(uint16_t id, const char *device);

// How it spreads packets over its queues, as far as its driver tells.
void device_rss_indirection(uint16_t id, uint16_t queues, struct rss_indirection *out);

// The device by which the kernel uses port number 'number', with the port's own MAC, so that what
// the kernel announces there leads back to the port: virtio_user where the kernel has vhost-net, a
// tap else.
int kernel_side_make(const struct daemon_port *port, uint32_t number, uint16_t queues,
	const struct mac *mac, uint16_t *id, struct error *err);

#endif
