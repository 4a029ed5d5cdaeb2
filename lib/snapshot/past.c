// SPDX-License-Identifier: BSD-3-Clause
#include <snapshot/past.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Which tables the flows of a view began under, and how many of those flows live. The workers count
// what begins; what of that lives is guessed: half of it ends in each 'previous_table'. So a table
// that was in force for a moment is nearly nobody's, however late that was, and one that many began
// under is asked until as many have begun under others. Flows of a backend that is down end ten
// times as fast: their clients give up.

#define DOWN_FADES 10

// What is taken to begin in each 'previous_table' where no flow is known of, and what is as good as
// none: a balancer that stands by, and counts nothing, goes by how long each table was in force.
#define BEGINS_UNKNOWN 0.5e-30
#define LIVES_NONE     1e-30

#define FORGOTTEN_BELOW 0.01 // of all that live
#define REVIEW_MAX_S    60

// --- One table ---

double past_table_living(const struct snapshot_past_table *table)
{
	const struct maglev *maglev = table->generation->table;
	double living = 0;

	for (uint32_t i = 0; i < table->generation->member_count; i++)
		living += table->living[i] * maglev->shares[i];
	return living / maglev->size;
}

static void past_table_add(struct snapshot_past_table *table, double flows)
{
	for (uint32_t i = 0; i < table->generation->member_count; i++)
		table->living[i] += flows;
}

static void past_table_free(struct snapshot_past_table *table)
{
	generation_release(table->generation);
	free(table->living);
}

// Takes 'generation' over where it succeeds.
static int past_table_init(struct snapshot_past_table *table,
	struct snapshot_generation *generation, const double *living)
{
	table->living = calloc(generation->member_count, sizeof(*table->living));
	if (table->living == NULL)
		return -ENOMEM;
	table->generation = generation;
	if (living != NULL)
		memcpy(table->living, living, generation->member_count * sizeof(*living));
	return 0;
}

static uint32_t past_table_owner(const struct snapshot_generation *generation, uint32_t slot)
{
	return generation->members[generation->table->slots[slot]].backend;
}

static uint32_t past_count_alike(
	const struct snapshot_generation *one, const struct snapshot_generation *other)
{
	uint32_t alike = 0;

	if (one->table->size != other->table->size)
		return 0;
	for (uint32_t slot = 0; slot < one->table->size; slot++)
		alike += past_table_owner(one, slot) == past_table_owner(other, slot);
	return alike;
}

// --- All of them ---

struct snapshot_past *past_hold(struct snapshot_past *past)
{
	if (past != NULL)
		__atomic_add_fetch(&past->references, 1, __ATOMIC_RELAXED);
	return past;
}

void past_release(struct snapshot_past *past)
{
	if (past == NULL || __atomic_sub_fetch(&past->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (uint32_t i = 0; i < past->count; i++)
		past_table_free(&past->tables[i]);
	free(past);
}

static void past_remove(struct snapshot_past *past, uint32_t at)
{
	past_table_free(&past->tables[at]);
	past->count--;
	memmove(&past->tables[at], &past->tables[at + 1],
		(past->count - at) * sizeof(past->tables[0]));
}

static struct snapshot_past *past_copy(const struct snapshot_past *from)
{
	struct snapshot_past *past = calloc(1, sizeof(*past));

	if (past == NULL)
		return NULL;
	past->references = 1;
	for (uint32_t i = 0; from != NULL && i < from->count; i++) {
		struct snapshot_generation *generation =
			generation_hold(from->tables[i].generation);

		if (past_table_init(&past->tables[i], generation, from->tables[i].living) != 0) {
			generation_release(generation);
			past_release(past);
			return NULL;
		}
		past->count++;
	}
	return past;
}

struct snapshot_past *past_new(uint32_t weighed_s)
{
	struct snapshot_past *past = past_copy(NULL);

	if (past != NULL)
		past->weighed_s = past->due_s = weighed_s;
	return past;
}

static uint32_t past_place(
	const struct snapshot_past *past, const struct snapshot_generation *generation)
{
	uint32_t i = 0;

	while (i < past->count && past->tables[i].generation != generation)
		i++;
	return i;
}

int past_append(struct snapshot_past *past, struct snapshot_generation *generation, double living)
{
	struct snapshot_past_table *table = &past->tables[past->count];

	if (past->count == SNAPSHOT_PAST_MAX || past_place(past, generation) < past->count) {
		generation_release(generation);
		return 0;
	}
	if (past_table_init(table, generation, NULL) != 0) {
		generation_release(generation);
		return -ENOMEM;
	}
	past_table_add(table, living);
	past->count++;
	return 0;
}

static double past_seconds_between(uint32_t from_s, uint32_t to_s)
{
	int32_t seconds =
		(int32_t)(to_s - from_s); // the clock may wrap; over a restart it goes back

	return seconds > 0 ? seconds : 0;
}

static double past_living(const struct snapshot_past *past)
{
	double living = 0;

	for (uint32_t i = 0; i < past->count; i++)
		living += past_table_living(&past->tables[i]);
	return living;
}

// Each second is as the snapshot before had it.
static void past_fade(
	const struct past_step *step, struct snapshot_past *past, double kept, double kept_down)
{
	for (uint32_t i = 0; i < past->count; i++) {
		struct snapshot_past_table *table = &past->tables[i];

		for (uint32_t m = 0; m < table->generation->member_count; m++) {
			enum standing standing = step->standings->of(
				step->standings, table->generation->members[m].backend);

			table->living[m] *= standing == STANDING_DOWN ? kept_down : kept;
		}
	}
}

// What began since the last time, under the table that was in force, and has ended in part.
static void past_count(const struct past_step *step, struct snapshot_past *past)
{
	double halves = past_seconds_between(step->before->weighed_s, step->now_s) / step->half_s;
	double begun = (double)step->begun, living = past_living(past), kept = exp2(-halves);
	uint32_t at = past_place(past, step->was);

	if (living + begun < LIVES_NONE)
		begun += halves * BEGINS_UNKNOWN;
	past_fade(step, past, kept, exp2(-halves * DOWN_FADES));
	if (step->was != NULL && at < past->count)
		past_table_add(
			&past->tables[at], kept < 1 ? begun * (1 - kept) / -log(kept) : begun);
}

// The table in force becomes the first.
static int past_enter(
	struct snapshot_past *past, struct snapshot_generation *current, double half_s)
{
	uint32_t at = past_place(past, current);
	struct snapshot_past_table table;

	if (at < past->count) {
		table = past->tables[at];
	} else if (past_table_init(&table, generation_hold(current), NULL) != 0) {
		generation_release(current);
		return -ENOMEM;
	} else {
		past_table_add(
			&table, BEGINS_UNKNOWN / half_s); // as if it had been there for a second
		past->count++;
	}
	memmove(&past->tables[1], &past->tables[0], at * sizeof(table));
	past->tables[0] = table;
	return 0;
}

static void past_forget(struct snapshot_past *past, const struct snapshot_generation *current)
{
	double all = past_living(past);

	for (uint32_t i = past->count; i-- > 0;) {
		if (past->tables[i].generation != current &&
			past_table_living(&past->tables[i]) < all * FORGOTTEN_BELOW)
			past_remove(past, i);
	}
}

// Where there is no room for all, the flows of the table with the fewest count as those of the one
// that is most like it. So the steps of a slow start become few.
static void past_merge(struct snapshot_past *past)
{
	uint32_t least = 0, like = 0, most_alike = 0;
	double fewest = INFINITY;

	for (uint32_t i = 0; i < past->count; i++) {
		double living = past_table_living(&past->tables[i]);

		if (living < fewest) {
			fewest = living;
			least = i;
		}
	}
	for (uint32_t i = 0; i < past->count; i++) {
		uint32_t alike = i == least ? 0
					    : past_count_alike(past->tables[least].generation,
						      past->tables[i].generation);

		if (alike > most_alike) {
			most_alike = alike;
			like = i;
		}
	}
	if (like != least)
		past_table_add(&past->tables[like], fewest);
	past_remove(past, least);
}

// Soon after a change, then less and less often.
static uint32_t past_next_review_s(const struct past_step *step)
{
	uint32_t most_s = step->half_s / 30 < REVIEW_MAX_S ? step->half_s / 30 : REVIEW_MAX_S;
	uint32_t wait_s = step->now_s - step->changed_s;

	wait_s = wait_s < most_s ? wait_s : most_s;
	return step->now_s + (wait_s > 0 ? wait_s : 1);
}

bool past_is_due(const struct snapshot_past *past, uint32_t now_s)
{
	return past != NULL && past->count > 1 && (int32_t)(now_s - past->due_s) >= 0;
}

struct snapshot_past *past_weigh(const struct past_step *step)
{
	struct snapshot_past *past = past_copy(step->before);

	if (past == NULL)
		return NULL;
	if (step->before != NULL)
		past_count(step, past);
	if (past->count == SNAPSHOT_PAST_MAX && past_place(past, step->current) == past->count)
		past_merge(past);
	if (step->enters != NULL && past_enter(past, step->enters, step->half_s) != 0) {
		past_release(past);
		return NULL;
	}
	past_forget(past, step->current);
	past->weighed_s = step->now_s;
	past->due_s = past_next_review_s(step);
	return past;
}
