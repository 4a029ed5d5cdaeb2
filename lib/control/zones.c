// SPDX-License-Identifier: BSD-3-Clause
#include <control/backend_private.h>
#include <control/control_private.h>
#include <control/reply_private.h>

#include <stdlib.h>
#include <string.h>

// 'show zones': for each service its pool's zones, those that it prefers first.

// The zone's row, a new one where there was none; there is room for one a backend and preferred zone.
static struct message_row_zone *find_row(
	struct zone_rows *zones, const struct config_service *service, const char *zone)
{
	struct message_row_zone *row = zones->rows;

	while (row < zones->rows + zones->count && strcmp(row->zone, zone) != 0)
		row++;
	if (row < zones->rows + zones->count)
		return row;
	zones->count++;
	memset(row, 0, sizeof(*row));
	memcpy(row->service, service->name, sizeof(row->service));
	memcpy(row->pool, service->pool, sizeof(row->pool));
	snprintf(row->zone, sizeof(row->zone), "%s", zone);
	return row;
}

static void add_backend(const struct control *control, struct zone_rows *zones,
	const struct config_service *service, uint32_t at)
{
	uint32_t probe =
		control->running->service_probes[service - control->running->config->services];
	const struct config_backend *backend = &control->running->config->backends[at];
	const struct control_backend *state = &control->states[edition_index(control->running, at)];
	struct message_row_zone *row = find_row(zones, service, backend->zone);

	row->backends++;
	if (backend->state != CONFIG_STATE_LEAVING)
		row->weight += backend->weight;
	if (!state->resolved || control_backend_status(backend, state, probe) != BACKEND_UP)
		return;
	row->backends_usable++;
	row->weight_able += backend->weight * (10u - state->held_back) / 10;
}

// How many slots each zone has of 'generation', as parts per million.
static void add_shares(const struct control *control, struct zone_rows *zones,
	const struct config_service *service, const struct snapshot_generation *generation)
{
	const struct edition *running = control->running;
	uint32_t *slots = calloc(generation->member_count, sizeof(*slots));

	for (uint32_t i = 0; slots != NULL && i < generation->table->size; i++)
		slots[generation->table->slots[i]]++;
	for (uint32_t i = 0; slots != NULL && i < generation->member_count; i++) {
		uint32_t index = generation->members[i].backend & BACKEND_INDEX_MASK;
		uint32_t at = index < running->capacity ? running->places[index] : EDITION_NONE;

		if (at != EDITION_NONE &&
			strcmp(running->config->backends[at].pool, service->pool) == 0)
			find_row(zones, service, running->config->backends[at].zone)->share_ppm +=
				(uint32_t)((uint64_t)slots[i] * 1000000 / generation->table->size);
	}
	free(slots);
}

// False without memory.
static bool collect(struct control *control, struct zone_rows *zones, uint32_t at)
{
	const struct snapshot *snapshot = control->config.publisher->current;
	const struct config *config = control->running->config;
	const struct config_service *service = &config->services[at];
	const struct config_pool *pool = &config->pools[service->pool_index];
	const struct snapshot_service *built = &snapshot->services[control->running->services[at]];

	free(zones->rows);
	zones->count = zones->next = 0;
	zones->rows =
		calloc((size_t)pool->backend_count + CONFIG_PREFER_MAX + 1, sizeof(*zones->rows));
	if (zones->rows == NULL)
		return false;
	for (uint32_t i = 0; i < service->prefer_count; i++)
		find_row(zones, service, service->prefer[i])->rank = i + 1;
	for (uint32_t i = 0; i < pool->backend_count; i++)
		add_backend(control, zones, service, pool->first_backend + i);
	if (built->is_configured && snapshot->views[built->view].current != NULL)
		add_shares(control, zones, service, snapshot->views[built->view].current);
	return true;
}

bool control_zone_row(struct control *control, uint32_t row, struct message_row_zone *out)
{
	struct zone_rows *zones = &control->reply.zones;

	while (zones->next == zones->count) {
		if (zones->service >= control->running->config->service_count ||
			!collect(control, zones, zones->service++))
			return false;
	}
	*out = zones->rows[zones->next++];
	return true;
}
