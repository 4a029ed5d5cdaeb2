// SPDX-License-Identifier: BSD-3-Clause
#include <base/siphash.h>
#include <maglev/maglev.h>
#include <maglev/slots.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NO_PLACE UINT32_MAX

_Static_assert(MAGLEV_MEMBERS_MAX <= UINT16_MAX, "a slot holds a member's number");

// A member on its way through its permutation of the slots. All begin with half of the credit that
// a slot costs (so that shares are rounded, not cut), and have earned their k-th slot in round
// ceil((2k - 1) * heaviest / (2 * weight)). That is stepped to without a division: 'gap' rounds,
// and one more whenever 'slack', what was earned beyond the last slot, does not cover 'rest'.
struct place {
	uint32_t slot, skip;
	uint32_t gap; // heaviest / weight
	uint32_t twice, rest, slack; // in halves of a weight
	uint32_t next; // in the same round
	uint16_t member;
};

// Who takes a slot in which round: a ring of places for each round, held by its last. A list a
// round, rather than a look at every member in every round, keeps few heavy among many light
// members cheap.
struct calendar {
	uint32_t *last;
	uint32_t rounds;
};

struct sorted {
	const char *name;
	uint32_t index;
};

static bool is_prime(uint32_t n)
{
	if (n < 2 || (n > 2 && n % 2 == 0))
		return false;
	for (uint32_t d = 3; (uint64_t)d * d <= n; d += 2)
		if (n % d == 0)
			return false;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct sorted *)a)->name, ((const struct sorted *)b)->name);
}

static int sort_by_name(const struct maglev_member *members, uint32_t count, struct sorted *sorted,
	struct error *err)
{
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = (struct sorted){members[i].name, i};
	qsort(sorted, count, sizeof(*sorted), compare_names);
	for (uint32_t i = 1; i < count; i++)
		if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
			return error_set(err, EINVAL, "two members are named '%s'", sorted[i].name);
	return 0;
}

static int check(const struct maglev_member *members, uint32_t count, uint32_t size,
	uint32_t *heaviest, struct error *err)
{
	*heaviest = 0;
	if (count > MAGLEV_MEMBERS_MAX)
		return error_set(err, EINVAL, "%u members are more than a table can have, %u",
			count, MAGLEV_MEMBERS_MAX);
	if (size <= count || size > MAGLEV_SIZE_MAX || !is_prime(size))
		return error_set(err, EINVAL,
			"a table of %u slots cannot be: it takes a prime above the number of members "
			"(%u) and up to %u",
			size, count, MAGLEV_SIZE_MAX);
	for (uint32_t i = 0; i < count; i++) {
		if (members[i].weight > MAGLEV_WEIGHT_MAX)
			return error_set(err, EINVAL, "member '%s': weight %u is above %u",
				members[i].name, members[i].weight, MAGLEV_WEIGHT_MAX);
		*heaviest = members[i].weight > *heaviest ? members[i].weight : *heaviest;
	}
	if (*heaviest == 0)
		return error_set(err, EINVAL, "no member has a weight above 0");
	return 0;
}

static struct place place_of(
	const struct maglev_member *member, uint32_t index, uint32_t size, uint32_t heaviest)
{
	// Fixed, so that every balancer of every fleet places a name alike.
	static const uint8_t offset_key[16] = "maglev: offset:", skip_key[16] = "maglev: skip:";
	size_t length = strlen(member->name);

	return (struct place){
		.slot = (uint32_t)(siphash(offset_key, member->name, length) % size),
		.skip = (uint32_t)(siphash(skip_key, member->name, length) % (size - 1)) + 1,
		.gap = heaviest / member->weight,
		.twice = 2 * member->weight,
		.rest = 2 * (heaviest % member->weight),
		.member = (uint16_t)index,
	};
}

// Puts a place behind those that are in that round already.
static void enter(struct calendar *calendar, struct place *places, uint32_t place, uint64_t round)
{
	uint32_t last;

	if (round >= calendar->rounds)
		return;
	last = calendar->last[round];
	if (last == NO_PLACE) {
		places[place].next = place;
	} else {
		places[place].next = places[last].next;
		places[last].next = place;
	}
	calendar->last[round] = place;
}

static uint32_t first_round(struct place *place, uint32_t heaviest)
{
	uint32_t round = (heaviest + place->twice - 1) / place->twice;

	place->slack = round * place->twice - heaviest;
	return round;
}

static uint64_t next_round(struct place *place, uint64_t round)
{
	if (place->slack >= place->rest) {
		place->slack -= place->rest;
		return round + place->gap;
	}
	place->slack += place->twice - place->rest;
	return round + place->gap + 1;
}

static void populate(struct slots *slots, struct calendar *calendar, struct place *places,
	uint32_t count, uint32_t heaviest)
{
	memset(calendar->last, 0xff, calendar->rounds * sizeof(calendar->last[0]));
	for (uint32_t i = 0; i < count; i++)
		enter(calendar, places, i, first_round(&places[i], heaviest));
	// The heaviest members take a slot in each round, so there are no more rounds than slots.
	for (uint32_t round = 1; round < calendar->rounds && slots->left > 0; round++) {
		uint32_t last = calendar->last[round], place = last, next = places[last].next;

		do {
			place = next;
			next = places[place].next;
			places[place].slot = slots_take(slots, places[place].slot,
				places[place].skip, places[place].member);
			enter(calendar, places, place, next_round(&places[place], round));
		} while (slots->left > 0 && place != last);
	}
}

static int fail_memory(uint32_t size, struct error *err)
{
	return error_set(err, ENOMEM, "no memory for a table of %u slots", size);
}

static int build(const struct maglev_member *members, uint32_t count, uint32_t heaviest,
	struct sorted *sorted, struct place *places, struct calendar *calendar,
	struct maglev *table, struct error *err)
{
	uint32_t placed = 0;
	struct slots slots;
	int rc = sort_by_name(members, count, sorted, err);

	if (rc != 0)
		return rc;
	if (slots_init(&slots, table->slots, table->size) != 0)
		return fail_memory(table->size, err);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = sorted[i].index;

		if (members[index].weight > 0)
			places[placed++] = place_of(&members[index], index, table->size, heaviest);
	}
	populate(&slots, calendar, places, placed, heaviest);
	slots_free(&slots);
	return 0;
}

static size_t slots_size(uint32_t size)
{
	return ((size_t)size * sizeof(uint16_t) + 7) & ~(size_t)7;
}

// They stand behind the slots.
static void count_shares(struct maglev *table)
{
	uint32_t *shares =
		(uint32_t *)((uint8_t *)table + sizeof(*table) + slots_size(table->size));

	memset(shares, 0, table->member_count * sizeof(*shares));
	for (uint32_t slot = 0; slot < table->size; slot++)
		shares[table->slots[slot]]++;
	table->shares = shares;
}

int maglev_build(const struct maglev_member *members, uint32_t count, uint32_t size,
	struct maglev **out, struct error *err)
{
	struct calendar calendar = {.rounds = size + 1};
	struct sorted *sorted = NULL;
	struct place *places = NULL;
	struct maglev *table = NULL;
	uint32_t heaviest;
	int rc = check(members, count, size, &heaviest, err);

	if (rc != 0)
		return rc;
	sorted = calloc(count, sizeof(*sorted));
	places = calloc(count, sizeof(*places));
	calendar.last = malloc(((size_t)size + 1) * sizeof(*calendar.last));
	table = malloc(sizeof(*table) + slots_size(size) + count * sizeof(table->shares[0]));
	if (sorted == NULL || places == NULL || calendar.last == NULL || table == NULL) {
		rc = fail_memory(size, err);
	} else {
		*table = (struct maglev){.size = size, .member_count = count, .references = 1};
		rc = build(members, count, heaviest, sorted, places, &calendar, table, err);
	}
	if (rc == 0)
		count_shares(table);
	free(sorted);
	free(places);
	free(calendar.last);
	if (rc != 0) {
		free(table);
		return rc;
	}
	*out = table;
	return 0;
}

struct maglev *maglev_compose(const uint16_t *slots, uint32_t size, uint32_t member_count)
{
	struct maglev *table =
		malloc(sizeof(*table) + slots_size(size) + member_count * sizeof(table->shares[0]));

	if (table == NULL)
		return NULL;
	*table = (struct maglev){.size = size, .member_count = member_count, .references = 1};
	memcpy(table->slots, slots, size * sizeof(slots[0]));
	count_shares(table);
	return table;
}

struct maglev *maglev_hold(struct maglev *table)
{
	__atomic_add_fetch(&table->references, 1, __ATOMIC_RELAXED);
	return table;
}

void maglev_release(struct maglev *table)
{
	if (table != NULL && __atomic_sub_fetch(&table->references, 1, __ATOMIC_ACQ_REL) == 0)
		free(table);
}
