// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

// What an operator is told of a view: who can serve it, and zone by zone with what share. Counted
// where the view is built, by a job, so that nobody walks a pool to answer a question.

struct zones {
	struct snapshot_zone *list;
	uint32_t count;
	uint32_t room;
	uint32_t *places; // open addressing by the zone's name; ZONE_NONE: an empty place
	uint32_t mask;
	uint32_t last; // found: backends of a zone mostly stand together
};

#define ZONE_NONE UINT32_MAX

static bool zones_init(struct zones *zones, uint32_t most)
{
	uint32_t size = 4;

	while (size < 2 * most)
		size *= 2;
	*zones = (struct zones){.mask = size - 1, .last = ZONE_NONE};
	zones->places = malloc(size * sizeof(*zones->places));
	if (zones->places != NULL)
		memset(zones->places, 0xff, size * sizeof(*zones->places));
	return zones->places != NULL;
}

static bool is_named(const struct zones *zones, uint32_t at, const char *name)
{
	return at != ZONE_NONE && strcmp(zones->list[at].name, name) == 0;
}

static bool grow(struct zones *zones)
{
	uint32_t room = zones->room > 0 ? 2 * zones->room : 4;
	struct snapshot_zone *list = realloc(zones->list, room * sizeof(*list));

	if (list == NULL)
		return false;
	zones->list = list;
	zones->room = room;
	return true;
}

// NULL without memory.
static struct snapshot_zone *find(struct zones *zones, const char *name)
{
	uint32_t place = map_hash(name, strlen(name)) & zones->mask;

	if (is_named(zones, zones->last, name))
		return &zones->list[zones->last];
	while (zones->places[place] != ZONE_NONE && !is_named(zones, zones->places[place], name))
		place = (place + 1) & zones->mask;
	if (zones->places[place] == ZONE_NONE) {
		if (zones->count == zones->room && !grow(zones))
			return NULL;
		zones->list[zones->count] = (struct snapshot_zone){.weight = 0};
		memcpy(zones->list[zones->count].name, name, strlen(name) + 1);
		zones->places[place] = zones->count++;
	}
	zones->last = zones->places[place];
	return &zones->list[zones->last];
}

static bool can_serve(const struct snapshot_backend_input *backend,
	const struct config_backend *config, uint32_t probe)
{
	return snapshot_is_usable(backend_input_status(backend, probe), backend->resolved, config);
}

static void add_backend(struct snapshot_zone *zone, const struct config_backend *config,
	const struct snapshot_backend_input *backend, bool serves)
{
	zone->backends++;
	if (config->state != CONFIG_STATE_LEAVING)
		zone->weight += config->weight;
	if (!serves)
		return;
	zone->usable++;
	zone->able += config->weight * (10u - backend->slow_start_tenths) / 10;
}

// The preferred ones come first, in their order, whether a backend is in them or not.
static bool add_preferred(struct zones *zones, const struct config_service *service)
{
	for (uint32_t i = 0; service != NULL && i < service->prefer_count; i++) {
		struct snapshot_zone *zone = find(zones, service->prefer[i]);

		if (zone == NULL)
			return false;
		zone->rank = i + 1;
	}
	return true;
}

static bool count(
	const struct view_input *in, struct zones *zones, struct snapshot_account *account)
{
	const struct config_pool *pool = &in->input->config->pools[in->pool];

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		uint32_t at = pool->first_backend + i;
		const struct config_backend *config = &in->input->config->backends[at];
		bool serves = can_serve(&in->input->backends[at], config, in->probe);
		struct snapshot_zone *zone = find(zones, config->zone);

		if (zone == NULL)
			return false;
		account->usable += serves;
		add_backend(zone, config, &in->input->backends[at], serves);
	}
	return true;
}

// The candidates are the members of the view's table, in the same order.
static void add_shares(
	struct zones *zones, const struct candidates *candidates, const struct snapshot_view *view)
{
	const struct maglev *table = view->current != NULL ? view->current->table : NULL;

	for (uint32_t i = 0; table != NULL && i < candidates->count; i++)
		find(zones, candidates->list[i].backend->zone)->slots += table->shares[i];
	for (uint32_t i = 0; table != NULL && i < zones->count; i++)
		zones->list[i].share_ppm =
			(uint32_t)((uint64_t)zones->list[i].slots * 1000000 / table->size);
}

int account_build(const struct view_input *in, const struct candidates *candidates,
	const struct snapshot_view *view, struct snapshot_account *out)
{
	uint32_t prefers = in->service != NULL ? in->service->prefer_count : 0;
	struct zones zones;
	bool is_done;

	if (!zones_init(&zones, in->input->config->pools[in->pool].backend_count + prefers + 1))
		return -ENOMEM;
	is_done = add_preferred(&zones, in->service) && count(in, &zones, out);
	if (is_done)
		add_shares(&zones, candidates, view);
	free(zones.places);
	out->zones = zones.list;
	out->zone_count = zones.count;
	return is_done ? 0 : -ENOMEM;
}

static bool serves_any(
	const struct snapshot_backend_input *backend, const struct config_backend *config)
{
	bool serves = backend->status != BACKEND_PARTLY && can_serve(backend, config, 0);

	for (uint32_t p = 0; p < CONFIG_PROBES_MAX && backend->status == BACKEND_PARTLY; p++)
		serves |= can_serve(backend, config, p);
	return serves;
}

int accounts_conclude(const struct snapshot_input *input, struct snapshot *out)
{
	const struct config *config = input->config;
	uint32_t *rows = calloc((size_t)out->service_capacity + 1, sizeof(*rows));

	if (rows == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < out->pool_count; i++)
		for (uint32_t k = 0; k < config->pools[i].backend_count; k++)
			out->pools[i].usable +=
				serves_any(&input->backends[config->pools[i].first_backend + k],
					&config->backends[config->pools[i].first_backend + k]);
	for (uint32_t i = 0; i < out->service_capacity; i++)
		rows[i + 1] =
			rows[i] + (out->services[i].is_configured
						  ? out->accounts[out->services[i].view].zone_count
						  : 0);
	out->zone_rows = rows;
	return 0;
}

const struct snapshot_account *snapshot_service_account(
	const struct snapshot *snapshot, uint32_t service)
{
	static const struct snapshot_account none;

	if (service >= snapshot->service_capacity || !snapshot->services[service].is_configured)
		return &none;
	return &snapshot->accounts[snapshot->services[service].view];
}

const struct snapshot_zone *snapshot_find_zone(
	const struct snapshot *snapshot, uint32_t row, uint32_t *service)
{
	uint32_t low = 0, high = snapshot->service_capacity;

	if (row >= snapshot->zone_rows[high])
		return NULL;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (snapshot->zone_rows[middle] <= row)
			low = middle;
		else
			high = middle;
	}
	*service = low;
	return &snapshot_service_account(snapshot, low)->zones[row - snapshot->zone_rows[low]];
}
