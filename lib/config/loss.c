// SPDX-License-Identifier: BSD-3-Clause
#include <base/map.h>
#include <config/endpoint.h>
#include <config/loss.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 20 // of services, and as many of pools
#define NAMES_MAX 8 // of backends in a line
#define LINE_SIZE 1024

struct loss_node {
	struct map_node node;
	uint32_t at; // in the new configuration
	struct config_endpoint endpoint; // of a service
};

struct search {
	const struct config *old;
	const struct config *new;
	struct map endpoints; // of the new one's services, by VIP, protocol and ports
	struct map ranges; // those of many ports, by VIP and protocol
	struct map backends; // by pool and name
	struct loss_node *nodes;
	uint32_t node_count;
	bool *serves_old; // by the pool: somebody takes new connections
	bool *serves_new;
	bool *is_used; // by the old one's pool: a service has it
	config_report_fn *report;
	void *context;
	struct config_loss *loss;
};

static bool backend_takes_new(const struct config_backend *backend)
{
	return backend->state == CONFIG_STATE_ACTIVE && backend->weight > 0;
}

// --- What the new one has, to be found ---

static uint32_t hash_range(const struct addr *vip, const struct config_endpoint *endpoint)
{
	return map_hash(vip, sizeof(*vip)) * 31 + endpoint->protocol;
}

static uint32_t hash_endpoint(const struct addr *vip, const struct config_endpoint *endpoint)
{
	return hash_range(vip, endpoint) * 31 + ((uint32_t)endpoint->first << 16 | endpoint->last);
}

static uint32_t hash_backend(const struct config_backend *backend)
{
	return map_hash(backend->pool, strlen(backend->pool)) * 31 +
	       map_hash(backend->name, strlen(backend->name));
}

static struct loss_node *loss_index(struct search *s, struct map *map, uint32_t hash, uint32_t at)
{
	struct loss_node *node = &s->nodes[s->node_count++];

	node->at = at;
	map_insert(map, &node->node, hash);
	return node;
}

static void loss_index_service(struct search *s, uint32_t at)
{
	const struct config_service *service = &s->new->services[at];

	for (uint32_t i = 0; i < config_endpoint_count(service); i++) {
		struct config_endpoint endpoint = config_endpoint(service, i);

		loss_index(s, &s->endpoints, hash_endpoint(&service->vip, &endpoint), at)
			->endpoint = endpoint;
		if (endpoint.first != endpoint.last)
			loss_index(s, &s->ranges, hash_range(&service->vip, &endpoint), at)
				->endpoint = endpoint;
	}
}

static size_t loss_count_endpoints(const struct config *config)
{
	size_t count = 0;

	for (uint32_t i = 0; i < config->service_count; i++)
		count += config_endpoint_count(&config->services[i]);
	return count;
}

static bool *find_serving(const struct config *config)
{
	bool *serves = calloc((size_t)config->pool_count + 1, sizeof(*serves));

	for (uint32_t i = 0; serves != NULL && i < config->backend_count; i++)
		serves[config->backends[i].pool_index] |= backend_takes_new(&config->backends[i]);
	return serves;
}

static int search_prepare(struct search *s)
{
	const struct config *new = s->new;
	size_t endpoints = loss_count_endpoints(new);
	size_t nodes = 2 * endpoints + new->backend_count + 1;

	s->nodes = calloc(nodes, sizeof(*s->nodes));
	s->serves_old = find_serving(s->old);
	s->serves_new = find_serving(new);
	s->is_used = calloc((size_t)s->old->pool_count + 1, sizeof(*s->is_used));
	if (s->nodes == NULL || s->serves_old == NULL || s->serves_new == NULL ||
		s->is_used == NULL || map_init(&s->endpoints, (uint32_t)endpoints + 1) != 0 ||
		map_init(&s->ranges, 16) != 0 ||
		map_init(&s->backends, new->backend_count + 1) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < new->service_count; i++)
		loss_index_service(s, i);
	for (uint32_t i = 0; i < new->backend_count; i++)
		loss_index(s, &s->backends, hash_backend(&new->backends[i]), i);
	for (uint32_t i = 0; i < s->old->service_count; i++)
		s->is_used[s->old->services[i].pool_index] = true;
	return 0;
}

static void search_free(struct search *s)
{
	map_free(&s->endpoints);
	map_free(&s->ranges);
	map_free(&s->backends);
	free(s->nodes);
	free(s->serves_old);
	free(s->serves_new);
	free(s->is_used);
}

// --- Services ---

// The last port, up to the wanted one's, that services of the new configuration have without a gap
// from its first on; 0: not even that one. 'heir' is who has it.
static uint32_t loss_reach(const struct search *s, const struct map *map, uint32_t hash,
	const struct addr *vip, const struct config_endpoint *wanted,
	const struct config_service **heir)
{
	for (struct map_node *node = map_find(map, hash); node != NULL;
		node = map_find_next(node)) {
		const struct loss_node *found = MAP_ENTRY(node, struct loss_node, node);
		const struct config_service *service = &s->new->services[found->at];

		if (!addr_equal(&service->vip, vip) ||
			found->endpoint.protocol != wanted->protocol ||
			found->endpoint.first > wanted->first ||
			found->endpoint.last < wanted->first)
			continue;
		*heir = service;
		return found->endpoint.last < wanted->last ? found->endpoint.last : wanted->last;
	}
	return 0;
}

enum loss_of { LOSS_NONE, LOSS_OF_SERVICE, LOSS_OF_BACKENDS };

// The rest of it may be others' by now: a range may be cut in two, and two be made one.
static enum loss_of judge_endpoint(
	const struct search *s, const struct config_service *service, struct config_endpoint rest)
{
	const struct addr *vip = &service->vip;
	enum loss_of loss = LOSS_NONE;
	uint32_t reached = 0;

	for (; loss == LOSS_NONE && reached < rest.last; rest.first = (uint16_t)(reached + 1)) {
		const struct config_service *heir = NULL;
		struct config_endpoint one = {rest.protocol, rest.first, rest.first};

		reached =
			loss_reach(s, &s->endpoints, hash_endpoint(vip, &rest), vip, &rest, &heir);
		if (rest.first == 0)
			rest.first = one.first = 1; // nobody asks for port 0
		if (heir == NULL)
			reached = loss_reach(
				s, &s->endpoints, hash_endpoint(vip, &one), vip, &rest, &heir);
		if (heir == NULL)
			reached = loss_reach(
				s, &s->ranges, hash_range(vip, &rest), vip, &rest, &heir);
		if (heir == NULL)
			loss = LOSS_OF_SERVICE;
		else if (!s->serves_new[heir->pool_index] && s->serves_old[service->pool_index])
			loss = LOSS_OF_BACKENDS;
	}
	return loss;
}

static void tell_service(const struct search *s, const struct config_service *service,
	const struct config_endpoint *endpoint, enum loss_of loss)
{
	char address[ADDR_TEXT_SIZE], line[LINE_SIZE], ports[24];

	if (s->report == NULL || s->loss->services_gone > LINES_MAX)
		return;
	if (endpoint->first == endpoint->last)
		snprintf(ports, sizeof(ports), "port %u", endpoint->first);
	else
		snprintf(ports, sizeof(ports), "ports %u-%u", endpoint->first, endpoint->last);
	snprintf(line, sizeof(line), "service '%s' (%s, %s, %s) would %s", service->name,
		addr_format(&service->vip, address, sizeof(address)),
		endpoint->protocol == CONFIG_UDP ? "udp" : "tcp", ports,
		loss == LOSS_OF_BACKENDS ? "have no backend that takes new connections"
					 : "be served no longer");
	s->report(s->context, line);
}

// It counts once, and the first that it would lose is told.
static void judge_service(const struct search *s, const struct config_service *service)
{
	for (uint32_t i = 0; i < config_endpoint_count(service); i++) {
		struct config_endpoint endpoint = config_endpoint(service, i);
		enum loss_of loss = judge_endpoint(s, service, endpoint);

		if (loss == LOSS_NONE)
			continue;
		s->loss->services_gone++;
		tell_service(s, service, &endpoint, loss);
		return;
	}
}

// --- Backends ---

static bool still_takes_new(const struct search *s, const struct config_backend *backend)
{
	for (struct map_node *node = map_find(&s->backends, hash_backend(backend)); node != NULL;
		node = map_find_next(node)) {
		const struct config_backend *now =
			&s->new->backends[MAP_ENTRY(node, struct loss_node, node)->at];

		if (strcmp(now->name, backend->name) == 0 && strcmp(now->pool, backend->pool) == 0)
			return addr_equal(&now->address, &backend->address) &&
			       backend_takes_new(now);
	}
	return false;
}

static void name_gone(
	const struct search *s, const struct config_pool *pool, char *text, size_t size)
{
	uint32_t named = 0, gone = 0;
	size_t used = 0;

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		const struct config_backend *backend = &s->old->backends[pool->first_backend + i];

		if (!backend_takes_new(backend) || still_takes_new(s, backend) ||
			++gone > NAMES_MAX)
			continue;
		used += (size_t)snprintf(
			text + used, size - used, "%s%s", named++ > 0 ? ", " : "", backend->name);
	}
	if (gone > named)
		snprintf(text + used, size - used, " and %u more", gone - named);
}

static void tell_pool(
	const struct search *s, const struct config_pool *pool, uint32_t gone, uint32_t before)
{
	char line[LINE_SIZE], names[LINE_SIZE - 2 * CONFIG_NAME_SIZE - 64] = "";

	if (s->report == NULL || s->loss->pools_hit > LINES_MAX)
		return;
	name_gone(s, pool, names, sizeof(names));
	snprintf(line, sizeof(line),
		"pool '%s': %u of the %u backends would take no new connections: %s", pool->name,
		gone, before, names);
	s->report(s->context, line);
}

static void judge_pool(const struct search *s, const struct config_pool *pool)
{
	struct config_loss *loss = s->loss;
	uint32_t before = 0, gone = 0;

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		const struct config_backend *backend = &s->old->backends[pool->first_backend + i];

		if (!backend_takes_new(backend))
			continue;
		before++;
		gone += !still_takes_new(s, backend);
	}
	if (2 * (uint64_t)gone <= before)
		return;
	if (loss->pools_hit++ == 0) {
		memcpy(loss->pool, pool->name, sizeof(loss->pool));
		loss->backends = before;
		loss->backends_gone = gone;
	}
	tell_pool(s, pool, gone, before);
}

// --- All of it ---

static void tell_rest(const struct search *s, uint32_t count, const char *what)
{
	char line[64];

	if (s->report == NULL || count <= LINES_MAX)
		return;
	snprintf(line, sizeof(line), "and %u %s more", count - LINES_MAX, what);
	s->report(s->context, line);
}

int config_find_loss(const struct config *old, const struct config *new, config_report_fn *report,
	void *context, struct config_loss *out)
{
	struct search s = {
		.old = old, .new = new, .report = report, .context = context, .loss = out};
	int rc = search_prepare(&s);

	*out = (struct config_loss){.services = old->service_count};
	for (uint32_t i = 0; rc == 0 && i < old->service_count; i++)
		judge_service(&s, &old->services[i]);
	tell_rest(&s, out->services_gone, "services");
	for (uint32_t i = 0; rc == 0 && i < old->pool_count; i++)
		if (s.is_used[i])
			judge_pool(&s, &old->pools[i]);
	tell_rest(&s, out->pools_hit, "pools");
	search_free(&s);
	return rc;
}

bool config_loss_is_heavy(const struct config_loss *loss)
{
	return loss->pools_hit > 0 || 2 * (uint64_t)loss->services_gone > loss->services;
}

const char *config_loss_format(const struct config_loss *loss, char *text, size_t size)
{
	char pools[CONFIG_NAME_SIZE + 96] = "", services[64] = "";

	if (loss->services_gone > 0)
		snprintf(services, sizeof(services), "%u of %u service%s", loss->services_gone,
			loss->services, loss->services == 1 ? "" : "s");
	if (loss->pools_hit > 1)
		snprintf(pools, sizeof(pools),
			"%u of the %u backends of pool '%s', and most of %u pool%s more",
			loss->backends_gone, loss->backends, loss->pool, loss->pools_hit - 1,
			loss->pools_hit == 2 ? "" : "s");
	else if (loss->pools_hit == 1)
		snprintf(pools, sizeof(pools), "%u of the %u backends of pool '%s'",
			loss->backends_gone, loss->backends, loss->pool);
	snprintf(text, size, "%s%s%s", services,
		services[0] != '\0' && pools[0] != '\0' ? ", and " : "", pools);
	return text;
}
