// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

// One thread may free an old snapshot while another builds from the one that has the same tables.
static void generation_release(struct snapshot_generation *generation)
{
	if (generation == NULL ||
		__atomic_sub_fetch(&generation->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	maglev_release(generation->table);
	free(generation);
}

static struct snapshot_generation *generation_hold(struct snapshot_generation *generation)
{
	if (generation != NULL)
		__atomic_add_fetch(&generation->references, 1, __ATOMIC_RELAXED);
	return generation;
}

void pool_release(struct snapshot_pool *pool)
{
	generation_release(pool->current);
	generation_release(pool->previous);
}

static bool takes_new_flows(
	const struct snapshot_backend_input *backend, const struct config_backend *config)
{
	return backend->status == BACKEND_UP && (backend->resolved || backend->awaited) &&
	       config->weight > 0;
}

// When nobody is up: whoever is meant to serve and can be reached.
static bool takes_in_need(
	const struct snapshot_backend_input *backend, const struct config_backend *config)
{
	return (backend->status == BACKEND_UP || backend->status == BACKEND_DOWN) &&
	       backend->resolved && config->weight > 0;
}

typedef bool takes_fn(
	const struct snapshot_backend_input *backend, const struct config_backend *config);

// Who takes new flows, in the configuration's order. Maglev's names go to 'names'.
static uint32_t gather(const struct snapshot_input *input, const struct config_pool *pool,
	takes_fn *takes, struct snapshot_member *members, struct maglev_member *names)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool->backend_count; i++) {
		uint32_t at = pool->first_backend + i;
		const struct config_backend *config = &input->config->backends[at];

		if (!takes(&input->backends[at], config))
			continue;
		members[count] =
			(struct snapshot_member){input->backends[at].reference, config->weight};
		names[count] = (struct maglev_member){config->name, config->weight};
		count++;
	}
	return count;
}

static bool is_same(const struct snapshot_generation *generation,
	const struct snapshot_member *members, uint32_t count, uint32_t table_size)
{
	return generation != NULL && generation->member_count == count &&
	       generation->table->size == table_size &&
	       memcmp(generation->members, members, count * sizeof(*members)) == 0;
}

static int generation_new(const struct snapshot_member *members, const struct maglev_member *names,
	uint32_t count, uint32_t table_size, struct snapshot_generation **out, struct error *err)
{
	struct snapshot_generation *generation =
		calloc(1, sizeof(*generation) + count * sizeof(*members));
	int rc;

	if (generation == NULL)
		return error_set(err, ENOMEM, "out of memory");
	rc = maglev_build(names, count, table_size, &generation->table, err);
	if (rc != 0) {
		free(generation);
		return rc;
	}
	generation->references = 1;
	generation->member_count = count;
	memcpy(generation->members, members, count * sizeof(*members));
	*out = generation;
	return 0;
}

// Shares what did not change; else what was current becomes previous.
static int advance(const struct config_pool *config, const struct snapshot_pool *before,
	const struct snapshot_member *members, const struct maglev_member *names, uint32_t count,
	struct snapshot_pool *out, struct error *err)
{
	static const struct snapshot_pool none;

	if (before == NULL)
		before = &none;
	out->tables_built = before->tables_built;
	if (is_same(before->current, members, count, config->table_size)) {
		out->current = generation_hold(before->current);
		out->previous = generation_hold(before->previous);
		return 0;
	}
	out->previous =
		generation_hold(before->current != NULL ? before->current : before->previous);
	if (count == 0)
		return 0;
	out->tables_built++;
	return generation_new(members, names, count, config->table_size, &out->current, err);
}

int pool_build(const struct snapshot_input *input, const struct config_pool *config,
	const struct snapshot_pool *before, struct snapshot_pool *out, struct error *err)
{
	uint32_t most = config->backend_count + 1;
	struct snapshot_member *members = calloc(most, sizeof(*members));
	struct maglev_member *names = calloc(most, sizeof(*names));
	uint32_t count;
	int rc = -ENOMEM;

	memcpy(out->name, config->name, sizeof(out->name));
	out->on_down = config->on_down;
	out->oversize = config->oversize;
	if (members != NULL && names != NULL) {
		count = gather(input, config, takes_new_flows, members, names);
		if (count == 0 && config->on_all_down == CONFIG_ALL_DOWN_SPREAD) {
			count = gather(input, config, takes_in_need, members, names);
			out->is_spread = count > 0;
		}
		rc = advance(config, before, members, names, count, out, err);
	}
	free(members);
	free(names);
	return rc;
}
