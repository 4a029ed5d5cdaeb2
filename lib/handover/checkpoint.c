// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <handover/checkpoint.h>
#include <handover/handover_private.h>
#include <judge/select.h>

#include <errno.h>
#include <stdlib.h>

#define BUCKETS_A_LOOK 256 // at the clock
#define READINGS       4
#define GOOD_FOR_NS    (5 * 60 * CLOCK_NS_PER_S) // below HANDOVER_VALID_S

struct checkpoint {
	const struct handover *handover;
	const struct snapshot *snapshot; // of the last step
	struct flows_writer *writer;
	uint64_t flows; // that were written
	uint32_t worker; // whose table is next, and from which bucket on
	uint32_t bucket;
	uint32_t now_s;
};

int checkpoint_new(const struct handover *handover, struct spool *spool, struct checkpoint **out,
	struct error *err)
{
	struct checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));
	struct flows_mark mark;
	int rc;

	if (checkpoint == NULL)
		return error_set(err, ENOMEM, "out of memory");
	checkpoint->handover = handover;
	checkpoint->snapshot = handover->publisher->current;
	handover_mark(handover, &mark);
	rc = flows_writer_new(
		handover->folder, FLOWS_FILE_CHECKPOINT, &mark, spool, &checkpoint->writer, err);
	if (rc != 0) {
		free(checkpoint);
		return rc;
	}
	handover_write_names(handover, checkpoint->writer);
	*out = checkpoint;
	return 0;
}

static bool checkpoint_is_same(const struct flow_saved *a, const struct flow_saved *b)
{
	return a->hash == b->hash && a->client.half[0] == b->client.half[0] &&
	       a->client.half[1] == b->client.half[1] && a->client_port == b->client_port &&
	       a->service == b->service && a->backend == b->backend;
}

static uint32_t checkpoint_read_once(
	const struct checkpoint *checkpoint, uint32_t bucket, struct flow_saved rows[FLOW_WAYS])
{
	const struct snapshot *snapshot = checkpoint->snapshot;

	return flow_save_bucket(checkpoint->handover->flows[checkpoint->worker], bucket,
		snapshot->ttls, snapshot->service_capacity, checkpoint->now_s, rows);
}

// Its worker may write it meanwhile: two readings that say the same are whole. 0 where it does not
// come to rest.
static uint32_t checkpoint_read_bucket(
	const struct checkpoint *checkpoint, uint32_t bucket, struct flow_saved rows[FLOW_WAYS])
{
	struct flow_saved again[FLOW_WAYS];

	for (int i = 0; i < READINGS; i++) {
		uint32_t count = checkpoint_read_once(checkpoint, bucket, rows), same = 0;

		if (count == 0)
			return 0;
		if (count != checkpoint_read_once(checkpoint, bucket, again))
			continue;
		while (same < count && checkpoint_is_same(&rows[same], &again[same]))
			same++;
		if (same == count)
			return count;
	}
	return 0;
}

// True: whichever of its tables the next daemon asks, it finds the flow's backend.
static bool checkpoint_is_found_by_hash(
	const struct checkpoint *checkpoint, const struct flow_saved *saved)
{
	const struct snapshot *snapshot = checkpoint->snapshot;
	const struct snapshot_service *service = &snapshot->services[saved->service];
	const struct snapshot_view *view = &snapshot->views[service->view];
	struct hash128 hash;
	struct packet packet;
	uint64_t slot_hash;

	if (!handover_hash(checkpoint->handover, snapshot, saved, &packet, &hash))
		return false;
	slot_hash = select_slot_hash(snapshot, service, &packet, &hash);
	return view->current != NULL &&
	       generation_backend(view->current, slot_hash) == saved->backend &&
	       (view->remembered == NULL ||
		       generation_backend(view->remembered, slot_hash) == saved->backend);
}

static void checkpoint_write_row(struct checkpoint *checkpoint, const struct flow_saved *saved)
{
	struct flows_record record = {.worker = checkpoint->worker, .saved = *saved};

	if (!handover_number(checkpoint->handover, &record.saved) ||
		checkpoint_is_found_by_hash(checkpoint, saved))
		return;
	flows_writer_add_row(checkpoint->writer, &record);
	checkpoint->flows++;
}

// False: there is none.
static bool checkpoint_next_bucket(struct checkpoint *checkpoint)
{
	const struct handover *handover = checkpoint->handover;
	struct flow_saved rows[FLOW_WAYS];
	uint32_t count;

	if (checkpoint->worker == handover->worker_count)
		return false;
	count = checkpoint_read_bucket(checkpoint, checkpoint->bucket, rows);
	for (uint32_t i = 0; i < count; i++)
		checkpoint_write_row(checkpoint, &rows[i]);
	if (++checkpoint->bucket == flow_table_buckets(handover->flows[checkpoint->worker])) {
		checkpoint->worker++;
		checkpoint->bucket = 0;
	}
	return true;
}

bool checkpoint_step(struct checkpoint *checkpoint, uint64_t ns)
{
	uint64_t begun_ns = clock_monotonic_ns(), now_ns = begun_ns;

	checkpoint->snapshot = checkpoint->handover->publisher->current;
	while (now_ns - begun_ns < ns && flows_writer_has_room(checkpoint->writer, 0)) {
		checkpoint->now_s = (uint32_t)(now_ns / CLOCK_NS_PER_S);
		for (int i = 0; i < BUCKETS_A_LOOK; i++) {
			if (!checkpoint_next_bucket(checkpoint))
				return false;
		}
		now_ns = clock_monotonic_ns();
	}
	return true;
}

// The hash tables are those of the last step, by which its rows were judged; rows before may have
// been judged by the ones before, which are the previous ones then.
int checkpoint_close(struct checkpoint *checkpoint, struct checkpoint_last *last, struct error *err)
{
	uint64_t tables =
		handover_write_past(checkpoint->handover, checkpoint->snapshot, checkpoint->writer);
	uint64_t now_ns = clock_monotonic_ns();
	int rc = 0;

	if (checkpoint->flows == 0 && tables == 0) {
		flows_writer_abandon(checkpoint->writer, true);
	} else if (checkpoint->flows == 0 && tables == last->tables &&
		   now_ns - last->at_ns < GOOD_FOR_NS) {
		flows_writer_abandon(checkpoint->writer, false);
	} else {
		*last = (struct checkpoint_last){checkpoint->flows == 0 ? tables : 0, now_ns};
		rc = flows_writer_close(checkpoint->writer, err);
	}
	free(checkpoint);
	return rc;
}

void checkpoint_abandon(struct checkpoint *checkpoint)
{
	if (checkpoint == NULL)
		return;
	flows_writer_abandon(checkpoint->writer, false);
	free(checkpoint);
}
