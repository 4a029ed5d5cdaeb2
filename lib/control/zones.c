// SPDX-License-Identifier: BSD-3-Clause
#include <control/rows.h>

#include <string.h>

// 'show zones': for each service its pool's zones, those that it prefers first. As the workers'
// tables have them.

static void fill(const struct config_service *service, const struct snapshot_zone *zone,
	struct message_row_zone *out)
{
	memcpy(out->service, service->name, sizeof(out->service));
	memcpy(out->pool, service->pool, sizeof(out->pool));
	memcpy(out->zone, zone->name, sizeof(out->zone));
	out->rank = zone->rank;
	out->backends = zone->backends;
	out->backends_usable = zone->usable;
	out->share_ppm = zone->share_ppm;
	out->weight = zone->weight;
	out->weight_able = zone->able;
}

bool control_zone_row(struct control *control, uint32_t row, struct message_row_zone *out)
{
	const struct config *config = control->running.now->config;
	struct zone_rows *at = &control->reply.zones;

	for (; at->service < config->service_count; at->service++, at->zone = 0) {
		const struct snapshot_account *account =
			stats_service_account(&control->stats, at->service);

		if (at->zone == account->zone_count)
			continue;
		fill(&config->services[at->service], &account->zones[at->zone++], out);
		return true;
	}
	return false;
}
