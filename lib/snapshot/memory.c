// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/snapshot_private.h>

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

static int by_address(const void *left, const void *right)
{
	uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;

	return a < b ? -1 : a > b;
}

// Sorts them, and drops those that are there twice and NULL. How many are left.
static uint32_t make_unique(uintptr_t *pointers, uint32_t count)
{
	uint32_t left = 0;

	qsort(pointers, count, sizeof(*pointers), by_address);
	for (uint32_t i = 0; i < count; i++) {
		if (pointers[i] != 0 && (left == 0 || pointers[i] != pointers[left - 1]))
			pointers[left++] = pointers[i];
	}
	return left;
}

static void add_one(struct snapshot_part *part, void *memory)
{
	part->count++;
	part->bytes += malloc_usable_size(memory);
}

static void measure_generations(uintptr_t *generations, uint32_t count, struct snapshot_memory *out)
{
	count = make_unique(generations, count);
	for (uint32_t i = 0; i < count; i++) {
		struct snapshot_generation *generation =
			(struct snapshot_generation *)generations[i];

		out->members.count += generation->member_count;
		out->members.bytes += malloc_usable_size(generation);
		generations[i] = (uintptr_t)generation->table; // which others may have, too
	}
	count = make_unique(generations, count);
	for (uint32_t i = 0; i < count; i++)
		add_one(&out->tables, (void *)generations[i]);
}

static int measure_tables(const struct snapshot *snapshot, struct snapshot_memory *out)
{
	uintptr_t *generations = calloc(
		(2 + SNAPSHOT_PAST_MAX) * (size_t)snapshot->view_count + 1, sizeof(uintptr_t));
	uint32_t count = 0;

	if (generations == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < snapshot->view_count; i++) {
		const struct snapshot_past *past = snapshot->views[i].past;

		generations[count++] = (uintptr_t)snapshot->views[i].current;
		generations[count++] = (uintptr_t)snapshot->views[i].remembered;
		for (uint32_t k = 0; past != NULL && k < past->count; k++)
			generations[count++] = (uintptr_t)past->tables[k].generation;
	}
	measure_generations(generations, count, out);
	free(generations);
	return 0;
}

int snapshot_measure(const struct snapshot *snapshot, struct snapshot_memory *out)
{
	*out = (struct snapshot_memory){
		.backends = {snapshot->backend_capacity,
			malloc_usable_size(snapshot->backends) +
				malloc_usable_size(snapshot->partly)},
		.services = {snapshot->service_capacity,
			malloc_usable_size(snapshot->services) +
				malloc_usable_size(snapshot->counted) +
				malloc_usable_size(snapshot->ttls) +
				malloc_usable_size(snapshot->exact.table)},
		.vips = {snapshot->vips.mask + 1, malloc_usable_size(snapshot->vips.table) +
							  malloc_usable_size(snapshot->vips.ports) +
							  malloc_usable_size(snapshot->vips.pages) +
							  malloc_usable_size(snapshot->own.table) +
							  malloc_usable_size(snapshot->own.filter)},
		.views = {snapshot->view_count,
			malloc_usable_size(snapshot->views) + malloc_usable_size(snapshot->pools)},
	};
	return measure_tables(snapshot, out);
}
