// SPDX-License-Identifier: BSD-3-Clause
#include "device.h"
#include "fulcrumd.h"

#include <base/log.h>
#include <errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <string.h>

#define BUFFER_CACHE 256

// Enough for every descriptor of every queue to hold one, for the bursts in the workers' hands and
// their caches.
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

static void describe(struct ports *ports, uint32_t p, const struct daemon_port *port, uint16_t id,
	const struct mac *mac)
{
	struct running_port *control = &ports->control[p];

	memcpy(control->name, port->name, sizeof(control->name));
	memcpy(control->device, port->device, sizeof(control->device));
	memcpy(control->kernel_interface, port->kernel_interface,
		sizeof(control->kernel_interface));
	control->id = id;
	control->queues = (uint16_t)ports->queues;
	device_rss(id, port->device, control->rss, sizeof(control->rss));
	device_rss_indirection(id, control->queues, &control->rss_indirection);
	control->tells_link = device_tells_link(id);
	control->is_bond = device_is_bond(id);
	control->mtu = port->mtu;
	control->vlan_tci = port->vlan == DAEMON_VLAN_SET ? port->vlan_id : ENCAP_VLAN_NONE;
	control->mac = *mac;
}

static int start_port(const struct daemon_config *config, struct ports *ports, uint32_t p,
	uint16_t id, struct error *err)
{
	const struct daemon_port *port = &config->ports[p];
	uint16_t queues = (uint16_t)ports->queues;
	struct rte_ether_addr address;
	uint16_t kernel_id = PIPELINE_NO_KERNEL;
	struct mac mac;
	int rc = device_start(id, port, queues, ports->buffers, err);

	if (rc != 0)
		return rc;
	rte_eth_macaddr_get(id, &address);
	memcpy(mac.bytes, address.addr_bytes, sizeof(mac.bytes));
	if (port->kernel_interface[0] != '\0') {
		rc = kernel_side_make(port, p, queues, &mac, &kernel_id, err);
		if (rc == 0)
			rc = device_start(kernel_id, port, queues, ports->buffers, err);
	}
	if (rc != 0)
		return rc;
	describe(ports, p, port, id, &mac);
	ports->pipeline[p] = (struct pipeline_port){
		.id = id,
		.kernel_id = kernel_id,
		.vlan_id = port->vlan == DAEMON_VLAN_SET ? port->vlan_id : 0,
		.vlan_kept = port->vlan == DAEMON_VLAN_KEEP,
		.mac = mac,
		.partial = device_has_partial(id, port->device),
		.kernel_partial =
			kernel_id != PIPELINE_NO_KERNEL && device_has_partial(kernel_id, ""),
	};
	ports->count = p + 1;
	return 0;
}

static int find(const struct daemon_port *port, uint16_t *id, struct error *err)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(port->device, ","), port->device);
	if (rte_eth_dev_get_port_by_name(name, id) == 0)
		return 0;
	return error_set(err, ENODEV,
		"port %s: DPDK found no device '%s'; 'fulcrumctl doctor' says what is missing",
		port->name, name);
}

// A worker without a queue of its own on every port could not transmit there without a lock.
static int count_queues(const struct daemon_config *config, const uint16_t *ids,
	struct ports *ports, struct error *err)
{
	ports->queues = config->worker_count;
	for (uint32_t p = 0; p < config->port_count; p++) {
		uint32_t queues;
		int rc = device_queues(ids[p], &config->ports[p], &queues, err);

		if (rc != 0)
			return rc;
		if (queues < ports->queues) {
			log_warning(
				"port %s has %u queue(s) each way: %u of %u workers work, the cores of the others stay idle",
				config->ports[p].name, queues, queues, config->worker_count);
			ports->queues = queues;
		}
	}
	return 0;
}

int ports_start(const struct daemon_config *config, struct ports *ports, struct error *err)
{
	uint16_t ids[DAEMON_PORTS_MAX];
	int rc = make_buffers(config, ports, err);

	device_ask_for_links();
	for (uint32_t p = 0; rc == 0 && p < config->port_count; p++)
		rc = find(&config->ports[p], &ids[p], err);
	if (rc == 0)
		rc = count_queues(config, ids, ports, err);
	for (uint32_t p = 0; rc == 0 && p < config->port_count; p++)
		rc = start_port(config, ports, p, ids[p], err);
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
