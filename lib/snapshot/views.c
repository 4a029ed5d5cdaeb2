// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

// Which view of its pool each service has. Those that want the same, and had the same until now,
// share one. A service's past is the view that it had in the snapshot before, whatever it wanted
// then; a new service's is one that wanted the same.

#define REVIEWS_MAX 64 // in one build: each may take two milliseconds, and others wait for it

struct building {
	const struct snapshot_input *input;
	const struct snapshot *previous;
	struct snapshot *snapshot;
	const struct snapshot_pool **before; // each pool in 'previous', or NULL
	const struct snapshot_view **pasts; // of each view that is there already
	uint64_t *begun; // flows of each view in 'previous', since then
	uint32_t reviews;
	struct tables tables;
};

static bool allocate(struct building *b)
{
	const struct config *config = b->input->config;
	size_t pools = (size_t)config->pool_count + 1;
	size_t views = (size_t)config->service_count + pools; // one each, at most

	b->snapshot->pools = calloc(pools, sizeof(*b->snapshot->pools));
	b->snapshot->views = calloc(views, sizeof(*b->snapshot->views));
	b->snapshot->accounts = calloc(views, sizeof(*b->snapshot->accounts));
	b->before = calloc(pools, sizeof(*b->before));
	b->pasts = calloc(views, sizeof(*b->pasts));
	b->begun = calloc(b->previous != NULL ? b->previous->view_count + 1 : 1, sizeof(*b->begun));
	return b->begun != NULL && b->snapshot->pools != NULL && b->snapshot->views != NULL &&
	       b->before != NULL && b->pasts != NULL && b->snapshot->accounts != NULL;
}

static void build_pools(struct building *b)
{
	const struct config *config = b->input->config;

	b->snapshot->pool_count = config->pool_count;
	for (uint32_t i = 0; i < config->pool_count; i++) {
		struct snapshot_pool *pool = &b->snapshot->pools[i];

		memcpy(pool->name, config->pools[i].name, sizeof(pool->name));
		pool->first_view = VIEW_NONE;
		if (b->previous != NULL)
			b->before[i] = snapshot_find_pool_from(b->previous, pool->name, i);
		if (b->before[i] != NULL)
			pool->tables_built = b->before[i]->tables_built;
	}
}

// A service that is new has begun nothing.
static void count_begun(struct building *b)
{
	const struct snapshot *previous = b->previous;

	for (uint32_t i = 0; b->input->begun != NULL && i < b->input->config->service_count; i++) {
		uint32_t index = b->input->services[i];
		uint64_t begun = b->input->begun[i];

		b->snapshot->counted[index] = begun;
		if (previous != NULL && index < previous->service_capacity &&
			previous->services[index].is_configured)
			b->begun[previous->services[index].view] +=
				begun - previous->counted[index];
	}
}

static bool is_view_of(
	const struct snapshot *snapshot, const struct snapshot_pool *pool, uint32_t view)
{
	uint32_t at = pool->first_view;

	while (at != VIEW_NONE && at != view)
		at = snapshot->views[at].next;
	return at != VIEW_NONE;
}

static const struct snapshot_view *find_policy(
	const struct snapshot *snapshot, const struct snapshot_pool *pool, uint64_t policy)
{
	uint32_t at = pool->first_view;

	while (at != VIEW_NONE && snapshot->views[at].policy != policy)
		at = snapshot->views[at].next;
	return &snapshot->views[at != VIEW_NONE ? at : pool->first_view];
}

// What the services of a view had: NULL where the pool is new.
static const struct snapshot_view *find_past(
	const struct building *b, uint32_t pool, uint64_t policy, uint32_t service)
{
	const struct snapshot_pool *before = b->before[pool];
	const struct snapshot_service *had;

	if (before == NULL)
		return NULL;
	had = service < b->previous->service_capacity ? &b->previous->services[service] : NULL;
	if (had != NULL && had->is_configured && is_view_of(b->previous, before, had->view))
		return &b->previous->views[had->view];
	return find_policy(b->previous, before, policy);
}

static bool is_same_past(const struct snapshot_view *a, const struct snapshot_view *b)
{
	return a == b || (a != NULL && b != NULL && a->current == b->current && view_is_plain(a) &&
				 view_is_plain(b));
}

static uint32_t find_view(
	const struct building *b, uint32_t pool, uint64_t policy, const struct snapshot_view *past)
{
	const struct snapshot_view *views = b->snapshot->views;
	uint32_t at = b->snapshot->pools[pool].first_view;

	while (at != VIEW_NONE && !(views[at].policy == policy && is_same_past(b->pasts[at], past)))
		at = views[at].next;
	return at;
}

// The first view of a pool stays the first.
static void link_view(struct snapshot *snapshot, uint32_t pool, uint32_t view)
{
	uint32_t *first = &snapshot->pools[pool].first_view;

	snapshot->views[view].next = VIEW_NONE;
	if (*first == VIEW_NONE) {
		*first = view;
		return;
	}
	snapshot->views[view].next = snapshot->views[*first].next;
	snapshot->views[*first].next = view;
}

static uint32_t probe_of(const struct building *b, const struct config_service *service)
{
	const uint8_t *probes = b->input->probes;

	return probes != NULL ? probes[service - b->input->config->services] : 0;
}

static uint64_t policy_of(const struct building *b, const struct config_service *service)
{
	return zones_policy(service) + probe_of(b, service);
}

static int add_view(struct building *b, uint32_t pool, const struct config_service *service,
	const struct snapshot_view *past, struct error *err)
{
	struct snapshot *snapshot = b->snapshot;
	uint32_t at = snapshot->view_count++;
	const struct view_input in = {.input = b->input,
		.before = past,
		.snapshot_before = b->previous,
		.begun = past != NULL ? b->begun[past - b->previous->views] : 0,
		.reviews = &b->reviews,
		.snapshot = snapshot,
		.tables = &b->tables,
		.service = service,
		.pool = pool,
		.probe = service != NULL ? probe_of(b, service) : 0,
		.account = &snapshot->accounts[at]};
	int rc;

	snapshot->views[at].policy = service != NULL ? policy_of(b, service) : 0;
	snapshot->views[at].probe = in.probe;
	b->pasts[at] = past;
	rc = view_build(&in, &snapshot->views[at], err);
	if (rc != 0)
		return error_prefix(err, -rc, "pool '%s'", snapshot->pools[pool].name);
	link_view(snapshot, pool, at);
	return 0;
}

static int build_services(struct building *b, struct error *err)
{
	const struct config *config = b->input->config;
	int rc = 0;

	for (uint32_t i = 0; i < config->service_count && rc == 0; i++) {
		const struct config_service *service = &config->services[i];
		uint32_t pool = service->pool_index, index = b->input->services[i];
		uint64_t policy = policy_of(b, service);
		const struct snapshot_view *past = find_past(b, pool, policy, index);
		uint32_t *view = &b->snapshot->services[index].view;

		*view = find_view(b, pool, policy, past);
		if (*view == VIEW_NONE) {
			*view = b->snapshot->view_count;
			rc = add_view(b, pool, service, past, err);
		}
		b->snapshot->views[*view].service_count++;
	}
	return rc;
}

// So that a service that comes finds a table, and an operator sees who would serve it.
static int build_unused(struct building *b, struct error *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < b->input->config->pool_count && rc == 0; i++) {
		const struct snapshot_pool *before = b->before[i];

		if (b->snapshot->pools[i].first_view != VIEW_NONE)
			continue;
		rc = add_view(b, i, NULL,
			before != NULL ? &b->previous->views[before->first_view] : NULL, err);
	}
	return rc;
}

int views_build(const struct snapshot_input *input, const struct snapshot *previous,
	struct snapshot *out, struct error *err)
{
	struct building b = {
		.input = input, .previous = previous, .snapshot = out, .reviews = REVIEWS_MAX};
	int rc = -ENOMEM;

	if (allocate(&b) && tables_init(&b.tables) == 0) {
		build_pools(&b);
		count_begun(&b);
		rc = build_services(&b, err);
		if (rc == 0)
			rc = build_unused(&b, err);
		if (rc == 0)
			rc = accounts_conclude(input, out);
	}
	tables_free(&b.tables);
	free(b.before);
	free(b.pasts);
	free(b.begun);
	return rc;
}

void views_free(struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < snapshot->view_count; i++)
		view_release(&snapshot->views[i]);
	for (uint32_t i = 0; i < snapshot->view_count; i++)
		free(snapshot->accounts[i].zones);
	free(snapshot->accounts);
	free(snapshot->zone_rows);
	free(snapshot->views);
	free(snapshot->pools);
}
