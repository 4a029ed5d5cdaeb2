// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <commit/commit_private.h>
#include <stats/flow_counts.h>

#include <errno.h>
#include <stdlib.h>

// A backend that an operator takes out of a pool keeps the connections that it has, as if it were
// drained: it leaves. It is gone with the first apply after the last of its flows, or seconds later
// by itself (reap.c); where its pool goes on, not before the pool's previous table, which still
// leads to it, is forgotten.

// A job's own round, while the loop may be in the midst of one for those who ask.
static int leaving_count_flows(const struct commit *commit, struct flow_counts *counts)
{
	const struct flow_counts_source source = {
		.tables = commit->flows, .snapshot = commit->build.previous};
	int rc = flow_counts_init(counts, commit->backend_registry->capacity, commit->worker_count);
	uint64_t round = flow_counts_ask(counts);

	while (rc == 0 && !flow_counts_has(counts, round))
		flow_counts_step(counts, &source);
	return rc;
}

// How long tables before may lead to a backend of that pool of the running configuration: not at
// all where the pool is gone, since no service asks it any more.
static uint64_t leaving_find_wait_s(const struct commit *commit, uint32_t pool)
{
	const struct config_pool *left = &commit->running->config->pools[pool];

	return config_find_pool(commit->config, left->name) != NULL ? left->previous_table_s : 0;
}

static bool leaving_may_go(const struct commit *commit, uint32_t index,
	const struct flow_counts_result *found, uint64_t wait_s)
{
	const struct running_backend *state = &commit->build.states[index];
	int64_t left_ns = (int64_t)commit->start_ns - state->leaving_ns;

	return !found->is_known[index] && state->is_leaving &&
	       left_ns >= (int64_t)(wait_s * CLOCK_NS_PER_S);
}

// The numbers in the running configuration of those that the new one has no longer.
static uint32_t *leaving_find_missing(struct commit *commit, uint32_t *count)
{
	const struct config *running = commit->running->config;
	uint32_t *missing = calloc((size_t)running->backend_count + 1, sizeof(*missing));
	bool *stays = calloc((size_t)running->backend_count + 1, sizeof(*stays));

	*count = 0;
	commit->next = 0;
	for (uint32_t i = 0; stays != NULL && i < commit->config->backend_count; i++) {
		uint32_t before = commit_find_running(commit, commit->config, i);

		if (before != CONFIGURATION_NONE)
			stays[before] = true;
	}
	for (uint32_t i = 0; missing != NULL && stays != NULL && i < running->backend_count; i++) {
		if (!stays[i] && running->backends[i].state != CONFIG_STATE_DISABLED)
			missing[(*count)++] = i;
	}
	if (stays == NULL) {
		free(missing);
		missing = NULL;
	}
	free(stays);
	return missing;
}

static int leaving_keep_those_with_flows(struct commit *commit, uint32_t *missing, uint32_t count)
{
	const struct config *running = commit->running->config;
	uint32_t kept = 0, pool = CONFIGURATION_NONE;
	struct flow_counts counts;
	uint64_t wait_s = 0;

	if (leaving_count_flows(commit, &counts) != 0)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = configuration_index(commit->running, missing[i]);

		if (running->backends[missing[i]].pool_index != pool) { // they stand together
			pool = running->backends[missing[i]].pool_index;
			wait_s = leaving_find_wait_s(commit, pool);
		}
		// The last daemon's flows are not there yet.
		if (commit->left != NULL || !leaving_may_go(commit, index, &counts.last, wait_s))
			missing[kept++] = missing[i];
	}
	flow_counts_free(&counts);
	if (kept > 0)
		commit->all = config_with_leaving(commit->config, running, missing, kept);
	return commit->all == NULL ? -ENOMEM : 0;
}

// The numbers of those that were leaving when the last daemon ended, and of which nobody else
// knows.
static uint32_t *leaving_find_left(const struct commit *commit, uint32_t *count)
{
	const struct config *left = commit->left;
	uint32_t *found = calloc((size_t)left->backend_count + 1, sizeof(*found));
	char name[REGISTRY_NAME_SIZE];
	uint32_t at;

	*count = 0;
	for (uint32_t i = 0; found != NULL && i < left->backend_count; i++) {
		configuration_backend_name(left, i, name);
		if (config_find_backend(commit->all, name, &at, NULL) != 0)
			found[(*count)++] = i;
	}
	return found;
}

static int leaving_add_left(struct commit *commit)
{
	uint32_t count;
	uint32_t *found = leaving_find_left(commit, &count);
	struct config *all = NULL;

	if (found != NULL)
		all = config_with_leaving(commit->all, commit->left, found, count);
	free(found);
	if (all == NULL)
		return -ENOMEM;
	if (commit->all != commit->config)
		config_free(commit->all);
	commit->all = all;
	return 0;
}

int commit_find_leaving(struct commit *commit)
{
	uint32_t *missing;
	uint32_t count;
	int rc = 0;

	commit->all = commit->config;
	if (commit->running == NULL)
		return 0;
	missing = leaving_find_missing(commit, &count);
	if (missing == NULL)
		rc = -ENOMEM;
	else if (count > 0)
		rc = leaving_keep_those_with_flows(commit, missing, count);
	free(missing);
	if (rc == 0 && commit->left != NULL)
		rc = leaving_add_left(commit);
	return rc == 0 ? 0 : error_set(&commit->err, ENOMEM, "out of memory");
}
