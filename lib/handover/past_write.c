// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/map.h>
#include <base/siphash.h>
#include <handover/past.h>

#include <stdlib.h>
#include <string.h>

struct past_writing {
	const struct configuration *configuration;
	const struct snapshot *snapshot;
	struct flows_writer *writer;
	struct map map; // of the tables that are written
	struct written {
		struct map_node node;
		const struct snapshot_generation *generation;
		uint32_t number;
	} * written;
	uint32_t written_count;
	uint32_t *numbers; // of the snapshot's views; FLOWS_NONE: none yet
	uint64_t *begun; // flows of each view, since its past was weighed
	uint32_t number_count;
	uint64_t mark;
};

static const uint8_t past_key[16];

// The first 'marked' bytes of it tell it from another one.
static void past_put(struct past_writing *w, enum flows_item item, const void *any, size_t marked)
{
	uint8_t bytes[sizeof(uint64_t) + sizeof(struct flows_view)];

	memcpy(bytes, &w->mark, sizeof(w->mark));
	memcpy(bytes + sizeof(w->mark), any, marked);
	w->mark = siphash(past_key, bytes, sizeof(w->mark) + marked);
	flows_writer_add(w->writer, item, any);
}

_Static_assert(FLOWS_NONE == CONFIGURATION_NONE, "a place is written as it is");

// Without the name of one of its members it cannot be made again.
static bool past_is_named(
	const struct past_writing *w, const struct snapshot_generation *generation)
{
	uint32_t i = 0;

	while (i < generation->member_count &&
		configuration_find_backend(w->configuration, generation->members[i].backend) !=
			FLOWS_NONE)
		i++;
	return i == generation->member_count;
}

static void past_put_table(struct past_writing *w, const struct snapshot_generation *generation)
{
	const struct flows_table table = {generation->table->size, generation->member_count};

	past_put(w, FLOWS_ITEM_TABLE, &table, sizeof(table));
	for (uint32_t i = 0; i < generation->member_count; i++) {
		const struct flows_member member = {configuration_find_backend(w->configuration,
							    generation->members[i].backend),
			generation->members[i].weight};

		past_put(w, FLOWS_ITEM_MEMBER, &member, sizeof(member));
	}
}

// Its number; it is written where it is not yet.
static uint32_t past_table(struct past_writing *w, const struct snapshot_generation *generation)
{
	uint32_t hash = map_hash(&generation, sizeof(generation));
	struct written *written;

	if (generation == NULL)
		return FLOWS_NONE;
	for (struct map_node *node = map_find(&w->map, hash); node != NULL;
		node = map_find_next(node)) {
		written = MAP_ENTRY(node, struct written, node);
		if (written->generation == generation)
			return written->number;
	}
	written = &w->written[w->written_count++];
	*written = (struct written){.generation = generation, .number = FLOWS_NONE};
	map_insert(&w->map, &written->node, hash);
	if (!past_is_named(w, generation))
		return FLOWS_NONE;
	written->number = w->number_count++;
	past_put_table(w, generation);
	return written->number;
}

static void past_put_view(struct past_writing *w, uint32_t service, uint32_t number, uint32_t at)
{
	const struct snapshot_view *view = &w->snapshot->views[at];
	const struct snapshot_past *past = view->past;
	uint32_t tables[SNAPSHOT_PAST_MAX];
	struct flows_view saved = {
		.service = service,
		.number = number,
		.current = past_table(w, view->current),
		.age_s = (uint32_t)(clock_monotonic_ns() / CLOCK_NS_PER_S) - view->changed_s,
	};

	if (saved.current == FLOWS_NONE && view->current != NULL)
		return;
	for (uint32_t i = 0; past != NULL && i < past->count; i++)
		tables[i] = past_table(w, past->tables[i].generation);
	past_put(w, FLOWS_ITEM_VIEW, &saved, offsetof(struct flows_view, age_s));
	for (uint32_t i = 0; past != NULL && i < past->count; i++) {
		double living = past_table_living(&past->tables[i]);

		if (past->tables[i].generation == view->current)
			living += (double)w->begun[at];
		if (tables[i] != FLOWS_NONE)
			past_put(w, FLOWS_ITEM_REMEMBERED,
				&(struct flows_remembered){tables[i], (float)living},
				past->count > 1 ? sizeof(struct flows_remembered)
						: offsetof(struct flows_remembered, living));
	}
}

static void past_put_views(struct past_writing *w)
{
	const struct configuration *configuration = w->configuration;
	uint32_t numbers = 0;

	for (uint32_t i = 0; i < w->snapshot->view_count; i++)
		w->numbers[i] = FLOWS_NONE;
	for (uint32_t i = 0; i < configuration->config->service_count; i++) {
		uint32_t view = w->snapshot->services[configuration->services[i]].view;

		if (w->numbers[view] == FLOWS_NONE)
			w->numbers[view] = numbers++;
		past_put_view(w, i, w->numbers[view], view);
	}
}

static void past_count_begun(struct past_writing *w, const uint64_t *begun)
{
	const struct configuration *configuration = w->configuration;

	for (uint32_t i = 0; i < w->snapshot->view_count; i++)
		w->begun[i] = w->snapshot->views[i].begun;
	for (uint32_t i = 0; begun != NULL && i < configuration->config->service_count; i++) {
		uint32_t index = configuration->services[i];
		uint64_t counted = w->snapshot->counted[index];

		if (begun[i] > counted)
			w->begun[w->snapshot->services[index].view] += begun[i] - counted;
	}
}

uint64_t past_write(const struct configuration *configuration, const struct snapshot *snapshot,
	const uint64_t *begun, struct flows_writer *writer)
{
	struct past_writing w = {
		.configuration = configuration, .snapshot = snapshot, .writer = writer};

	w.written = calloc(
		(1 + SNAPSHOT_PAST_MAX) * (size_t)snapshot->view_count + 1, sizeof(*w.written));
	w.begun = calloc((size_t)snapshot->view_count + 1, sizeof(*w.begun));
	w.numbers = calloc((size_t)snapshot->view_count + 1, sizeof(*w.numbers));
	if (snapshot->view_count > 0 && w.written != NULL && w.numbers != NULL && w.begun != NULL &&
		map_init(&w.map, 2 * snapshot->view_count) == 0) {
		past_count_begun(&w, begun);
		past_put_views(&w);
	}
	map_free(&w.map);
	free(w.written);
	free(w.numbers);
	free(w.begun);
	return w.mark;
}
