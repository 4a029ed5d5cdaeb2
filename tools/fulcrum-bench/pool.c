// SPDX-License-Identifier: BSD-3-Clause
#include "pool.h"

#include <errno.h>
#include <snapshot/snapshot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t pool_find(const struct pool *pool, const char *name)
{
	for (uint32_t i = 0; i < pool->count; i++)
		if (strcmp(pool->backends[i].name, name) == 0)
			return i;
	return BACKEND_NONE;
}

static struct pool_backend *find(const struct pool *pool, const char *name)
{
	uint32_t number = pool_find(pool, name);

	return number == BACKEND_NONE ? NULL : &pool->backends[number];
}

static struct pool_backend *append(struct pool *pool)
{
	struct pool_backend *grown;

	if (pool->count >= BACKEND_NONE)
		return NULL;
	grown = realloc(pool->backends, (pool->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	pool->backends = grown;
	return &grown[pool->count++];
}

// As the daemon sees a backend that comes up.
static void begin_ramp(const struct pool *pool, struct pool_backend *backend)
{
	backend->ramps = pool->slow_start_s > 0;
	backend->ramp_from_s = pool->now_s;
	backend->slow_start_tenths = snapshot_slow_start_tenths(0, pool->slow_start_s);
}

static void set_health(const struct pool *pool, struct pool_backend *backend, bool is_up)
{
	if (is_up && !backend->up)
		begin_ramp(pool, backend);
	backend->up = is_up;
}

bool pool_age(struct pool *pool, uint32_t now_s)
{
	bool steps = false;

	pool->now_s = now_s;
	for (uint32_t i = 0; i < pool->count; i++) {
		struct pool_backend *backend = &pool->backends[i];
		uint8_t slow_start_tenths;

		if (!backend->ramps)
			continue;
		slow_start_tenths = snapshot_slow_start_tenths(
			now_s - backend->ramp_from_s, pool->slow_start_s);
		steps |= slow_start_tenths != backend->slow_start_tenths;
		backend->slow_start_tenths = slow_start_tenths;
		backend->ramps = slow_start_tenths > 0;
	}
	return steps;
}

static int add(struct pool *pool, const struct script_event *event, struct error *err)
{
	struct pool_backend *backend = find(pool, event->name);

	if (backend != NULL && backend->present)
		return error_set(err, EINVAL, "backend '%s' is there already", event->name);
	if (backend == NULL && (backend = append(pool)) != NULL)
		backend->up = false;
	if (backend == NULL)
		return error_set(err, ENOMEM, "no memory for one more backend");
	*backend =
		(struct pool_backend){.weight = event->number, .present = true, .up = backend->up};
	memcpy(backend->name, event->name, sizeof(backend->name));
	set_health(pool, backend, true);
	return 0;
}

int pool_fill(struct pool *pool, uint32_t count)
{
	int rc = 0;

	for (uint32_t i = 0; i < count && rc == 0; i++) {
		struct script_event event = {.verb = SCRIPT_BACKEND_ADD, .number = 100};

		snprintf(event.name, sizeof(event.name), "b%u", i);
		rc = add(pool, &event, NULL);
	}
	return rc;
}

void pool_free(struct pool *pool)
{
	free(pool->backends);
}

static void name_zones(struct pool *pool, const char *names)
{
	char copy[SCRIPT_NAME_SIZE], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", names);
	for (uint32_t i = 0; i < pool->count; i++) {
		const char *zone = strsep(&rest, ",");

		snprintf(pool->backends[i].zone, sizeof(pool->backends[i].zone), "%s", zone);
		if (rest != NULL)
			continue;
		snprintf(copy, sizeof(copy), "%s", names);
		rest = copy;
	}
}

// What is about zones, and the pool.
static int apply_to_zones(struct pool *pool, const struct script_event *event, struct error *err)
{
	uint32_t found = 0;

	if (event->verb == SCRIPT_ZONES) {
		name_zones(pool, event->name);
		return 0;
	}
	if (event->verb == SCRIPT_PREFER) {
		memcpy(pool->prefer, event->name, sizeof(pool->prefer));
		pool->floor = event->percent >= 1 ? (uint32_t)event->percent : 70;
		return 0;
	}
	if (event->verb == SCRIPT_SLOW_START) {
		pool->slow_start_s = event->number;
		return 0;
	}
	for (uint32_t i = 0; i < pool->count; i++) {
		if (strcmp(pool->backends[i].zone, event->name) != 0)
			continue;
		pool->backends[i].dead = event->verb == SCRIPT_ZONE_DOWN;
		set_health(pool, &pool->backends[i], event->verb == SCRIPT_ZONE_UP);
		found++;
	}
	return found > 0 ? 0 : error_set(err, EINVAL, "there is no zone '%s'", event->name);
}

int pool_apply(struct pool *pool, const struct script_event *event, struct error *err)
{
	struct pool_backend *backend = find(pool, event->name);

	if (event->verb >= SCRIPT_ZONES)
		return apply_to_zones(pool, event, err);
	if (event->verb == SCRIPT_BACKEND_ADD)
		return add(pool, event, err);
	if (backend == NULL || !backend->present)
		return error_set(err, EINVAL, "there is no backend '%s'", event->name);
	if (event->verb == SCRIPT_BACKEND_REMOVE)
		backend->present = false;
	else if (event->verb == SCRIPT_BACKEND_WEIGHT)
		backend->weight = event->number;
	else if (event->verb == SCRIPT_BACKEND_DRAIN || event->verb == SCRIPT_BACKEND_UNDRAIN)
		backend->draining = event->verb == SCRIPT_BACKEND_DRAIN;
	else if (event->verb == SCRIPT_BACKEND_DISABLE)
		backend->disabled = true;
	else {
		if (event->verb <= SCRIPT_BACKEND_UP)
			backend->dead = event->verb == SCRIPT_BACKEND_DOWN;
		set_health(pool, backend,
			event->verb == SCRIPT_BACKEND_UP || event->verb == SCRIPT_PROBES_PASS);
	}
	return 0;
}
