// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_PAST_H
#define SNAPSHOT_PAST_H

#include <snapshot/generation.h>
#include <stdbool.h>

// The tables that a view's flows began under, and how many of those live, as far as anybody can
// tell. Shared by the views and snapshots that remember the same, and immutable then.

#define SNAPSHOT_PAST_MAX 8 // tables that a view remembers

struct snapshot_past_table {
	struct snapshot_generation *generation;
	double *living; // by member: of those flows so many live, if all of them were the member's
};

struct snapshot_past {
	uint32_t references;
	uint32_t count;
	uint32_t weighed_s; // when that was so
	uint32_t due_s; // when it is to be weighed anew
	struct snapshot_past_table tables[SNAPSHOT_PAST_MAX]; // the latest first
};

// What a backend of a remembered table is to a view.
enum standing { STANDING_HERE, STANDING_DOWN, STANDING_OUT };

// Whoever knows that of a reference.
struct standings {
	enum standing (*of)(const struct standings *standings, uint32_t reference);
	const void *snapshot;
	const void *view;
};

// What became of a past since it was weighed.
struct past_step {
	const struct snapshot_past *before; // NULL: there is none
	const struct snapshot_generation *was; // in force meanwhile; NULL: nobody was usable
	struct snapshot_generation *enters; // in force from now on; NULL: none that is remembered
	const struct snapshot_generation *current; // that is never forgotten
	const struct standings *standings; // of its backends meanwhile
	uint64_t begun; // flows, under 'was'
	uint32_t now_s;
	uint32_t changed_s; // when 'current' came
	uint32_t half_s; // in which half of the flows end
};

// NULL without memory.
struct snapshot_past *past_weigh(const struct past_step *step);
bool past_is_due(const struct snapshot_past *past, uint32_t now_s); // NULL is fine

struct snapshot_past *past_hold(struct snapshot_past *past); // as what follows, NULL is fine
void past_release(struct snapshot_past *past);

// Of another process, as of 'weighed_s'. NULL without memory.
struct snapshot_past *past_new(uint32_t weighed_s);
// Takes 'generation' over. One that is there, or for which there is no room, is left out. 0 or
// -ENOMEM.
int past_append(struct snapshot_past *past, struct snapshot_generation *generation, double living);
// How many flows live that began under it.
double past_table_living(const struct snapshot_past_table *table);

#endif
