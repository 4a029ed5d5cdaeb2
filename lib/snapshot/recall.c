// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/recall.h>
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <stdlib.h>

struct recalling {
	struct snapshot *snapshot;
	const struct past *past;
	struct tables tables;
	struct snapshot_generation **generations; // of the past's tables, as far as they are made
	uint32_t *pools; // of each view that there was
	uint32_t *made; // the view that has a number, or VIEW_NONE
};

// Room for as many views more as there are numbers.
static bool recall_make_room(struct recalling *r)
{
	struct snapshot *snapshot = r->snapshot;
	size_t count = (size_t)snapshot->view_count + r->past->number_count + 1;
	struct snapshot_view *views = realloc(snapshot->views, count * sizeof(*views));
	struct snapshot_account *accounts;

	if (views != NULL)
		snapshot->views = views;
	accounts = realloc(snapshot->accounts, count * sizeof(*accounts));
	if (accounts != NULL)
		snapshot->accounts = accounts;
	return views != NULL && accounts != NULL;
}

static bool recall_allocate(struct recalling *r)
{
	r->generations = calloc((size_t)r->past->table_count + 1, sizeof(*r->generations));
	r->pools = calloc(
		(size_t)r->snapshot->view_count + r->past->number_count + 1, sizeof(*r->pools));
	r->made = malloc(((size_t)r->past->number_count + 1) * sizeof(*r->made));
	for (uint32_t i = 0; r->made != NULL && i < r->past->number_count; i++)
		r->made[i] = VIEW_NONE;
	return r->generations != NULL && r->pools != NULL && r->made != NULL &&
	       recall_make_room(r) && tables_init(&r->tables) == 0;
}

static void recall_find_pools(struct recalling *r)
{
	const struct snapshot *snapshot = r->snapshot;

	for (uint32_t p = 0; p < snapshot->pool_count; p++) {
		for (uint32_t v = snapshot->pools[p].first_view; v != VIEW_NONE;
			v = snapshot->views[v].next)
			r->pools[v] = p;
	}
}

static bool recall_is_same(const struct recalling *r, const struct snapshot_generation *generation,
	const struct past_table *table)
{
	const struct past_member *members = &r->past->members[table->first_member];
	uint32_t i = 0;

	if (generation == NULL || generation->member_count != table->member_count ||
		generation->table->size != table->size)
		return false;
	while (i < table->member_count && generation->members[i].backend == members[i].backend &&
		generation->members[i].weight == members[i].weight)
		i++;
	return i == table->member_count;
}

static struct snapshot_generation *recall_make(struct recalling *r, const struct past_table *table)
{
	const struct past_member *from = &r->past->members[table->first_member];
	struct maglev_member *members = calloc((size_t)table->member_count + 1, sizeof(*members));
	uint32_t *references = calloc((size_t)table->member_count + 1, sizeof(*references));
	struct snapshot_generation *generation = NULL;
	struct error err;

	for (uint32_t i = 0; members != NULL && references != NULL && i < table->member_count;
		i++) {
		members[i] = (struct maglev_member){from[i].name, from[i].weight};
		references[i] = from[i].backend;
	}
	if (members != NULL && references != NULL &&
		generation_new(members, references, table->member_count, table->size, &r->tables,
			&generation, &err) != 0)
		generation = NULL;
	free(members);
	free(references);
	return generation;
}

// The table of that number. What the service has already is not made again; NULL: it had none, or
// it cannot be made.
static struct snapshot_generation *recall_generation(
	struct recalling *r, uint32_t number, const struct snapshot_view *present)
{
	const struct past_table *table;
	struct snapshot_generation **made;

	if (number == PAST_NONE)
		return NULL;
	table = &r->past->tables[number];
	made = &r->generations[number];
	if (*made != NULL)
		return generation_hold(*made);
	if (recall_is_same(r, present->current, table))
		*made = generation_hold(present->current);
	else if (recall_is_same(r, present->remembered, table))
		*made = generation_hold(present->remembered);
	else
		*made = recall_make(r, table);
	return generation_hold(*made);
}

// What it remembered, as far as those tables can be made.
static int recall_past(struct recalling *r, const struct past_view *past,
	const struct snapshot_view *present, struct snapshot_view *view)
{
	const struct past_remembered *remembered =
		past->remembered_count > 0 ? &r->past->remembered[past->first_remembered] : NULL;
	int rc = 0;

	view->past = past_new(r->past->written_s);
	for (uint32_t i = 0; view->past != NULL && rc == 0 && i < past->remembered_count; i++) {
		struct snapshot_generation *generation =
			recall_generation(r, remembered[i].table, present);

		if (generation != NULL)
			rc = past_append(view->past, generation, remembered[i].living);
	}
	if (view->past == NULL || rc != 0)
		return -ENOMEM;
	return view_recollect(r->snapshot, view);
}

// Another view of the service's pool, behind the first one. VIEW_NONE: its table cannot be made.
static uint32_t recall_add_view(struct recalling *r, const struct past_view *past, uint32_t present)
{
	struct snapshot *snapshot = r->snapshot;
	uint32_t at = snapshot->view_count, pool = r->pools[present];
	struct snapshot_view *first = &snapshot->views[snapshot->pools[pool].first_view];
	struct snapshot_view *view = &snapshot->views[at];

	*view = snapshot->views[present];
	view->current = recall_generation(r, past->current, &snapshot->views[present]);
	view->remembered = NULL;
	view->past = NULL;
	view->begun = 0;
	view->changed_s = past->changed_s;
	view->is_settled = false;
	if ((view->current == NULL && past->current != PAST_NONE) ||
		recall_past(r, past, &snapshot->views[present], view) != 0) {
		view_release(view);
		return VIEW_NONE;
	}
	view->next = first->next;
	first->next = at;
	snapshot->accounts[at] = (struct snapshot_account){0};
	r->pools[at] = pool;
	snapshot->view_count++;
	return at;
}

// A service that has another pool since begins with that one's tables.
static bool recall_view(struct recalling *r, const struct past_view *past)
{
	struct snapshot_service *service = &r->snapshot->services[past->service];
	uint32_t *made = &r->made[past->number];

	if (past->service >= r->snapshot->service_capacity || !service->is_configured)
		return false;
	if (*made == VIEW_NONE)
		*made = recall_add_view(r, past, service->view);
	if (*made == VIEW_NONE || r->pools[*made] != r->pools[service->view])
		return false;
	service->view = *made;
	return true;
}

uint32_t snapshot_recall(struct snapshot *snapshot, const struct past *past)
{
	struct recalling r = {.snapshot = snapshot, .past = past};
	uint32_t count = 0;

	if (recall_allocate(&r)) {
		recall_find_pools(&r);
		for (uint32_t i = 0; i < past->view_count; i++)
			count += recall_view(&r, &past->views[i]);
	}
	for (uint32_t i = 0; r.generations != NULL && i < past->table_count; i++)
		generation_release(r.generations[i]);
	tables_free(&r.tables);
	free(r.generations);
	free(r.pools);
	free(r.made);
	return count;
}
