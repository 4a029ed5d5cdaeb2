// SPDX-License-Identifier: BSD-3-Clause
#include <announce/announce.h>
#include <config/endpoint.h>
#include <control/exporter_private.h>
#include <control/health_private.h>
#include <running/fail_open.h>

#include <stdio.h>

// --- Services: 'row' is the service's index, which stays its own ---

static const struct config_service *service_of(const struct page *page, uint32_t index)
{
	const struct configuration *running = page->control->running.now;

	return &running->config->services[running->service_places[index]];
}

static bool has_service(const struct page *page, uint32_t index)
{
	return index < page->control->running.now->service_end &&
	       page->control->running.now->service_places[index] != CONFIGURATION_NONE;
}

// As the workers' tables have it.
static const struct snapshot_account *account_of(const struct page *page, uint32_t index)
{
	return snapshot_service_account(page->control->config.publisher->current, index);
}

void page_service_info(struct page *page, const struct page_family *family, uint32_t row)
{
	char vip[ADDR_TEXT_SIZE], ports[CONFIG_PORTS_TEXT_SIZE];
	char protocols[CONFIG_PROTOCOLS_TEXT_SIZE];
	const struct config_service *service;

	if (!has_service(page, row))
		return;
	service = service_of(page, row);
	page_sample(page, row, "");
	exposition_label(&page->text, "pool", service->pool);
	exposition_label(&page->text, "vip", addr_format(&service->vip, vip, sizeof(vip)));
	exposition_label(&page->text, "protocol", config_protocols_format(service, protocols));
	exposition_label(&page->text, "port", config_ports_format(service, ports));
	exposition_label(
		&page->text, "forwarding", service->forwarding == CONFIG_DSR ? "dsr" : "ipip");
	exposition_number(&page->text, 1);
}

void page_service_backends(struct page *page, const struct page_family *family, uint32_t row)
{
	if (has_service(page, row))
		page_number(page, row,
			stats_pool_backends(
				&page->control->stats, service_of(page, row)->pool_index));
}

void page_service_usable(struct page *page, const struct page_family *family, uint32_t row)
{
	if (has_service(page, row))
		page_number(page, row, account_of(page, row)->usable);
}

void page_service_traffic(struct page *page, const struct page_family *family, uint32_t row)
{
	struct metrics_traffic traffic;

	if (!has_service(page, row))
		return;
	stats_service_traffic(&page->control->stats, row, &traffic);
	page_number(page, row, page_number_at(&traffic, family));
}

void page_service_spread(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct snapshot *snapshot = page->control->config.publisher->current;

	if (has_service(page, row))
		page_number(page, row, snapshot->views[snapshot->services[row].view].is_spread);
}

// --- VIPs: 'row' is where the VIP stands ---

void page_vip_announced(struct page *page, const struct page_family *family, uint32_t row)
{
	struct announce_vip vip;

	announce_view(page->control->announce, row, &vip);
	if (vip.mode == CONFIG_ANNOUNCE_NONE)
		return;
	page_sample(page, row, "");
	exposition_label(&page->text, "mode", vip.mode == CONFIG_ANNOUNCE_ARP ? "arp" : "route");
	exposition_number(&page->text, vip.status == ANNOUNCE_ANNOUNCED);
}

void page_vip_failed(struct page *page, const struct page_family *family, uint32_t row)
{
	struct announce_vip vip;

	announce_view(page->control->announce, row, &vip);
	if (vip.mode != CONFIG_ANNOUNCE_NONE)
		page_number(page, row, vip.status == ANNOUNCE_FAILED);
}

void page_vip_own(struct page *page, const struct page_family *family, uint32_t row)
{
	struct announce_vip vip;

	announce_view(page->control->announce, row, &vip);
	page_number(page, row, vip.owner[0] != '\0');
}

void page_vip_since(struct page *page, const struct page_family *family, uint32_t row)
{
	struct announce_vip vip;

	announce_view(page->control->announce, row, &vip);
	if (vip.mode != CONFIG_ANNOUNCE_NONE && vip.since_s != 0)
		page_number(page, row, vip.since_s);
}

// --- Pools: 'row' is where the pool stands ---

// As the workers have it, or NULL.
static const struct snapshot_pool *built_of(const struct page *page, uint32_t row)
{
	return snapshot_find_pool_from(page->control->config.publisher->current,
		page->control->running.now->config->pools[row].name, row);
}

void page_pool_backends(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, stats_pool_backends(&page->control->stats, row));
}

void page_pool_usable(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct snapshot_pool *built = built_of(page, row);

	page_number(page, row, built != NULL ? built->usable : 0);
}

void page_pool_kept(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row,
		fail_open_kept(
			&page->control->running, &page->control->running.now->config->pools[row]));
}

void page_pool_slots(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page->control->running.now->config->pools[row].table_size);
}

void page_pool_tables(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct snapshot_pool *built = built_of(page, row);

	page_number(page, row, built != NULL ? built->tables_built : 0);
}

void page_pool_probes(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct histogram *latency = health_latency(
		page->control->health, page->control->running.now->config->pools[row].name);

	if (latency != NULL)
		page_histogram(page, row, latency);
}
