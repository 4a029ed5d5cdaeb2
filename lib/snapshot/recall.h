// SPDX-License-Identifier: BSD-3-Clause
#ifndef SNAPSHOT_RECALL_H
#define SNAPSHOT_RECALL_H

#include <snapshot/snapshot.h>

// The hash tables that services had in another process, as a daemon that begins has read of them. A
// table is made anew from its members' names and weights, which decide it alone. The past is the
// caller's.

#define PAST_NONE UINT32_MAX

struct past_member {
	const char *name; // as the configuration has it, or had it
	uint32_t backend; // reference; PAST_NONE: it is no longer configured
	uint32_t weight;
};

struct past_table {
	uint32_t size;
	uint32_t first_member;
	uint32_t member_count;
};

// What a service had. Services that shared a view have the same number, which is below
// 'number_count'.
struct past_view {
	uint32_t service; // index
	uint32_t number;
	uint32_t current; // number of the table; PAST_NONE: there was none
	uint32_t changed_s; // as in struct snapshot_view
	uint32_t first_remembered;
	uint32_t remembered_count;
};

// A table that a view remembered, the latest first.
struct past_remembered {
	uint32_t table; // its number
	double living; // flows that began under it
};

struct past {
	struct past_member *members;
	uint32_t member_count;
	struct past_table *tables;
	uint32_t table_count;
	struct past_view *views;
	uint32_t view_count;
	uint32_t number_count;
	struct past_remembered *remembered;
	uint32_t remembered_count;
	uint32_t written_s; // when so many lived, as 'changed_s'
};

// Gives the services of 'snapshot', which no worker has, the tables that they had: as 'previous' of
// snapshot_build() it makes what is no longer so a change. What cannot be made again stays as it
// is. Returns how many services have what they had.
uint32_t snapshot_recall(struct snapshot *snapshot, const struct past *past);

#endif
