// SPDX-License-Identifier: BSD-3-Clause
#include "device.h"

#include <base/log.h>
#include <config/device.h>
#include <errno.h>
#include <rte_ethdev.h>
#include <string.h>

static uint64_t rss_told[RTE_MAX_ETHPORTS]; // by the port's number

#define RSS_WANTED (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)

static bool is_bond(const struct rte_eth_dev_info *info)
{
	return strcmp(info->driver_name, "net_bonding") == 0;
}

bool device_is_bond(uint16_t id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) == 0 && is_bond(&info);
}

// A bond asks those members for their link whose drivers have no interrupt for it, and waits for
// the others'. Not all keep that promise: net_e1000_em is silent where it has MSI-X, net_tap
// always. So none makes it, in the flags that ethdev itself looks at and gives out the address of.
void device_ask_for_links(void)
{
	struct rte_eth_dev_info info;
	uint16_t id;

	RTE_ETH_FOREACH_DEV (id) {
		if (rte_eth_dev_info_get(id, &info) == 0 && !is_bond(&info))
			*(uint32_t *)(uintptr_t)info.dev_flags &= ~RTE_ETH_DEV_INTR_LSC;
	}
}

static int get_info(uint16_t id, const struct daemon_port *port, struct rte_eth_dev_info *info,
	struct error *err)
{
	int rc = rte_eth_dev_info_get(id, info);

	if (rc != 0)
		return error_set(err, -rc, "port %s: no information about it: %s", port->name,
			strerror(-rc));
	return 0;
}

int device_queues(uint16_t id, const struct daemon_port *port, uint32_t *queues, struct error *err)
{
	struct rte_eth_dev_info info;
	int rc = get_info(id, port, &info, err);

	if (rc == 0)
		*queues = RTE_MIN(info.max_rx_queues, info.max_tx_queues);
	return rc;
}

static void choose_features(const struct rte_eth_dev_info *info, uint16_t queues,
	const struct daemon_port *port, struct rte_eth_conf *conf)
{
	uint64_t rss = RSS_WANTED & info->flow_type_rss_offloads;

	if (queues > 1 && rss != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = rss;
	}
	conf->rxmode.offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
	// All buffers come from one pool, and nobody holds a second reference to one.
	conf->txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	conf->rxmode.mtu = port->mtu;
	// A bond knows its link by then. Else it asks its members when it is asked, while its own
	// thread does.
	conf->intr_conf.lsc = is_bond(info);
}

// A driver that names no largest MTU has a largest frame: its header and check sum are 18 bytes.
static int check_mtu(
	const struct rte_eth_dev_info *info, const struct daemon_port *port, struct error *err)
{
	uint32_t most = info->max_mtu != UINT16_MAX
				? info->max_mtu
				: info->max_rx_pktlen - RTE_ETHER_HDR_LEN - RTE_ETHER_CRC_LEN;

	if (port->mtu <= most)
		return 0;
	return error_set(err, EINVAL, "port %s: its device takes an mtu of %u at most, not %u",
		port->name, most, port->mtu);
}

static int configure(
	uint16_t id, const struct daemon_port *port, uint16_t queues, struct error *err)
{
	struct rte_eth_conf conf = {0};
	struct rte_eth_dev_info info;
	int rc = get_info(id, port, &info, err);

	if (rc == 0)
		rc = check_mtu(&info, port, err);
	if (rc != 0)
		return rc;
	choose_features(&info, queues, port, &conf);
	if (queues > 1 && conf.rxmode.mq_mode != RTE_ETH_MQ_RX_RSS &&
		device_spreader(port->device) == NULL)
		log_warning(
			"port %s spreads nothing over its %u queues: it has no RSS by address or port",
			port->name, queues);
	rss_told[id] = conf.rx_adv_conf.rss_conf.rss_hf;
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

int device_start(uint16_t id, const struct daemon_port *port, uint16_t queues,
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

bool device_tells_link(uint16_t id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(id, &info) == 0 && strcmp(info.driver_name, "net_tap") != 0;
}

bool device_has_partial(uint16_t id, const char *device)
{
	struct rte_eth_dev_info info;

	return device_is_virtual(device) ||
	       (rte_eth_dev_info_get(id, &info) == 0 && device_is_virtual(info.driver_name));
}

// What the card says, or where its driver has no such question, what it was told.
static uint64_t rss_in_force(uint16_t id)
{
	struct rte_eth_rss_conf conf = {0};

	return rte_eth_dev_rss_hash_conf_get(id, &conf) == 0 ? conf.rss_hf : rss_told[id];
}

static int read_table(uint16_t id, uint16_t *queues, uint32_t size)
{
	struct rte_eth_rss_reta_entry64 table[RSS_TABLE_MAX / RTE_ETH_RETA_GROUP_SIZE];
	int rc;

	memset(table, 0xff, sizeof(table)); // all entries are asked for
	rc = rte_eth_dev_rss_reta_query(id, table, (uint16_t)size);
	for (uint32_t i = 0; rc == 0 && i < size; i++)
		queues[i] = table[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
	return rc;
}

void device_rss_indirection(uint16_t id, uint16_t queues, struct rss_indirection *out)
{
	struct rte_eth_rss_conf conf = {.rss_key = out->key, .rss_key_len = sizeof(out->key)};
	struct rte_eth_dev_info info;

	*out = (struct rss_indirection){.size = 1};
	if (queues == 1)
		return;
	out->size = 0;
	if (rte_eth_dev_info_get(id, &info) != 0 || info.reta_size > RSS_TABLE_MAX ||
		info.hash_key_size < 40 || info.hash_key_size > sizeof(out->key) ||
		rte_eth_dev_rss_hash_conf_get(id, &conf) != 0 ||
		read_table(id, out->queues, info.reta_size) != 0)
		return;
	out->kinds = conf.rss_hf;
	out->size = memcmp(out->key, out->key + 1, sizeof(out->key) - 1) != 0
			    ? info.reta_size
			    : 0; // zeros: not told
}

void device_rss(uint16_t id, const char *device, char *out, size_t size)
{
	static const struct {
		uint64_t bits;
		const char *name;
	} kinds[] = {
		{RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER, "ipv4"},
		{RTE_ETH_RSS_NONFRAG_IPV4_TCP, "ipv4-tcp"},
		{RTE_ETH_RSS_NONFRAG_IPV4_UDP, "ipv4-udp"},
		{RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER, "ipv6"},
		{RTE_ETH_RSS_NONFRAG_IPV6_TCP, "ipv6-tcp"},
		{RTE_ETH_RSS_NONFRAG_IPV6_UDP, "ipv6-udp"},
	};
	uint64_t rss = rss_in_force(id);
	size_t used = 0;

	snprintf(
		out, size, "%s", device_spreader(device) != NULL ? device_spreader(device) : "off");
	for (size_t i = 0; i < RTE_DIM(kinds) && used < size; i++) {
		if (rss & kinds[i].bits)
			used += (size_t)snprintf(out + used, size - used, "%s%s",
				used > 0 ? " " : "", kinds[i].name);
	}
}
