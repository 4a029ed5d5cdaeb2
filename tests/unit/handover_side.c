// SPDX-License-Identifier: BSD-3-Clause
#include "handover_side.h"

#include <base/clock.h>
#include <flow/flow_inline.h>
#include <judge/explain.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const struct flow_ttl side_ttl = {.seconds = {0, 30, 14400, 10, 60}};

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "handover_side: %s\n", what);
	abort();
}

static struct config *read_config(const char *yaml)
{
	struct config *config;
	struct error err;

	if (config_load_text("side.yaml", yaml, strlen(yaml), &config, NULL, NULL, &err) != 0)
		require(false, err.text);
	return config;
}

// The names of a configuration are the registry's now.
static void carry_out(struct registry *registry, const struct config *config, uint32_t count,
	registry_name_fn *name_of, struct registry_plan *plan)
{
	uint32_t *known = calloc((size_t)count + 1, sizeof(*known));
	char name[REGISTRY_NAME_SIZE];

	for (uint32_t i = 0; i < count; i++) {
		name_of(config, i, name);
		known[i] = registry_find(registry, name);
	}
	require(registry_plan(registry, count, known, plan) == 0, "no plan");
	registry_carry_out(registry, plan, name_of, config);
	free(known);
}

static void number(struct side *side, const char *yaml)
{
	struct config *config = read_config(yaml);
	struct registry_plan backends, services;

	carry_out(&side->running.backend_registry, config, config->backend_count,
		configuration_backend_name, &backends);
	carry_out(&side->running.service_registry, config, config->service_count,
		configuration_service_name, &services);
	configuration_free(side->running.now);
	side->running.now = configuration_new(config, config, &backends, &services,
		side->running.backend_registry.capacity, NULL);
	require(side->running.now != NULL, "no configuration");
	registry_plan_free(&backends);
	registry_plan_free(&services);
}

static void *map_pages(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	require(memory != MAP_FAILED, "no memory");
	madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

static void make_snapshot(struct side *side)
{
	struct flow_ttl *ttls = calloc(side->running.service_registry.capacity, sizeof(*ttls));

	for (uint32_t i = 0; i < side->running.service_registry.capacity; i++)
		ttls[i] = side_ttl;
	side->snapshot = (struct snapshot){
		.ttls = ttls, .service_capacity = side->running.service_registry.capacity};
	hash_key_init(&side->snapshot.key, side->running.now->config->hash_key);
}

void side_init(struct side *side, const char *folder, const char *before, const char *yaml,
	uint32_t workers, uint64_t capacity)
{
	*side = (struct side){.port = {.device = "net_none", .rss = "off"}};
	snprintf(side->folder, sizeof(side->folder), "%s", folder);
	require(registry_init(&side->running.service_registry, 16) == 0 &&
			registry_init(&side->running.backend_registry, 256) == 0,
		"no registry");
	if (before != NULL)
		number(side, before);
	number(side, yaml);
	make_snapshot(side);
	for (uint32_t w = 0; w < workers; w++)
		side->tables[w] =
			flow_table_new(map_pages(flow_table_footprint(capacity)), capacity);
	side->publisher.current = &side->snapshot;
	side->file = FLOWS_FILE_PLANNED;
	side->budget_ns = 60 * CLOCK_NS_PER_S;
	side->handover = (struct handover){.folder = side->folder,
		.flows = side->tables,
		.worker_count = workers,
		.ports = &side->port,
		.port_count = 1,
		.running = &side->running,
		.publisher = &side->publisher};
}

void side_free(struct side *side)
{
	for (uint32_t w = 0; w < side->handover.worker_count; w++)
		munmap(side->tables[w], flow_table_footprint(flow_table_capacity(side->tables[w])));
	free(side->snapshot.ttls);
	configuration_free(side->running.now);
	registry_free(&side->running.service_registry);
	registry_free(&side->running.backend_registry);
}

struct snapshot *side_tables(
	const struct side *side, const char *draining, const struct snapshot *previous)
{
	const struct configuration *configuration = side->running.now;
	uint32_t count = configuration->config->backend_count;
	struct snapshot_backend_input *backends = calloc(count, sizeof(*backends));
	struct snapshot_input input = {
		.config = configuration->config,
		.backends = backends,
		.services = configuration->services,
		.probes = configuration->service_probes,
		.backend_capacity = configuration->capacity,
		.service_capacity = side->running.service_registry.capacity,
		.version = previous == NULL ? 1 : 2,
		.now_s = side_now_s(),
	};
	uint32_t drained = draining == NULL ? REGISTRY_NONE : side_backend(side, draining);
	struct snapshot *snapshot;
	struct error err;

	for (uint32_t i = 0; i < count; i++)
		backends[i] = (struct snapshot_backend_input){
			.reference = configuration->backends[i],
			.status = configuration->backends[i] == drained ? BACKEND_DRAINING
									: BACKEND_UP,
			.resolved = true,
			.mtu = 1500,
		};
	if (snapshot_build(&input, previous, &snapshot, &err) != 0)
		require(false, err.text);
	free(backends);
	return snapshot;
}

uint32_t side_now_s(void)
{
	return (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S);
}

uint32_t side_backend(const struct side *side, const char *name)
{
	uint32_t index = registry_find(&side->running.backend_registry, name);

	return index == REGISTRY_NONE
		       ? REGISTRY_NONE
		       : backend_reference(
				 index, side->running.backend_registry.entries[index].generation);
}

uint32_t side_service(const struct side *side, const char *name)
{
	return registry_find(&side->running.service_registry, name);
}

uint64_t side_hash(const struct side *side, const char *service, const char *client, uint16_t port)
{
	uint32_t place = side->running.now->service_places[side_service(side, service)];
	const struct config_service *to = &side->running.now->config->services[place];
	struct hash128 hash;
	struct packet packet;
	struct addr source;

	require(addr_parse(client, &source) == 0, client);
	explain_make_packet(to->protocols[0], &source, port, &to->vip, to->ports[0][0], 0, &packet);
	hash_packets(&side->snapshot.key, &packet, 1, &hash);
	return hash.flow;
}

bool side_find(const struct side *side, uint32_t worker, uint64_t hash, uint16_t port,
	struct flow_row *out)
{
	struct flow_ref ref;

	if (!flow_find(side->tables[worker], hash, be16(port), &side_ttl, side_now_s(), &ref))
		return false;
	flow_ref_read(&ref, side_now_s(), out);
	return true;
}

void side_add(struct side *side, uint32_t worker, uint64_t hash, const char *client, uint16_t port,
	const char *service, const char *backend, enum flow_state state, uint32_t age_s,
	uint32_t idle_s)
{
	struct flow_begin begin = {.hash = hash,
		.client_port = be16(port),
		.service = (uint16_t)side_service(side, service),
		.backend = side_backend(side, backend),
		.state = state};
	struct addr source;
	struct flow_ref ref;

	require(addr_parse(client, &source) == 0, client);
	begin.client = flow_client_from_addr(&source);
	flow_insert(side->tables[worker], &begin, side->snapshot.ttls,
		side->snapshot.service_capacity, side_now_s() - age_s);
	require(flow_find(side->tables[worker], hash, be16(port), &side_ttl, side_now_s() - age_s,
			&ref),
		"it is not there");
	flow_touch(&ref, state, side_now_s() - idle_s);
}
