// SPDX-License-Identifier: BSD-3-Clause
#include <config/endpoint.h>
#include <exporter/expose_private.h>
#include <running/fail_open.h>

#include <stdio.h>

// --- Services: 'row' is the service's index, which stays its own ---

static const struct config_service *expose_service_of(const struct scrape *scrape, uint32_t index)
{
	const struct configuration *now = scrape->from->running->now;

	return &now->config->services[now->service_places[index]];
}

static bool expose_has_service(const struct scrape *scrape, uint32_t index)
{
	return configuration_find_service(scrape->from->running->now, index) != CONFIGURATION_NONE;
}

// As the workers' tables have it.
static const struct snapshot_account *expose_account_of(const struct scrape *scrape, uint32_t index)
{
	return snapshot_service_account(scrape->from->publisher->current, index);
}

void expose_service_info(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	char vip[ADDR_TEXT_SIZE], ports[CONFIG_PORTS_TEXT_SIZE];
	char protocols[CONFIG_PROTOCOLS_TEXT_SIZE];
	const struct config_service *service;

	if (!expose_has_service(scrape, row))
		return;
	service = expose_service_of(scrape, row);
	sample_begin(scrape, row, "");
	exposition_label(&scrape->text, "pool", service->pool);
	exposition_label(&scrape->text, "vip", addr_format(&service->vip, vip, sizeof(vip)));
	exposition_label(&scrape->text, "protocol", config_protocols_format(service, protocols));
	exposition_label(&scrape->text, "port", config_ports_format(service, ports));
	exposition_label(
		&scrape->text, "forwarding", service->forwarding == CONFIG_DSR ? "dsr" : "ipip");
	exposition_number(&scrape->text, 1);
}

void expose_service_backends(
	struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	if (expose_has_service(scrape, row))
		sample_number(scrape, row,
			stats_pool_backends(
				scrape->from->stats, expose_service_of(scrape, row)->pool_index));
}

void expose_service_usable(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	if (expose_has_service(scrape, row))
		sample_number(scrape, row, expose_account_of(scrape, row)->usable);
}

void expose_service_traffic(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	struct metrics_traffic traffic;

	if (!expose_has_service(scrape, row))
		return;
	stats_service_traffic(scrape->from->stats, row, &traffic);
	sample_number(scrape, row, sample_number_at(&traffic, family));
}

void expose_service_spread(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct snapshot *snapshot = scrape->from->publisher->current;

	if (expose_has_service(scrape, row))
		sample_number(scrape, row, snapshot->views[snapshot->services[row].view].is_spread);
}

// --- Pools: 'row' is where the pool stands ---

// As the workers have it, or NULL.
static const struct snapshot_pool *expose_built_of(const struct scrape *scrape, uint32_t row)
{
	return snapshot_find_pool_from(scrape->from->publisher->current,
		scrape->from->running->now->config->pools[row].name, row);
}

void expose_pool_backends(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, stats_pool_backends(scrape->from->stats, row));
}

void expose_pool_usable(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct snapshot_pool *built = expose_built_of(scrape, row);

	sample_number(scrape, row, built != NULL ? built->usable : 0);
}

void expose_pool_kept(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row,
		fail_open_kept(
			scrape->from->running, &scrape->from->running->now->config->pools[row]));
}

void expose_pool_slots(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, scrape->from->running->now->config->pools[row].table_size);
}

void expose_pool_tables(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct snapshot_pool *built = expose_built_of(scrape, row);

	sample_number(scrape, row, built != NULL ? built->tables_built : 0);
}

void expose_pool_probes(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct histogram *latency = health_latency(
		scrape->from->health, scrape->from->running->now->config->pools[row].name);

	if (latency != NULL)
		sample_histogram(scrape, row, latency);
}
