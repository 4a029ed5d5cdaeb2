// SPDX-License-Identifier: BSD-3-Clause
#include "fulcrumd.h"

#include <base/log.h>
#include <errno.h>
#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <string.h>

#define BUFFER_CACHE 256

// Enough for every descriptor of every queue to hold one, for the bursts in the workers' hands and their caches.
static uint32_t buffers_needed(const struct daemon_config *config)
{
	uint32_t count = 1024;

	for (uint32_t p = 0; p < config->port_count; p++)
		count += 2 * config->worker_count *
			 (config->ports[p].rx_descriptors + config->ports[p].tx_descriptors);
	return count + config->worker_count * (BUFFER_CACHE * 2 + PIPELINE_BURST * 8);
}

static int make_buffers(const struct daemon_config *config, struct ports *ports, struct error *err)
{
	uint16_t room = RTE_MBUF_DEFAULT_BUF_SIZE;

	for (uint32_t p = 0; p < config->port_count; p++) {
		uint16_t wanted = (uint16_t)(config->ports[p].mtu + RTE_ETHER_HDR_LEN +
					     2 * RTE_VLAN_HLEN + RTE_PKTMBUF_HEADROOM);

		room = RTE_MAX(room, wanted);
	}
	ports->buffers = rte_pktmbuf_pool_create(
		"buffers", buffers_needed(config), BUFFER_CACHE, 0, room, SOCKET_ID_ANY);
	if (ports->buffers == NULL)
		return error_set(err, ENOMEM, "no memory for %u packet buffers; raise eal.memory",
			buffers_needed(config));
	return 0;
}

static uint64_t rss_of(const struct rte_eth_dev_info *info)
{
	uint64_t wanted = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

	return wanted & info->flow_type_rss_offloads;
}

// One queue a worker each way, the flows spread over them.
static int configure(
	uint16_t id, const struct daemon_port *port, uint16_t queues, struct error *err)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = {0};
	int rc = rte_eth_dev_info_get(id, &info);

	if (rc != 0)
		return error_set(err, -rc, "port %s: no information about it: %s", port->name,
			strerror(-rc));
	if (info.max_rx_queues < queues || info.max_tx_queues < queues)
		return error_set(err, EINVAL,
			"port %s has %u receive and %u transmit queues, fewer than the %u workers",
			port->name, info.max_rx_queues, info.max_tx_queues, queues);
	if (queues > 1 && rss_of(&info) != 0) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = rss_of(&info);
	}
	conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	conf.rxmode.mtu = port->mtu;
	rc = rte_eth_dev_configure(id, queues, queues, &conf);
	if (rc != 0)
		return error_set(
			err, -rc, "port %s cannot be configured: %s", port->name, strerror(-rc));
	return 0;
}

static int set_up_queues(uint16_t id, const struct daemon_port *port, uint16_t queues,
	struct rte_mempool *buffers, struct error *err)
{
	uint16_t rx = port->rx_descriptors;
	uint16_t tx = port->tx_descriptors;
	int socket = rte_eth_dev_socket_id(id);
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx);

	for (uint16_t q = 0; rc == 0 && q < queues; q++) {
		rc = rte_eth_rx_queue_setup(id, q, rx, (unsigned int)socket, NULL, buffers);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(id, q, tx, (unsigned int)socket, NULL);
	}
	if (rc != 0)
		return error_set(err, -rc, "port %s: its queues cannot be set up: %s", port->name,
			strerror(-rc));
	return 0;
}

static int start(uint16_t id, const struct daemon_port *port, uint16_t queues,
	struct rte_mempool *buffers, struct error *err)
{
	int rc = configure(id, port, queues, err);

	if (rc == 0)
		rc = set_up_queues(id, port, queues, buffers, err);
	if (rc != 0)
		return rc;
	rc = rte_eth_dev_start(id);
	if (rc != 0)
		return error_set(err, -rc, "port %s does not start: %s", port->name, strerror(-rc));
	rte_eth_allmulticast_enable(id); // NDP; a device without it takes what it is given anyway
	return 0;
}

// A tap with the port's own MAC, so that what the kernel announces there leads back to the port.
static int make_kernel_side(const struct daemon_port *port, uint32_t number, const struct mac *mac,
	uint16_t *id, struct error *err)
{
	char text[MAC_TEXT_SIZE];
	char arguments[96];
	char name[32];
	int rc;

	snprintf(name, sizeof(name), "net_tap%u", 100 + number);
	snprintf(arguments, sizeof(arguments), "iface=%s,mac=%s", port->kernel_interface,
		mac_format(mac, text, sizeof(text)));
	rc = rte_eal_hotplug_add("vdev", name, arguments);
	if (rc == 0)
		rc = rte_eth_dev_get_port_by_name(name, id);
	if (rc != 0)
		return error_set(err, -rc,
			"port %s: its kernel-side interface %s cannot be made: %s (is /dev/net/tun there, and the name free?)",
			port->name, port->kernel_interface, strerror(-rc));
	return 0;
}

static void describe(struct ports *ports, uint32_t p, const struct daemon_port *port, uint16_t id,
	uint16_t queues, const struct mac *mac)
{
	struct control_port *control = &ports->control[p];

	memcpy(control->name, port->name, sizeof(control->name));
	memcpy(control->device, port->device, sizeof(control->device));
	memcpy(control->kernel_interface, port->kernel_interface,
		sizeof(control->kernel_interface));
	control->id = id;
	control->queues = queues;
	control->mtu = port->mtu;
	control->vlan_tci = port->vlan == DAEMON_VLAN_SET ? port->vlan_id : ENCAP_VLAN_NONE;
	control->mac = *mac;
}

static int start_port(const struct daemon_config *config, struct ports *ports, uint32_t p,
	uint16_t id, struct error *err)
{
	const struct daemon_port *port = &config->ports[p];
	uint16_t queues = (uint16_t)config->worker_count;
	struct rte_ether_addr address;
	uint16_t kernel_id = PIPELINE_NO_KERNEL;
	struct mac mac;
	int rc = start(id, port, queues, ports->buffers, err);

	if (rc != 0)
		return rc;
	rte_eth_macaddr_get(id, &address);
	memcpy(mac.bytes, address.addr_bytes, sizeof(mac.bytes));
	if (port->kernel_interface[0] != '\0') {
		rc = make_kernel_side(port, p, &mac, &kernel_id, err);
		if (rc == 0)
			rc = start(kernel_id, port, queues, ports->buffers, err);
	}
	if (rc != 0)
		return rc;
	describe(ports, p, port, id, queues, &mac);
	ports->pipeline[p] = (struct pipeline_port){
		.id = id,
		.kernel_id = kernel_id,
		.vlan_id = port->vlan == DAEMON_VLAN_SET ? port->vlan_id : 0,
		.vlan_kept = port->vlan == DAEMON_VLAN_KEEP,
	};
	ports->count = p + 1;
	return 0;
}

int ports_start(const struct daemon_config *config, struct ports *ports, struct error *err)
{
	int rc = make_buffers(config, ports, err);

	for (uint32_t p = 0; rc == 0 && p < config->port_count; p++) {
		const char *device = config->ports[p].device;
		char name[RTE_ETH_NAME_MAX_LEN];
		uint16_t id;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(device, ","), device);
		if (rte_eth_dev_get_port_by_name(name, &id) != 0)
			return error_set(err, ENODEV, "port %s: DPDK found no device '%s'",
				config->ports[p].name, name);
		rc = start_port(config, ports, p, id, err);
	}
	return rc;
}

void ports_stop(struct ports *ports)
{
	uint16_t id;

	RTE_ETH_FOREACH_DEV (id) {
		rte_eth_dev_stop(id);
		rte_eth_dev_close(id);
	}
	rte_mempool_free(ports->buffers);
}
