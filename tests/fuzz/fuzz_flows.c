// SPDX-License-Identifier: BSD-3-Clause
// Any bytes as the flows of the daemon before, planned or checkpoint: what gets into the tables is
// a flow of a service and a backend that there are, and no more than was counted.
//
// The input is such a file. Where its first byte is 's' in the place of the magic's, all checksums
// are made right, of the head and of every block that lies in the bytes, and where 'key' and
// 'spread' are 0 they are this daemon's: no mutation finds them.
#include "folder.h"
#include "fuzz.h"
#include "handover_side.h"

#include <flow/flow_inline.h>
#include <handover/flows_file_private.h>
#include <handover/past.h>

#include <string.h>

#define WORKERS  2
#define CAPACITY 64 // small: most of what a run costs goes with it

static const char yaml[] =
	"services:\n"
	"  - {name: web, vip: 203.0.113.10, protocol: tcp, port: 443, pool: one}\n"
	"  - {name: web6, vip: '2001:db8::10', protocol: tcp, port: 443, pool: one}\n"
	"  - {name: many, vip: 203.0.113.11, protocol: tcp, ports: 1000-1999, pool: one}\n"
	"pools:\n"
	"  - {name: one, backends: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}]}\n";

static struct side side;
static void *empty[WORKERS]; // each one's table without a flow

static void become_own(struct flows_mark *mark)
{
	struct flows_mark own;

	handover_mark(&side.handover, &own);
	if (mark->key == 0)
		mark->key = own.key;
	if (mark->spread == 0)
		mark->spread = own.spread;
}

static void seal(uint8_t *bytes, size_t size)
{
	struct file_head *file = (void *)bytes;
	struct block_head head;
	size_t at = sizeof(*file);

	if (size < sizeof(*file))
		return;
	file->magic = FILE_MAGIC;
	become_own(&file->mark);
	if (file->version == 1)
		at -= sizeof(file->mark) - MARK_SIZE_1;
	file->crc =
		flows_crc(&file->mark, file->version == 1 ? MARK_SIZE_1 : sizeof(file->mark), 0);
	for (; size - at >= sizeof(head); at += sizeof(head) + head.size) {
		memcpy(&head, bytes + at, sizeof(head));
		if (head.size > size - at - sizeof(head))
			return;
		head.crc = flows_file_crc(&head, bytes + at + sizeof(head));
		memcpy(bytes + at, &head, sizeof(head));
	}
}

static uint64_t check_rows(uint32_t worker)
{
	const struct flow_table *table = side.tables[worker];
	struct flow_row rows[FLOW_WAYS];
	uint64_t count = 0;

	for (uint32_t b = 0; b < flow_table_buckets(table); b++) {
		uint32_t some = flow_read_bucket(table, b, side.snapshot.ttls,
			side.snapshot.service_capacity, side_now_s(), rows);

		for (uint32_t i = 0; i < some; i++) {
			FUZZ_ASSERT(rows[i].service < side.running.service_registry.capacity &&
				    side.running.service_registry.entries[rows[i].service].is_used);
			FUZZ_ASSERT(rows[i].backend == side_backend(&side, "one/a") ||
				    rows[i].backend == side_backend(&side, "one/b"));
			FUZZ_ASSERT(rows[i].state > FLOW_EMPTY && rows[i].state < FLOW_STATES);
			FUZZ_ASSERT(rows[i].idle_s <= side_ttl.seconds[rows[i].state] + 1u);
		}
		count += some;
	}
	return count;
}

static void check_empty(void)
{
	for (uint32_t w = 0; w < WORKERS; w++)
		FUZZ_ASSERT(memcmp(side.tables[w], empty[w], flow_table_footprint(CAPACITY)) == 0);
}

static void forget(void)
{
	for (uint32_t w = 0; w < WORKERS; w++)
		memcpy(side.tables[w], empty[w], flow_table_footprint(CAPACITY));
}

static void begin(void)
{
	side_init(&side, folder_path(), NULL, yaml, WORKERS, CAPACITY);
	for (uint32_t w = 0; w < WORKERS; w++) {
		empty[w] = malloc(flow_table_footprint(CAPACITY));
		FUZZ_ASSERT(empty[w] != NULL);
		memcpy(empty[w], side.tables[w], flow_table_footprint(CAPACITY));
	}
}

// What is told of hash tables refers to what there is.
static void check_past(const struct past *past)
{
	for (uint32_t i = 0; i < past->table_count; i++) {
		const struct past_table *table = &past->tables[i];

		FUZZ_ASSERT(table->first_member <= past->member_count &&
			    table->member_count <= past->member_count - table->first_member);
	}
	for (uint32_t i = 0; i < past->member_count; i++) {
		uint32_t backend = past->members[i].backend;

		FUZZ_ASSERT(past->members[i].name != NULL);
		FUZZ_ASSERT(backend == PAST_NONE || backend == side_backend(&side, "one/a") ||
			    backend == side_backend(&side, "one/b"));
	}
	for (uint32_t i = 0; i < past->view_count; i++) {
		const struct past_view *view = &past->views[i];

		FUZZ_ASSERT(view->service < side.running.service_registry.capacity &&
			    side.running.service_registry.entries[view->service].is_used);
		FUZZ_ASSERT(view->number < past->number_count);
		FUZZ_ASSERT(view->current == PAST_NONE || view->current < past->table_count);
		FUZZ_ASSERT(
			view->first_remembered <= past->remembered_count &&
			view->remembered_count <= past->remembered_count - view->first_remembered);
	}
}

// A snapshot that recalls it is one that can be built upon.
static void recall(const struct past *past)
{
	struct snapshot *fresh = side_tables(&side, NULL, NULL), *next;

	FUZZ_ASSERT(snapshot_recall(fresh, past) <= past->view_count);
	next = side_tables(&side, "one/a", fresh);
	for (uint32_t i = 0; i < next->view_count; i++)
		FUZZ_ASSERT(next->views[i].current->member_count == 1);
	snapshot_free(next);
	snapshot_free(fresh);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct handover_count count;
	struct past_reader *past = NULL;
	struct error err = {""};
	uint8_t *bytes;
	int rc;

	if (side.file == NULL)
		begin();
	bytes = malloc(size > 0 ? size : 1);
	if (bytes == NULL)
		return 0;
	memcpy(bytes, data, size);
	if (size > 0 && data[0] == 's')
		seal(bytes, size);
	folder_put(FLOWS_FILE_PLANNED, bytes, size);
	free(bytes);
	rc = handover_restore(&side.handover, FLOWS_FILE_PLANNED, &past, &count, &err);
	FUZZ_ASSERT(rc == 0 || err.text[0] != '\0');
	FUZZ_ASSERT(count.done + count.expired + count.unknown + count.unplaced == count.flows);
	if (count.done == 0) {
		check_empty();
	} else {
		FUZZ_ASSERT(check_rows(0) + check_rows(1) <= count.done * WORKERS);
		forget();
	}
	if (past != NULL) {
		check_past(past_read(past));
		if (past_read(past)->view_count > 0)
			recall(past_read(past));
	}
	past_reader_free(past);
	return 0;
}
