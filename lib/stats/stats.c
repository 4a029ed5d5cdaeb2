// SPDX-License-Identifier: BSD-3-Clause
#include <stats/stats.h>

#include <rte_ethdev.h>

int stats_init(struct stats *stats, const struct stats_source *from, uint32_t backends_max)
{
	*stats = (struct stats){.from = *from};
	return flow_counts_init(&stats->flow_counts, backends_max, from->worker_count);
}

void stats_free(struct stats *stats)
{
	flow_counts_free(&stats->flow_counts);
	*stats = (struct stats){0};
}

void stats_count_flows(struct stats *stats)
{
	const struct flow_counts_source source = {
		.tables = stats->from.tables, .snapshot = stats->from.publisher->current};

	flow_counts_step(&stats->flow_counts, &source);
}

// --- What was counted ---

static void stats_subtract(struct metrics_traffic *traffic, const struct metrics_traffic *baseline)
{
	traffic->packets -= baseline->packets;
	traffic->bytes -= baseline->bytes;
	traffic->new_flows -= baseline->new_flows;
	traffic->syn_repeats -= baseline->syn_repeats;
	traffic->syn_resets -= baseline->syn_resets;
}

void stats_backend_traffic(const struct stats *stats, uint32_t index, struct metrics_traffic *out)
{
	metrics_backend(stats->from.metrics, stats->from.worker_count, index, out);
	stats_subtract(out, &stats->from.running->backend_baselines[index]);
}

void stats_service_traffic(const struct stats *stats, uint32_t index, struct metrics_traffic *out)
{
	metrics_service(stats->from.metrics, stats->from.worker_count, index, out);
	stats_subtract(out, &stats->from.running->service_baselines[index]);
}

// --- Who takes new flows ---

// Whether a service that goes by that probe gives it new flows.
static bool stats_probe_lets_use(const struct stats *stats, uint32_t at, uint32_t probe)
{
	const struct running_backend *state = running_state(stats->from.running, at);
	const struct config_backend *backend = &stats->from.running->now->config->backends[at];

	return snapshot_is_usable(
		running_backend_status(backend, state, probe), state->resolved, backend);
}

bool stats_is_usable(const struct stats *stats, uint32_t at)
{
	const struct configuration_probes *probes =
		configuration_probes(stats->from.running->now, at);
	bool is_one = probes == NULL && stats_probe_lets_use(stats, at, 0);

	for (uint32_t p = 0; probes != NULL && p < CONFIG_PROBES_MAX && !is_one; p++)
		is_one = probes->service[p] != CONFIGURATION_NONE &&
			 stats_probe_lets_use(stats, at, p);
	return is_one;
}

bool stats_is_usable_for(const struct stats *stats, uint32_t at, uint32_t service_at)
{
	return stats_probe_lets_use(
		stats, at, stats->from.running->now->service_probes[service_at]);
}

uint32_t stats_pool_backends(const struct stats *stats, uint32_t pool_at)
{
	const struct config *written = stats->from.running->now->written;

	return pool_at < written->pool_count ? written->pools[pool_at].backend_count : 0;
}

const struct snapshot_account *stats_service_account(const struct stats *stats, uint32_t service_at)
{
	return snapshot_service_account(
		stats->from.publisher->current, stats->from.running->now->services[service_at]);
}

void stats_add_shares(const struct snapshot_view *view, uint64_t *shares)
{
	uint32_t services = stats_view_services(view);

	for (uint32_t i = 0; view->current != NULL && i < view->current->member_count; i++)
		shares[view->current->members[i].backend & BACKEND_INDEX_MASK] +=
			(uint64_t)view->current->table->shares[i] * services;
}

// --- Ports ---

void stats_port(const struct stats *stats, const struct running_port *ports, uint32_t port,
	struct stats_port *out)
{
	struct rte_eth_stats counted = {0};
	struct rte_eth_link link = {0};

	rte_eth_stats_get(ports[port].id, &counted);
	if (rte_eth_link_get_nowait(ports[port].id, &link) != 0)
		link.link_speed = RTE_ETH_SPEED_NUM_UNKNOWN;
	*out = (struct stats_port){
		.rx_packets = counted.ipackets,
		.rx_bytes = counted.ibytes,
		.tx_packets = counted.opackets,
		.tx_bytes = counted.obytes,
		.rx_missed = counted.imissed,
		.link_mbps = link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN ? link.link_speed : 0,
	};
	for (uint32_t w = 0; w < stats->from.worker_count; w++)
		out->rx_checksum_partial +=
			metrics_read(&stats->from.metrics[w]->rx_checksum_partial[port]);
}
