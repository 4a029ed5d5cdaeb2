// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/recollect.h>

#include <errno.h>
#include <stdlib.h>

// What a miss asks: for each slot the backend that most of the living flows in it belong to, by all
// tables that the view remembers. Tables that agree on a slot are one there, so those of a slow
// start's steps count as what they have in common.

// One table's say: who each of its members is among all that are remembered, and how many flows
// speak for it.
struct voice {
	const struct snapshot_generation *generation;
	double *flows; // by member
	uint16_t *names; // by member: a place in 'backends'
	double least, most;
};

struct council {
	struct voice voices[SNAPSHOT_PAST_MAX];
	uint32_t count;
	uint32_t *backends; // references, in their order, each once
	uint32_t backend_count;
	uint32_t size; // slots
};

static void council_free(struct council *council)
{
	for (uint32_t i = 0; i < council->count; i++) {
		free(council->voices[i].flows);
		free(council->voices[i].names);
	}
	free(council->backends);
}

static int voice_init(
	struct voice *voice, const struct recollection *in, const struct snapshot_past_table *table)
{
	const struct snapshot_generation *generation = table->generation;

	voice->generation = generation;
	voice->flows = calloc(generation->member_count, sizeof(*voice->flows));
	if (voice->flows == NULL)
		return -ENOMEM;
	for (uint32_t m = 0; m < generation->member_count; m++) {
		enum standing standing =
			in->standings->of(in->standings, generation->members[m].backend);

		if (standing == STANDING_HERE || (standing == STANDING_DOWN && in->keeps_down))
			voice->flows[m] = table->living[m];
		if (m == 0 || voice->flows[m] < voice->least)
			voice->least = voice->flows[m];
		if (voice->flows[m] > voice->most)
			voice->most = voice->flows[m];
	}
	return 0;
}

static int council_init(struct council *council, const struct recollection *in)
{
	int rc = 0;

	*council = (struct council){0};
	for (uint32_t i = 0; i < in->past->count && rc == 0; i++, council->count++)
		rc = voice_init(&council->voices[i], in, &in->past->tables[i]);
	return rc;
}

// The table that decides each slot alone; NULL where that is none. As in decide(), the oldest has
// it where as many speak for the others.
static const struct snapshot_generation *find_ruler(const struct council *council)
{
	for (uint32_t i = 0; i < council->count; i++) {
		bool is_oldest = i + 1 == council->count;
		double others = 0;

		for (uint32_t k = 0; k < council->count; k++)
			others += k != i ? council->voices[k].most : 0;
		if (council->voices[i].least > others ||
			(is_oldest && others > 0 && council->voices[i].least == others))
			return council->voices[i].generation;
	}
	return NULL;
}

static int compare_references(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static void gather_backends(struct council *council)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < council->count; i++) {
		const struct snapshot_generation *generation = council->voices[i].generation;

		for (uint32_t m = 0; m < generation->member_count; m++)
			council->backends[count++] = generation->members[m].backend;
	}
	qsort(council->backends, count, sizeof(*council->backends), compare_references);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *last = &council->backends[council->backend_count];

		if (i == 0 || council->backends[i] != last[-1]) {
			*last = council->backends[i];
			council->backend_count++;
		}
	}
}

static int name_members(struct council *council)
{
	for (uint32_t i = 0; i < council->count; i++) {
		struct voice *voice = &council->voices[i];

		voice->names = calloc(voice->generation->member_count, sizeof(*voice->names));
		if (voice->names == NULL)
			return -ENOMEM;
		for (uint32_t m = 0; m < voice->generation->member_count; m++) {
			const uint32_t *found = bsearch(&voice->generation->members[m].backend,
				council->backends, council->backend_count,
				sizeof(*council->backends), compare_references);

			voice->names[m] = (uint16_t)(found - council->backends);
		}
	}
	return 0;
}

static int council_name(struct council *council)
{
	size_t members = 0;

	for (uint32_t i = 0; i < council->count; i++)
		members += council->voices[i].generation->member_count;
	council->backends = calloc(members + 1, sizeof(*council->backends));
	if (council->backends == NULL)
		return -ENOMEM;
	gather_backends(council);
	return name_members(council);
}

static uint32_t member_at(const struct council *council, const struct voice *voice, uint32_t slot)
{
	const struct maglev *table = voice->generation->table;

	if (table->size != council->size)
		slot = (uint32_t)((uint64_t)slot * table->size / council->size);
	return table->slots[slot];
}

// Where as many speak for one as for another, the older table has it.
static uint16_t decide(const struct council *council, uint32_t slot)
{
	uint16_t names[SNAPSHOT_PAST_MAX] = {0};
	double flows[SNAPSHOT_PAST_MAX] = {0}, most = 0;
	uint16_t chosen = 0;

	for (uint32_t i = 0; i < council->count; i++) {
		const struct voice *voice = &council->voices[i];
		uint32_t member = member_at(council, voice, slot), k = 0;

		names[i] = voice->names[member];
		flows[i] = voice->flows[member];
		while (names[k] != names[i])
			k++;
		if (k < i)
			flows[k] += flows[i];
	}
	chosen = names[0];
	for (uint32_t i = council->count; i-- > 0;) {
		if (flows[i] > most) {
			most = flows[i];
			chosen = names[i];
		}
	}
	return chosen;
}

static struct snapshot_generation *compose(const struct council *council, const uint16_t *slots)
{
	struct snapshot_generation *generation = calloc(
		1, sizeof(*generation) + council->backend_count * sizeof(generation->members[0]));

	if (generation == NULL)
		return NULL;
	generation->table = maglev_compose(slots, council->size, council->backend_count);
	if (generation->table == NULL) {
		free(generation);
		return NULL;
	}
	generation->references = 1;
	generation->member_count = council->backend_count;
	for (uint32_t i = 0; i < council->backend_count; i++)
		generation->members[i].backend = council->backends[i];
	return generation;
}

static bool is_as_current(
	const struct council *council, const struct snapshot_generation *current, uint16_t *slots)
{
	uint32_t slot = 0;

	while (slot < council->size &&
		council->backends[slots[slot]] ==
			current->members[current->table->slots[slot]].backend)
		slot++;
	return slot == council->size;
}

static int recollect_slots(struct council *council, const struct snapshot_generation *current,
	struct snapshot_generation **out)
{
	uint16_t *slots;

	council->size =
		current != NULL ? current->table->size : council->voices[0].generation->table->size;
	slots = malloc(council->size * sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < council->size; slot++)
		slots[slot] = decide(council, slot);
	if (current == NULL || !is_as_current(council, current, slots)) {
		*out = compose(council, slots);
		if (*out == NULL) {
			free(slots);
			return -ENOMEM;
		}
	}
	free(slots);
	return 0;
}

static int recollect_by_slots(
	struct council *council, const struct recollection *in, struct snapshot_generation **out)
{
	int rc = council_name(council);

	if (rc != 0)
		return rc;
	if (council->backend_count <= MAGLEV_MEMBERS_MAX)
		return recollect_slots(council, in->current, out);
	*out = generation_hold(in->past->tables[0].generation); // no table has so many members
	return 0;
}

int recollect(const struct recollection *in, struct snapshot_generation **out)
{
	const struct snapshot_past *past = in->past;
	const struct snapshot_generation *ruler;
	struct council council;
	int rc;

	*out = NULL;
	if (past->count == 0 || (past->count == 1 && past->tables[0].generation == in->current))
		return 0;
	rc = council_init(&council, in);
	ruler = rc == 0 ? find_ruler(&council) : NULL;
	if (ruler != NULL && ruler != in->current)
		*out = generation_hold((struct snapshot_generation *)ruler);
	if (rc == 0 && ruler == NULL)
		rc = recollect_by_slots(&council, in, out);
	council_free(&council);
	return rc;
}
