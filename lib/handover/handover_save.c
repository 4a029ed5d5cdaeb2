// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <handover/handover_private.h>

// The side of the daemon that ends.

#define BUCKETS_A_LOOK 8192 // at the clock
// Tables with this many buckets may take longer to write than there is time. The flows that began
// within the last half hour come first, as there may be no hash table that leads to their backends.
#define BUCKETS_MANY (4u << 20)
#define YOUNG_S      (30 * 60)

struct handover_saving {
	const struct handover *handover;
	struct flows_writer *writer;
	struct handover_count *count;
	uint64_t until_ns;
	uint32_t now_s;
	uint32_t age_first_s; // of the rows that are written now
	uint32_t age_last_s;
};

static void handover_save_bucket(struct handover_saving *saving, uint32_t worker, uint32_t bucket)
{
	const struct handover *handover = saving->handover;
	const struct snapshot *snapshot = handover->publisher->current;
	struct flows_record record = {.worker = worker};
	struct flow_saved rows[FLOW_WAYS];
	uint32_t row_count = flow_save_bucket(handover->flows[worker], bucket, snapshot->ttls,
		snapshot->service_capacity, saving->now_s, rows);

	for (uint32_t i = 0; i < row_count; i++) {
		record.saved = rows[i];
		if (record.saved.age_s < saving->age_first_s ||
			record.saved.age_s > saving->age_last_s)
			continue;
		saving->count->flows++;
		if (handover_number(handover, &record.saved)) {
			flows_writer_add_row(saving->writer, &record);
			saving->count->done++;
		} else {
			saving->count->unknown++;
		}
	}
}

// False: the time is over.
static bool handover_has_time(struct handover_saving *saving)
{
	uint64_t now_ns = clock_monotonic_ns();

	saving->now_s = (uint32_t)(now_ns / CLOCK_NS_PER_S);
	return now_ns < saving->until_ns && flows_writer_has_room(saving->writer, saving->until_ns);
}

// False: the time was over before.
static bool handover_save_table(struct handover_saving *saving, uint32_t worker)
{
	uint32_t buckets = flow_table_buckets(saving->handover->flows[worker]);

	for (uint32_t b = 0; b < buckets; b++) {
		if (b % BUCKETS_A_LOOK == 0 && !handover_has_time(saving))
			return false;
		handover_save_bucket(saving, worker, b);
	}
	return true;
}

static void handover_save_ages(struct handover_saving *saving, uint32_t first_s, uint32_t last_s)
{
	uint32_t w = 0;

	saving->age_first_s = first_s;
	saving->age_last_s = last_s;
	while (w < saving->handover->worker_count && handover_save_table(saving, w))
		w++;
	saving->count->is_cut |= w < saving->handover->worker_count;
}

static void handover_save_rows(struct handover_saving *saving)
{
	const struct handover *handover = saving->handover;
	uint64_t buckets =
		(uint64_t)handover->worker_count * flow_table_buckets(handover->flows[0]);

	if (buckets < BUCKETS_MANY) {
		handover_save_ages(saving, 0, UINT32_MAX);
		return;
	}
	handover_save_ages(saving, 0, YOUNG_S);
	handover_save_ages(saving, YOUNG_S + 1, UINT32_MAX);
}

int handover_save(const struct handover *handover, struct spool *spool, uint64_t budget_ns,
	struct handover_count *count, struct error *err)
{
	struct handover_saving saving = {
		.handover = handover, .count = count, .until_ns = clock_monotonic_ns() + budget_ns};
	struct flows_mark mark;
	int rc;

	*count = (struct handover_count){0};
	handover_mark(handover, &mark);
	rc = flows_writer_new(
		handover->folder, FLOWS_FILE_PLANNED, &mark, spool, &saving.writer, err);
	if (rc != 0)
		return rc;
	handover_write_names(handover, saving.writer);
	handover_save_rows(&saving);
	if (handover_write_past(handover, handover->publisher->current, saving.writer) != 0 ||
		count->done > 0)
		return flows_writer_close(saving.writer, err);
	flows_writer_abandon(saving.writer, false);
	return 0;
}
