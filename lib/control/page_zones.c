// SPDX-License-Identifier: BSD-3-Clause
#include <control/exporter_private.h>

// --- Zones: 'row' counts the zones of all services, as the workers' tables have them ---

static const struct snapshot_zone *zone_of(const struct page *page, uint32_t row)
{
	uint32_t service;

	return snapshot_find_zone(page->control->config.publisher->current, row, &service);
}

void page_zone_rank(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct snapshot_zone *zone = zone_of(page, row);

	if (zone->rank != 0)
		page_number(page, row, zone->rank);
}

void page_zone_count(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row,
		*(const uint32_t *)((const uint8_t *)zone_of(page, row) + family->offset));
}

void page_zone_weight(struct page *page, const struct page_family *family, uint32_t row)
{
	page_number(page, row, page_number_at(zone_of(page, row), family));
}

void page_zone_share(struct page *page, const struct page_family *family, uint32_t row)
{
	page_sample(page, row, "");
	exposition_micro(&page->text, zone_of(page, row)->share_ppm);
}

// --- A service by its index ---

void page_service_spilled(struct page *page, const struct page_family *family, uint32_t row)
{
	const struct configuration *running = page->control->running.now;
	const struct snapshot_account *account =
		snapshot_service_account(page->control->config.publisher->current, row);
	uint32_t others_ppm = 0;

	if (row >= running->service_end || running->service_places[row] == CONFIGURATION_NONE ||
		account->zone_count == 0 || account->zones[0].rank == 0)
		return;
	for (uint32_t i = 1; i < account->zone_count; i++)
		others_ppm += account->zones[i].share_ppm;
	page_sample(page, row, "");
	exposition_micro(&page->text, others_ppm);
}
