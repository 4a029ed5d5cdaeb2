// SPDX-License-Identifier: BSD-3-Clause
#include <base/fnv.h>
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

static void *allocate_lines(size_t count, size_t size)
{
	size_t bytes = (count * size + 63) & ~(size_t)63;
	void *memory = aligned_alloc(64, bytes);

	if (memory != NULL)
		memset(memory, 0, bytes);
	return memory;
}

static const struct addr *outer_source(const struct snapshot_input *input, uint32_t backend)
{
	const struct config_backend *config = &input->config->backends[backend];
	const struct prefix *drawn = config_outer_source(
		&input->config->pools[config->pool_index], config->address.family);

	return drawn != NULL ? &drawn->address : &input->backends[backend].outer_source;
}

static void build_backends(const struct snapshot_input *input, struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < input->config->backend_count; i++) {
		const struct snapshot_backend_input *from = &input->backends[i];
		struct snapshot_backend *to =
			&snapshot->backends[from->reference & BACKEND_INDEX_MASK];

		to->generation = (uint8_t)(from->reference >> BACKEND_INDEX_BITS);
		to->status = from->status;
		if (from->status == BACKEND_PARTLY)
			memcpy(snapshot->partly[from->reference & BACKEND_INDEX_MASK], from->partly,
				sizeof(from->partly));
		to->port = BACKEND_PORT_NONE;
		if (!from->resolved)
			continue;
		to->port = from->port;
		to->mtu = from->mtu;
		encap_init(&to->encap, &from->source_mac, &from->next_hop_mac, from->vlan_tci,
			outer_source(input, i), &input->config->backends[i].address);
	}
}

// A service's name as the salt of its source affinity, alike on every balancer.
static uint64_t name_salt(const char *name)
{
	return fnv_add(FNV_START, name, strlen(name));
}

static void build_ttl(const struct config_service *service, struct flow_ttl *ttl)
{
	ttl->seconds[FLOW_NEW] = (uint16_t)service->flow_ttl.new_s;
	ttl->seconds[FLOW_ESTABLISHED] = (uint16_t)service->flow_ttl.established_s;
	ttl->seconds[FLOW_CLOSING] = (uint16_t)service->flow_ttl.closing_s;
	ttl->seconds[FLOW_FINISHED] = (uint16_t)service->flow_ttl.half_closed_s;
	ttl->seconds[FLOW_HALF_CLOSED] = (uint16_t)service->flow_ttl.half_closed_s;
	ttl->seconds[FLOW_UDP] = (uint16_t)service->flow_ttl.udp_s;
}

// The bits behind the prefixes, of the last 32: check_outer_source() sees to it that there are no
// others. Behind two of them, as many as the shorter tail has: so a packet asks for no more than
// the service.
static uint32_t snapshot_flow_source_bits(const struct config_pool *pool)
{
	uint32_t least = 32;

	for (uint32_t i = 0; i < pool->outer_source_count; i++) {
		const struct prefix *prefix = &pool->outer_source[i];
		uint32_t tail = (prefix->address.family == ADDR_IPV4 ? 32u : 128u) - prefix->bits;

		least = tail < least ? tail : least;
	}
	return pool->outer_source_count == 0 ? 0 : be32((uint32_t)((1ull << least) - 1));
}

static void build_services(const struct snapshot_input *input, struct snapshot *snapshot)
{
	for (uint32_t i = 0; i < input->config->service_count; i++) {
		const struct config_service *from = &input->config->services[i];
		struct snapshot_service *to = &snapshot->services[input->services[i]];

		to->is_configured = 1;
		to->forwarding = from->forwarding;
		to->affinity = from->affinity;
		to->flow_source_be =
			snapshot_flow_source_bits(&input->config->pools[from->pool_index]);
		to->salt = from->affinity == CONFIG_SOURCE_SERVICE ? name_salt(from->name) : 0;
		build_ttl(from, &to->ttl);
		snapshot->ttls[input->services[i]] = to->ttl;
	}
}

static bool has_partly(const struct snapshot_input *input)
{
	uint32_t i = 0;

	while (i < input->config->backend_count && input->backends[i].status != BACKEND_PARTLY)
		i++;
	return i < input->config->backend_count;
}

static bool allocate(const struct snapshot_input *input, struct snapshot *snapshot)
{
	bool is_partly = has_partly(input);

	if (is_partly)
		snapshot->partly =
			allocate_lines(input->backend_capacity, sizeof(*snapshot->partly));
	snapshot->backends = allocate_lines(input->backend_capacity, sizeof(*snapshot->backends));
	snapshot->services = allocate_lines(input->service_capacity, sizeof(*snapshot->services));
	snapshot->ttls = allocate_lines(input->service_capacity, sizeof(*snapshot->ttls));
	snapshot->counted = allocate_lines(input->service_capacity, sizeof(*snapshot->counted));
	return (!is_partly || snapshot->partly != NULL) && snapshot->backends != NULL &&
	       snapshot->services != NULL && snapshot->ttls != NULL && snapshot->counted != NULL;
}

int snapshot_build(const struct snapshot_input *input, const struct snapshot *previous,
	struct snapshot **out, struct error *err)
{
	struct snapshot *snapshot = allocate_lines(1, sizeof(*snapshot));
	int rc = -ENOMEM;

	if (snapshot == NULL)
		return error_set(err, 0, "out of memory");
	snapshot->version = input->version;
	snapshot->backend_capacity = input->backend_capacity;
	snapshot->service_capacity = input->service_capacity;
	hash_key_init(&snapshot->key,
		input->config->hash_key_set ? input->config->hash_key : hash_key_builtin);
	error_set(err, 0, "out of memory");
	if (allocate(input, snapshot))
		rc = vips_build(input, &snapshot->vips);
	if (rc == -E2BIG)
		error_set(err, E2BIG,
			"the services' port ranges need more than 65535 pages of 256 ports");
	if (rc == 0) {
		build_backends(input, snapshot);
		build_services(input, snapshot);
		rc = exact_build(input, snapshot);
		if (rc == 0)
			rc = own_build(input, &snapshot->own);
	}
	if (rc == 0)
		rc = views_build(input, previous, snapshot, err);
	if (rc != 0) {
		snapshot_free(snapshot);
		return rc;
	}
	*out = snapshot;
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	if (snapshot == NULL)
		return;
	views_free(snapshot);
	vips_free(&snapshot->vips);
	exact_free(&snapshot->exact);
	own_free(&snapshot->own);
	free(snapshot->partly);
	free(snapshot->backends);
	free(snapshot->services);
	free(snapshot->ttls);
	free(snapshot->counted);
	free(snapshot);
}

const struct snapshot_pool *snapshot_find_pool_from(
	const struct snapshot *snapshot, const char *name, uint32_t start)
{
	uint32_t count = snapshot->pool_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct snapshot_pool *pool = &snapshot->pools[(start + i) % count];

		if (strcmp(pool->name, name) == 0)
			return pool;
	}
	return NULL;
}

bool snapshot_is_due(const struct snapshot *snapshot, uint32_t now_s)
{
	uint32_t i = 0;

	while (i < snapshot->view_count && !past_is_due(snapshot->views[i].past, now_s))
		i++;
	return i < snapshot->view_count;
}
