// SPDX-License-Identifier: BSD-3-Clause
#include <base/fnv.h>
#include <snapshot/snapshot_private.h>

// Which part of a pool's weight serves a service that prefers some zones. Its first preferred zone
// serves alone while so much of its weight can serve as the floor asks for. What is missing of that
// is taken from the next zones, in their order, by scaling their weights: so a zone that fails by
// and by moves as much as it loses, and never all. The outcome follows from the configuration and
// the health alone, and not from what was before, so that every balancer chooses alike.

#define TIERS_MAX (CONFIG_PREFER_MAX + 1) // those that nobody named come last

// Weights are scaled finer than by whole units. 65535 x 10 x 512 is below MAGLEV_WEIGHT_MAX.
#define FINENESS 512u

struct tier {
	uint64_t whole; // weight of all its backends
	uint64_t able; // of those that can serve
	uint64_t taken; // of it, what the service needs
};

uint64_t zones_policy(const struct config_service *service)
{
	uint64_t hash = FNV_START;

	if (service->prefer_count == 0)
		return 0;
	for (uint32_t i = 0; i < service->prefer_count; i++)
		hash = fnv_add(hash, service->prefer[i], CONFIG_NAME_SIZE);
	return fnv_add(hash, &service->prefer_floor, sizeof(service->prefer_floor));
}

static uint32_t tier_of(const struct config_service *service, const struct config_backend *backend)
{
	uint32_t tier = 0;

	while (tier < service->prefer_count && strcmp(service->prefer[tier], backend->zone) != 0)
		tier++;
	return tier;
}

static void measure(const struct view_input *in, const struct candidates *candidates,
	struct tier tiers[TIERS_MAX])
{
	const struct config *config = in->input->config;
	const struct config_pool *pool = &config->pools[in->pool];

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		const struct config_backend *backend = &config->backends[pool->first_backend + i];

		// What an operator has taken out is not missing.
		if (backend->state != CONFIG_STATE_LEAVING)
			tiers[tier_of(in->service, backend)].whole += backend->weight * 10u;
	}
	for (uint32_t i = 0; i < candidates->count; i++)
		tiers[tier_of(in->service, candidates->list[i].backend)].able +=
			candidates->list[i].member.weight;
}

// The first zone that has any weight is whole; the others give what it lacks.
static void share_out(const struct config_service *service, struct tier tiers[TIERS_MAX])
{
	uint64_t missing;
	uint32_t first = 0;

	while (first + 1 < TIERS_MAX && tiers[first].whole == 0)
		first++;
	missing = (tiers[first].whole * service->prefer_floor + 99) / 100;
	tiers[first].taken = tiers[first].able;
	missing -= missing < tiers[first].able ? missing : tiers[first].able;
	for (uint32_t i = first + 1; i < TIERS_MAX; i++) {
		tiers[i].taken = missing < tiers[i].able ? missing : tiers[i].able;
		missing -= tiers[i].taken;
	}
}

void zones_weigh(const struct view_input *in, struct candidates *candidates)
{
	struct tier tiers[TIERS_MAX] = {0};
	uint32_t kept = 0;

	if (in->service == NULL || in->service->prefer_count == 0)
		return;
	measure(in, candidates, tiers);
	share_out(in->service, tiers);
	for (uint32_t i = 0; i < candidates->count; i++) {
		struct candidate candidate = candidates->list[i];
		const struct tier *tier = &tiers[tier_of(in->service, candidate.backend)];
		uint64_t weight = candidate.member.weight * FINENESS * tier->taken / tier->able;

		if (tier->taken == 0)
			continue;
		candidate.member.weight = weight > 0 ? (uint32_t)weight : 1;
		candidates->list[kept++] = candidate;
	}
	candidates->count = kept;
}
