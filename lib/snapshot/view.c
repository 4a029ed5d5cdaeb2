// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/recollect.h>
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

void view_release(struct snapshot_view *view)
{
	generation_release(view->current);
	generation_release(view->remembered);
	past_release(view->past);
}

static bool takes_new_flows(const struct snapshot_backend_input *backend,
	enum backend_status status, const struct config_backend *config)
{
	return snapshot_is_usable(status, backend->resolved || backend->awaited, config);
}

// When nobody is up: whoever is meant to serve and can be reached.
static bool takes_in_need(const struct snapshot_backend_input *backend, enum backend_status status,
	const struct config_backend *config)
{
	return (status == BACKEND_UP || status == BACKEND_DOWN) &&
	       config->state != CONFIG_STATE_DRAINING && config->state != CONFIG_STATE_LEAVING &&
	       backend->resolved && config->weight > 0;
}

typedef bool takes_fn(const struct snapshot_backend_input *backend, enum backend_status status,
	const struct config_backend *config);

static void gather(const struct view_input *in, takes_fn *takes, struct candidates *out)
{
	const struct config_pool *pool = &in->input->config->pools[in->pool];

	out->count = 0;
	for (uint32_t i = 0; i < pool->backend_count; i++) {
		uint32_t at = pool->first_backend + i;
		const struct config_backend *config = &in->input->config->backends[at];
		const struct snapshot_backend_input *backend = &in->input->backends[at];

		// In tenths of it, so that the smallest weight can be held back too: ratios are all
		// that counts.
		uint32_t weight = config->weight * (10u - backend->slow_start_tenths);

		if (takes(backend, backend_input_status(backend, in->probe), config))
			out->list[out->count++] =
				(struct candidate){config, {backend->reference, weight}};
	}
	zones_weigh(in, out);
}

static bool is_same(const struct snapshot_generation *generation,
	const struct candidates *candidates, uint32_t table_size)
{
	uint32_t i = 0;

	if (generation == NULL || generation->member_count != candidates->count ||
		generation->table->size != table_size)
		return false;
	while (i < candidates->count && memcmp(&generation->members[i], &candidates->list[i].member,
						sizeof(generation->members[i])) == 0)
		i++;
	return i == candidates->count;
}

int generation_new(const struct maglev_member *members, const uint32_t *references, uint32_t count,
	uint32_t table_size, struct tables *tables, struct snapshot_generation **out,
	struct error *err)
{
	struct snapshot_generation *generation =
		calloc(1, sizeof(*generation) + count * sizeof(generation->members[0]));
	int rc;

	if (generation == NULL)
		return error_set(err, ENOMEM, "out of memory");
	rc = tables_get(tables, members, count, table_size, &generation->table, err);
	if (rc != 0) {
		free(generation);
		return rc;
	}
	generation->references = 1;
	generation->member_count = count;
	for (uint32_t i = 0; i < count; i++)
		generation->members[i] = (struct snapshot_member){references[i], members[i].weight};
	*out = generation;
	return 0;
}

static int view_make_generation(const struct candidates *candidates, uint32_t table_size,
	struct tables *tables, struct snapshot_generation **out, struct error *err)
{
	struct maglev_member *members = calloc(candidates->count, sizeof(*members));
	uint32_t *references = calloc(candidates->count, sizeof(*references));
	int rc = error_set(err, ENOMEM, "out of memory");

	for (uint32_t i = 0; members != NULL && references != NULL && i < candidates->count; i++) {
		members[i] = (struct maglev_member){
			candidates->list[i].backend->name, candidates->list[i].member.weight};
		references[i] = candidates->list[i].member.backend;
	}
	if (members != NULL && references != NULL)
		rc = generation_new(
			members, references, candidates->count, table_size, tables, out, err);
	free(members);
	free(references);
	return rc;
}

// Another view of the pool may have the same members.
static struct snapshot_generation *find_generation(
	const struct view_input *in, const struct candidates *candidates, uint32_t table_size)
{
	const struct snapshot *snapshot = in->snapshot;
	uint32_t at = snapshot->pools[in->pool].first_view;

	while (at != VIEW_NONE && !is_same(snapshot->views[at].current, candidates, table_size))
		at = snapshot->views[at].next;
	return at == VIEW_NONE ? NULL : generation_hold(snapshot->views[at].current);
}

// Whether one of the pool's backends may still turn out to have served all the time.
static bool has_unasked(const struct view_input *in)
{
	const struct config_pool *pool = &in->input->config->pools[in->pool];
	uint32_t i = 0;

	while (i < pool->backend_count && !in->input->backends[pool->first_backend + i].unasked)
		i++;
	return i < pool->backend_count;
}

// One that is in force again is still there.
static struct snapshot_generation *view_past_find(
	const struct snapshot_past *past, const struct candidates *candidates, uint32_t table_size)
{
	uint32_t i = 0;

	if (past == NULL)
		return NULL;
	while (i < past->count && !is_same(past->tables[i].generation, candidates, table_size))
		i++;
	return i < past->count ? generation_hold(past->tables[i].generation) : NULL;
}

// Shares what did not change.
static int advance(const struct view_input *in, const struct candidates *candidates,
	struct snapshot_view *out, struct error *err)
{
	static const struct snapshot_view none;
	uint32_t size = in->input->config->pools[in->pool].table_size;
	const struct snapshot_view *before = in->before != NULL ? in->before : &none;

	out->changed_s = in->input->now_s;
	if (is_same(before->current, candidates, size)) {
		out->current = generation_hold(before->current);
		out->changed_s = before->changed_s;
		return 0;
	}
	if (candidates->count == 0)
		return 0;
	out->current = view_past_find(before->past, candidates, size);
	if (out->current == NULL)
		out->current = find_generation(in, candidates, size);
	if (out->current != NULL)
		return 0;
	in->snapshot->pools[in->pool].tables_built++;
	return view_make_generation(candidates, size, in->tables, &out->current, err);
}

// --- What it remembers ---

static enum standing view_standing_of(const struct standings *standings, uint32_t reference)
{
	const struct snapshot *snapshot = standings->snapshot;
	const struct snapshot_backend *backend = snapshot_find_backend(snapshot, reference);
	enum backend_status status;

	if (backend == NULL)
		return STANDING_OUT;
	status = snapshot_status(snapshot, standings->view, reference, backend);
	if (status == BACKEND_DOWN)
		return STANDING_DOWN;
	return status == BACKEND_DISABLED ? STANDING_OUT : STANDING_HERE;
}

// What backends are to a view of a snapshot.
static struct standings view_standings_in(
	const struct snapshot *snapshot, const struct snapshot_view *view)
{
	return (struct standings){.of = view_standing_of, .snapshot = snapshot, .view = view};
}

int view_recollect(const struct snapshot *snapshot, struct snapshot_view *out)
{
	const struct standings now = view_standings_in(snapshot, out);
	const struct recollection in = {
		.past = out->past,
		.current = out->current,
		.standings = &now,
		.keeps_down = out->on_down != CONFIG_ON_DOWN_REHASH,
	};

	return recollect(&in, &out->remembered);
}

// True: each remembered backend is to the view what it was.
static bool view_all_stand(
	const struct snapshot_past *past, const struct standings *was, const struct standings *is)
{
	for (uint32_t i = 0; past->count > 1 && i < past->count; i++) {
		const struct snapshot_generation *generation = past->tables[i].generation;

		for (uint32_t m = 0; m < generation->member_count; m++) {
			uint32_t backend = generation->members[m].backend;

			if (was->of(was, backend) != is->of(is, backend))
				return false;
		}
	}
	return true;
}

// Nothing is to be weighed anew: what was remembered is.
static bool view_past_stands(const struct view_input *in, const struct snapshot_view *out)
{
	const struct snapshot_view *before = in->before;
	const struct standings was = view_standings_in(in->snapshot_before, before);
	const struct standings is = view_standings_in(in->snapshot, out);

	if (before == NULL || before->past == NULL || before->current != out->current ||
		before->is_settled != out->is_settled || before->on_down != out->on_down ||
		!view_all_stand(before->past, &was, &is))
		return false;
	if (!past_is_due(before->past, in->input->now_s) || *in->reviews == 0)
		return true;
	(*in->reviews)--;
	return false;
}

// A balancer that has just begun finds its backends well one by one: the tables that it has
// meanwhile are of no other balancer's, and a flow that comes from one must not be led by them.
static int view_remember(const struct view_input *in, struct snapshot_view *out)
{
	const struct snapshot_view *before = in->before;
	const struct standings was = view_standings_in(in->snapshot_before, before);
	const struct past_step step = {
		.before = before != NULL ? before->past : NULL,
		.was = before != NULL ? before->current : NULL,
		.enters = out->is_settled ? out->current : NULL,
		.current = out->current,
		.standings = &was,
		.begun = before != NULL ? before->begun + in->begun : 0,
		.now_s = in->input->now_s,
		.changed_s = out->changed_s,
		.half_s = in->input->config->pools[in->pool].previous_table_s,
	};

	if (step.half_s == 0)
		return 0;
	if (view_past_stands(in, out)) {
		out->past = past_hold(before->past);
		out->remembered = generation_hold(before->remembered);
		out->begun = before->begun + in->begun;
		return 0;
	}
	out->past = past_weigh(&step);
	return out->past == NULL ? -ENOMEM : view_recollect(in->snapshot, out);
}

int view_build(const struct view_input *in, struct snapshot_view *out, struct error *err)
{
	const struct config_pool *config = &in->input->config->pools[in->pool];
	struct candidates candidates = {
		.list = calloc((size_t)config->backend_count + 1, sizeof(*candidates.list))};
	int rc;

	if (candidates.list == NULL)
		return error_set(err, ENOMEM, "out of memory");
	out->on_down = config->on_down;
	out->oversize = config->oversize;
	gather(in, takes_new_flows, &candidates);
	out->is_settled = (in->before != NULL && in->before->is_settled) || !has_unasked(in);
	// At the beginning nobody is known to be well yet, which is not the same.
	if (candidates.count == 0 && config->on_all_down == CONFIG_ALL_DOWN_SPREAD &&
		out->is_settled) {
		gather(in, takes_in_need, &candidates);
		out->is_spread = candidates.count > 0;
	}
	out->rejects = candidates.count == 0 && config->on_all_down == CONFIG_ALL_DOWN_REJECT &&
		       out->is_settled;
	rc = advance(in, &candidates, out, err);
	if (rc == 0 && (view_remember(in, out) != 0 ||
			       account_build(in, &candidates, out, in->account) != 0))
		rc = error_set(err, ENOMEM, "out of memory");
	free(candidates.list);
	return rc;
}
