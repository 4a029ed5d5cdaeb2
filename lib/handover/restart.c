// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <handover/past.h>
#include <handover/restart.h>
#include <store/spool.h>
#include <store/state_request.h>

#include <errno.h>

// A planned restart is not to take longer for the sake of flows than clients take to notice.
#define SAVE_BUDGET_NS (2 * CLOCK_NS_PER_S)

static uint64_t restart_ms_since(uint64_t begun_ns)
{
	return (clock_monotonic_ns() - begun_ns) / CLOCK_NS_PER_MS;
}

// --- The side of the daemon that ends ---

static void restart_tell_saved(const struct restart_save *save)
{
	const struct handover_count *count = &save->count;

	if (save->rc != 0)
		log_warning("flows: none is saved for the next daemon: %s", save->err.text);
	else if (count->is_cut)
		log_warning(
			"flows: saved %lu for the next daemon; there was no time for the others, "
			"which the hash tables answer for",
			count->done);
	else if (count->flows > 0)
		log_info("flows: saved %lu of %lu for the next daemon, in %lu ms", count->done,
			count->flows, restart_ms_since(save->begun_ns));
}

// What is written while the tables are read.
static void restart_hand_over(const struct restart_save *save, struct saver *saver)
{
	struct saver_request *removed = state_request_removed(
		save->handover->folder, handover_copy_removed(save->handover));
	struct saver_request *flows = spool_request(save->spool, true);

	if (removed != NULL)
		saver_submit(saver, SAVER_LEFT, removed);
	if (flows != NULL)
		saver_submit(saver, SAVER_FLOWS, flows);
}

void restart_save_begin(
	struct restart_save *save, const struct handover *handover, struct saver *saver)
{
	*save = (struct restart_save){.handover = handover, .begun_ns = clock_monotonic_ns()};
	save->spool = spool_new(handover->folder, FLOWS_FILE_PLANNED, KEPT_OVER_PROCESSES);
	if (save->spool == NULL)
		return;
	restart_hand_over(save, saver);
	save->rc = handover_save(handover, save->spool, SAVE_BUDGET_NS, &save->count, &save->err);
	if (save->rc != 0)
		spool_end(save->spool, SPOOL_ABANDON);
}

void restart_save_conclude(struct restart_save *save, bool is_whole)
{
	if (save->spool == NULL) {
		log_warning("flows: none is saved for the next daemon: out of memory");
		return;
	}
	if (is_whole && save->rc == 0)
		save->rc = spool_result(save->spool, &save->err);
	if (is_whole)
		restart_tell_saved(save);
	if (is_whole && save->rc == 0)
		flows_file_remove(save->handover->folder, FLOWS_FILE_CHECKPOINT);
	spool_free(save->spool);
}

// --- The side of the daemon that begins ---

static void restart_tell_restored(
	const struct handover_count *count, bool is_planned, uint64_t begun_ns)
{
	log_info("flows: restored %lu of %lu from the %s, in %lu ms", count->done, count->flows,
		is_planned ? "last daemon" : "crash checkpoint", restart_ms_since(begun_ns));
	if (count->expired > 0)
		log_info("flows: %lu of them expired meanwhile", count->expired);
	if (count->unknown > 0)
		log_warning(
			"flows: %lu are not restored: service or backend is no longer configured",
			count->unknown);
	if (count->unplaced > 0)
		log_warning(
			"flows: %lu are not restored: those of services with many ports have no "
			"place in tables of another size or under another hash key",
			count->unplaced);
}

// 0 where there was a file, and it is whole.
static int restart_restore_file(const struct handover *handover, const char *file, bool is_planned,
	restart_recall_fn *recall, void *context)
{
	uint64_t begun_ns = clock_monotonic_ns();
	struct past_reader *past;
	struct handover_count count;
	struct error err;
	int rc = handover_restore(handover, file, &past, &count, &err);

	if (rc == -ENOENT)
		return rc;
	if (rc != 0)
		log_warning(
			"flows: %s: the hash tables answer for connections that are not restored",
			err.text);
	if (count.flows > 0)
		restart_tell_restored(&count, is_planned, begun_ns);
	if (past != NULL)
		recall(context, past_read(past));
	past_reader_free(past);
	return rc;
}

void restart_restore(const struct handover *handover, restart_recall_fn *recall, void *context)
{
	if (handover->folder[0] == '\0')
		return;
	if (restart_restore_file(handover, FLOWS_FILE_PLANNED, true, recall, context) != 0 &&
		restart_restore_file(handover, FLOWS_FILE_CHECKPOINT, false, recall, context) != 0)
		restart_restore_file(handover, FLOWS_FILE_TAKEN, false, recall, context);
}
