// SPDX-License-Identifier: BSD-3-Clause
#include <exporter/expose_private.h>

// --- Zones: 'row' counts the zones of all services, as the workers' tables have them ---

static const struct snapshot_zone *expose_zone_of(const struct scrape *scrape, uint32_t row)
{
	uint32_t service;

	return snapshot_find_zone(scrape->from->publisher->current, row, &service);
}

void expose_zone_rank(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct snapshot_zone *zone = expose_zone_of(scrape, row);

	if (zone->rank != 0)
		sample_number(scrape, row, zone->rank);
}

void expose_zone_count(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row,
		*(const uint32_t *)((const uint8_t *)expose_zone_of(scrape, row) + family->offset));
}

void expose_zone_weight(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_number(scrape, row, sample_number_at(expose_zone_of(scrape, row), family));
}

void expose_zone_share(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	sample_begin(scrape, row, "");
	exposition_micro(&scrape->text, expose_zone_of(scrape, row)->share_ppm);
}

// --- A service by its index ---

void expose_service_spilled(struct scrape *scrape, const struct scrape_family *family, uint32_t row)
{
	const struct configuration *now = scrape->from->running->now;
	const struct snapshot_account *account =
		snapshot_service_account(scrape->from->publisher->current, row);
	uint32_t others_ppm = 0;

	if (configuration_find_service(now, row) == CONFIGURATION_NONE ||
		account->zone_count == 0 || account->zones[0].rank == 0)
		return;
	for (uint32_t i = 1; i < account->zone_count; i++)
		others_ppm += account->zones[i].share_ppm;
	sample_begin(scrape, row, "");
	exposition_micro(&scrape->text, others_ppm);
}
