// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/recollect.h>

#include <errno.h>
#include <stdlib.h>

// What a miss asks: for each slot the backend that most of the living flows in it belong to, by all
// tables that the view remembers. Tables that agree on a slot are one there, so those of a slow
// start's steps count as what they have in common.

// One table: who each of its members is among all that are remembered, and how many of its flows
// live.
struct weighted_table {
	const struct snapshot_generation *generation;
	double *flows; // by member
	uint16_t *numbers; // by member: a place in 'backends'
	double least, most;
};

struct weighting {
	struct weighted_table tables[SNAPSHOT_PAST_MAX];
	uint32_t count;
	uint32_t *backends; // references, in their order, each once
	uint32_t backend_count;
	uint32_t size; // slots
};

static void weighting_free(struct weighting *weighting)
{
	for (uint32_t i = 0; i < weighting->count; i++) {
		free(weighting->tables[i].flows);
		free(weighting->tables[i].numbers);
	}
	free(weighting->backends);
}

static int weighted_table_init(struct weighted_table *weighted, const struct recollection *in,
	const struct snapshot_past_table *table)
{
	const struct snapshot_generation *generation = table->generation;

	weighted->generation = generation;
	weighted->flows = calloc(generation->member_count, sizeof(*weighted->flows));
	if (weighted->flows == NULL)
		return -ENOMEM;
	for (uint32_t m = 0; m < generation->member_count; m++) {
		enum standing standing =
			in->standings->of(in->standings, generation->members[m].backend);

		if (standing == STANDING_HERE || (standing == STANDING_DOWN && in->keeps_down))
			weighted->flows[m] = table->living[m];
		if (m == 0 || weighted->flows[m] < weighted->least)
			weighted->least = weighted->flows[m];
		if (weighted->flows[m] > weighted->most)
			weighted->most = weighted->flows[m];
	}
	return 0;
}

static int weighting_init(struct weighting *weighting, const struct recollection *in)
{
	int rc = 0;

	*weighting = (struct weighting){0};
	for (uint32_t i = 0; i < in->past->count && rc == 0; i++, weighting->count++)
		rc = weighted_table_init(&weighting->tables[i], in, &in->past->tables[i]);
	return rc;
}

// The table that decides each slot alone; NULL where that is none. As in weighting_decide(), the
// oldest has it where as many speak for the others.
static const struct snapshot_generation *weighting_find_dominant(const struct weighting *weighting)
{
	for (uint32_t i = 0; i < weighting->count; i++) {
		bool is_oldest = i + 1 == weighting->count;
		double others = 0;

		for (uint32_t k = 0; k < weighting->count; k++)
			others += k != i ? weighting->tables[k].most : 0;
		if (weighting->tables[i].least > others ||
			(is_oldest && others > 0 && weighting->tables[i].least == others))
			return weighting->tables[i].generation;
	}
	return NULL;
}

static int weighting_compare_references(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static void weighting_gather_backends(struct weighting *weighting)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < weighting->count; i++) {
		const struct snapshot_generation *generation = weighting->tables[i].generation;

		for (uint32_t m = 0; m < generation->member_count; m++)
			weighting->backends[count++] = generation->members[m].backend;
	}
	qsort(weighting->backends, count, sizeof(*weighting->backends),
		weighting_compare_references);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *last = &weighting->backends[weighting->backend_count];

		if (i == 0 || weighting->backends[i] != last[-1]) {
			*last = weighting->backends[i];
			weighting->backend_count++;
		}
	}
}

static int weighting_number_members(struct weighting *weighting)
{
	for (uint32_t i = 0; i < weighting->count; i++) {
		struct weighted_table *weighted = &weighting->tables[i];

		weighted->numbers =
			calloc(weighted->generation->member_count, sizeof(*weighted->numbers));
		if (weighted->numbers == NULL)
			return -ENOMEM;
		for (uint32_t m = 0; m < weighted->generation->member_count; m++) {
			const uint32_t *found = bsearch(&weighted->generation->members[m].backend,
				weighting->backends, weighting->backend_count,
				sizeof(*weighting->backends), weighting_compare_references);

			weighted->numbers[m] = (uint16_t)(found - weighting->backends);
		}
	}
	return 0;
}

static int weighting_number(struct weighting *weighting)
{
	size_t members = 0;

	for (uint32_t i = 0; i < weighting->count; i++)
		members += weighting->tables[i].generation->member_count;
	weighting->backends = calloc(members + 1, sizeof(*weighting->backends));
	if (weighting->backends == NULL)
		return -ENOMEM;
	weighting_gather_backends(weighting);
	return weighting_number_members(weighting);
}

static uint32_t weighting_member_at(
	const struct weighting *weighting, const struct weighted_table *weighted, uint32_t slot)
{
	const struct maglev *table = weighted->generation->table;

	if (table->size != weighting->size)
		slot = (uint32_t)((uint64_t)slot * table->size / weighting->size);
	return table->slots[slot];
}

// Where as many speak for one as for another, the older table has it.
static uint16_t weighting_decide(const struct weighting *weighting, uint32_t slot)
{
	uint16_t numbers[SNAPSHOT_PAST_MAX] = {0};
	double flows[SNAPSHOT_PAST_MAX] = {0}, most = 0;
	uint16_t chosen = 0;

	for (uint32_t i = 0; i < weighting->count; i++) {
		const struct weighted_table *weighted = &weighting->tables[i];
		uint32_t member = weighting_member_at(weighting, weighted, slot), k = 0;

		numbers[i] = weighted->numbers[member];
		flows[i] = weighted->flows[member];
		while (numbers[k] != numbers[i])
			k++;
		if (k < i)
			flows[k] += flows[i];
	}
	chosen = numbers[0];
	for (uint32_t i = weighting->count; i-- > 0;) {
		if (flows[i] > most) {
			most = flows[i];
			chosen = numbers[i];
		}
	}
	return chosen;
}

static struct snapshot_generation *weighting_compose(
	const struct weighting *weighting, const uint16_t *slots)
{
	struct snapshot_generation *generation = calloc(
		1, sizeof(*generation) + weighting->backend_count * sizeof(generation->members[0]));

	if (generation == NULL)
		return NULL;
	generation->table = maglev_compose(slots, weighting->size, weighting->backend_count);
	if (generation->table == NULL) {
		free(generation);
		return NULL;
	}
	generation->references = 1;
	generation->member_count = weighting->backend_count;
	for (uint32_t i = 0; i < weighting->backend_count; i++)
		generation->members[i].backend = weighting->backends[i];
	return generation;
}

static bool weighting_is_as_current(const struct weighting *weighting,
	const struct snapshot_generation *current, uint16_t *slots)
{
	uint32_t slot = 0;

	while (slot < weighting->size &&
		weighting->backends[slots[slot]] ==
			current->members[current->table->slots[slot]].backend)
		slot++;
	return slot == weighting->size;
}

static int recollect_slots(struct weighting *weighting, const struct snapshot_generation *current,
	struct snapshot_generation **out)
{
	uint16_t *slots;

	weighting->size = current != NULL ? current->table->size
					  : weighting->tables[0].generation->table->size;
	slots = malloc(weighting->size * sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < weighting->size; slot++)
		slots[slot] = weighting_decide(weighting, slot);
	if (current == NULL || !weighting_is_as_current(weighting, current, slots)) {
		*out = weighting_compose(weighting, slots);
		if (*out == NULL) {
			free(slots);
			return -ENOMEM;
		}
	}
	free(slots);
	return 0;
}

static int recollect_by_slots(struct weighting *weighting, const struct recollection *in,
	struct snapshot_generation **out)
{
	int rc = weighting_number(weighting);

	if (rc != 0)
		return rc;
	if (weighting->backend_count <= MAGLEV_MEMBERS_MAX)
		return recollect_slots(weighting, in->current, out);
	*out = generation_hold(in->past->tables[0].generation); // no table has so many members
	return 0;
}

int recollect(const struct recollection *in, struct snapshot_generation **out)
{
	const struct snapshot_past *past = in->past;
	const struct snapshot_generation *dominant;
	struct weighting weighting;
	int rc;

	*out = NULL;
	if (past->count == 0 || (past->count == 1 && past->tables[0].generation == in->current))
		return 0;
	rc = weighting_init(&weighting, in);
	dominant = rc == 0 ? weighting_find_dominant(&weighting) : NULL;
	if (dominant != NULL && dominant != in->current)
		*out = generation_hold((struct snapshot_generation *)dominant);
	if (rc == 0 && dominant == NULL)
		rc = recollect_by_slots(&weighting, in, out);
	weighting_free(&weighting);
	return rc;
}
