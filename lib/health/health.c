// SPDX-License-Identifier: BSD-3-Clause
#include <health/health_private.h>

#include <base/clock.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPREAD_US 100 // between the first probes of two new targets

int health_new(
	struct event_base *base, health_change_fn *changed, void *context, struct health **out)
{
	struct health *health = calloc(1, sizeof(*health));

	if (health == NULL)
		return -ENOMEM;
	health->tls = tls_contexts_new(base);
	if (health->tls == NULL || map_init(&health->targets, 0) != 0 ||
		map_init(&health->groups, 0) != 0) {
		map_free(&health->targets);
		tls_contexts_free(health->tls);
		free(health);
		return -ENOMEM;
	}
	health->base = base;
	health->changed = changed;
	health->context = context;
	health->random = (uint32_t)clock_monotonic_ns() | 1;
	*out = health;
	return 0;
}

void health_set_path(struct health *health, const struct probe_kind *path, void *context)
{
	health->path = path;
	health->path_context = context;
}

void health_set_doubt(struct health *health, health_doubt_fn *doubt, void *context)
{
	health->doubt = doubt;
	health->doubt_context = context;
}

void health_free(struct health *health)
{
	if (health == NULL)
		return;
	for (struct map_node *node = map_first(&health->targets), *next; node != NULL;
		node = next) {
		next = map_next(&health->targets, node);
		map_remove(&health->targets, node);
		target_free(MAP_ENTRY(node, struct target, node));
	}
	map_free(&health->targets);
	map_free(&health->groups);
	tls_contexts_free(health->tls);
	free(health);
}

static struct target *find(const struct health *health, uint32_t id)
{
	struct map_node *node = map_find(&health->targets, map_hash(&id, sizeof(id)));

	while (node != NULL && MAP_ENTRY(node, struct target, node)->spec.id != id)
		node = map_find_next(node);
	return MAP_ENTRY(node, struct target, node);
}

static void insert(struct health *health, struct target *target)
{
	map_insert(&health->targets, &target->node,
		map_hash(&target->spec.id, sizeof(target->spec.id)));
}

// Unused bytes of its texts are zero.
static bool same_policy(const struct config_health *a, const struct config_health *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static bool same_backend(const struct health_target *a, const struct health_target *b)
{
	return addr_equal(&a->address, &b->address) && strcmp(a->group, b->group) == 0;
}

// The first probes of many targets start one after another, the last one within an interval.
static uint64_t first_delay_us(const struct target *target, uint32_t index)
{
	uint64_t interval_us = target->spec.policy.interval_ms * 1000ull;

	if (target->kind->constant || interval_us == 0)
		return 0;
	return (uint64_t)index * SPREAD_US % interval_us;
}

int health_put_target(struct health *health, const struct health_target *spec, uint32_t order)
{
	struct target *target = find(health, spec->id);

	if (target != NULL && same_backend(&target->spec, spec)) {
		if (target->spec.port == spec->port &&
			same_policy(&target->spec.policy, &spec->policy))
			return 0;
		target_set(target, spec);
	} else {
		struct target *fresh = target_new(health, spec);

		if (fresh == NULL)
			return -ENOMEM;
		if (target != NULL)
			health_drop_target(health, spec->id);
		insert(health, fresh);
		target = fresh;
	}
	target_start(target, first_delay_us(target, order));
	return 0;
}

void health_drop_target(struct health *health, uint32_t id)
{
	struct target *target = find(health, id);

	if (target == NULL)
		return;
	map_remove(&health->targets, &target->node);
	target_free(target);
}

void health_forget_files(struct health *health)
{
	tls_contexts_forget(health->tls);
}

bool health_end_files(struct health *health, uint64_t until_ns)
{
	return tls_contexts_end(health->tls, until_ns);
}

bool health_view(const struct health *health, uint32_t id, struct health_view *out)
{
	struct target *target = find(health, id);

	if (target != NULL)
		*out = target->view;
	return target != NULL;
}

const struct histogram *health_latency(const struct health *health, const char *name)
{
	const struct group *group = group_find(&health->groups, name);

	return group != NULL ? &group->latency : NULL;
}

void health_stats(const struct health *health, struct health_stats *out)
{
	*out = health->stats;
}

const char *health_status_name(enum health_status status)
{
	static const char *const names[] = {
		[HEALTH_UNKNOWN] = "unknown", [HEALTH_UP] = "up", [HEALTH_DOWN] = "down"};

	return status <= HEALTH_DOWN ? names[status] : "?";
}
