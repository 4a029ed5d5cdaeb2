// SPDX-License-Identifier: BSD-3-Clause
#ifndef HANDOVER_FLOWS_FILE_H
#define HANDOVER_FLOWS_FILE_H

#include <base/error.h>
#include <config/daemon.h>
#include <flow/restore.h>
#include <stdbool.h>
#include <stdint.h>

// Rows of the flow tables on disk, from one daemon to the next one on the same machine, in the
// state folder. A head, and blocks with checksums: the names of services and backends first, by
// whose order in the file all that follows refers to them; then rows, 24 bytes a flow (36 in IPv6);
// the hash tables that services had; and an end. One thread.
//
// Nothing that is read is trusted: whatever bytes are there, a reader tells its rows as far as they
// are whole, and that the rest is not.

#define FLOWS_FILE_VERSION   2u
#define FLOWS_FILE_NAME_SIZE 128u // with its end

#define FLOWS_FILE_PLANNED    "flows" // of a daemon that was asked to end
#define FLOWS_FILE_CHECKPOINT "flows.checkpoint" // of one that runs, or died (checkpoint.h)
#define FLOWS_FILE_TAKEN      "flows.taken" // that a daemon reads or read when it ended
#define FLOWS_FILE_LAST       "flows.taken.again" // the same once more

// What holds for all rows.
struct flows_mark {
	uint64_t saved_s; // wall clock
	uint64_t key; // differs where the hash key does
	uint64_t spread; // differs where packets may come to other workers
	uint32_t workers;
	uint32_t buckets; // of each worker's table
	uint32_t services; // as many names
	uint32_t backends;
	// As in struct clock_stamp; 0 in files of version 1, which end before it.
	uint64_t boot;
	uint64_t boot_s;
};

enum flows_item {
	FLOWS_ITEM_SERVICE, // a name, in the order of the numbers
	FLOWS_ITEM_BACKEND,
	FLOWS_ITEM_FLOW,
	FLOWS_ITEM_END, // there is no more
	FLOWS_ITEM_DAMAGED, // what follows cannot be read
	// Behind the rows, so that a daemon of before, which does not know them, has read all of
	// those.
	FLOWS_ITEM_TABLE,
	FLOWS_ITEM_MEMBER, // of the last table
	FLOWS_ITEM_VIEW,
	FLOWS_ITEM_REMEMBERED, // by the last view
};

// A row, whose 'service' and 'backend' are the numbers of names in the file.
struct flows_record {
	uint32_t worker;
	struct flow_saved saved;
};

// A hash table has as many members as follow it. Tables are counted in their order.
struct flows_table {
	uint32_t size;
	uint32_t members;
};

struct flows_member {
	uint32_t backend; // number of its name
	uint32_t weight;
};

#define FLOWS_NONE UINT32_MAX

// What a service had: see struct past_view in snapshot/recall.h.
struct flows_view {
	uint32_t service; // number of its name
	uint32_t number; // the same for services that shared a view
	uint32_t current; // number of the table, or FLOWS_NONE
	uint32_t age_s; // of 'current', when the file was written
};

// A table that a view remembers, 'current' among them, the latest first.
struct flows_remembered {
	uint32_t table; // its number
	float living; // flows that began under it
};

// An item of the file, by its kind.
union flows_any {
	char name[FLOWS_FILE_NAME_SIZE];
	struct flows_record row;
	struct flows_table table;
	struct flows_member member;
	struct flows_view view;
	struct flows_remembered remembered;
};

struct flows_writer;
struct spool;
struct flows_reader;

void flows_file_remove(const char *folder, const char *name);

// With a spool (store/spool.h) what is written waits there, which stays the caller's, and goes to
// the disk beside; without one it goes to the disk at once. 0 and '*out', or a negative errno with
// the sentence.
int flows_writer_new(const char *folder, const char *name, const struct flows_mark *mark,
	struct spool *spool, struct flows_writer **out, struct error *err);
// Names before rows. An error is kept for the end.
void flows_writer_add_name(struct flows_writer *writer, enum flows_item item, const char *name);
void flows_writer_add_row(struct flows_writer *writer, const struct flows_record *record);
// FLOWS_ITEM_TABLE, FLOWS_ITEM_MEMBER, FLOWS_ITEM_VIEW or FLOWS_ITEM_REMEMBERED, which is what
// '*any' is. Behind the rows.
void flows_writer_add(struct flows_writer *writer, enum flows_item item, const void *any);
// False: the disk is behind, and was until then (clock_monotonic_ns()).
bool flows_writer_has_room(const struct flows_writer *writer, uint64_t until_ns);
// Puts the file in its place and frees the writer: 0, or a negative errno with the sentence, and
// there is no file. With a spool its end tells.
int flows_writer_close(struct flows_writer *writer, struct error *err);
// 'removes': what is in its place goes as well.
void flows_writer_abandon(struct flows_writer *writer, bool removes);

// Takes the file away, as FLOWS_FILE_TAKEN, and that one as FLOWS_FILE_LAST, which nobody reads: a
// daemon that is killed while it reads leaves it to the next one, and should reading it end the
// daemons, it ends two. 0 and '*out', -ENOENT where there is none, or another negative errno with
// the sentence.
int flows_reader_new(const char *folder, const char *name, struct flows_mark *mark,
	struct flows_reader **out, struct error *err);
// What comes next.
enum flows_item flows_reader_next(struct flows_reader *reader, union flows_any *out);
void flows_reader_free(struct flows_reader *reader); // NULL is fine
// What was taken, which was 'name', is the checkpoint until the daemon that took it has one of its
// own: it may die before.
void flows_file_retain(const char *folder, const char *name);
// What was taken is of no use to anybody.
void flows_file_discard(const char *folder, const char *name);

#endif
