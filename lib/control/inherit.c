// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <capture/recording.h>
#include <control/control_private.h>
#include <control/handover.h>
#include <control/rebuild_private.h>
#include <control/saving_private.h>
#include <handover/past.h>
#include <store/spool.h>
#include <store/wish.h>

#include <errno.h>

// What the next daemon inherits of this one's flow tables, and this one of the last one's: in words.

// A planned restart is not to take longer for the sake of flows than clients take to notice.
#define SAVE_BUDGET_NS (2 * CLOCK_NS_PER_S)
// A disk that takes longer to take them hangs; one that did not answer before gets little more time.
#define END_NS      (8 * CLOCK_NS_PER_S)
#define END_LATE_NS (2 * CLOCK_NS_PER_S)

struct handover control_handover(const struct control *control, const char *file)
{
	return (struct handover){
		.file = file,
		.config = &control->config,
		.configuration = control->running.now,
		.snapshot = control->config.publisher->current,
		.services = &control->running.service_registry,
		.backends = &control->running.backend_registry,
		.budget_ns = SAVE_BUDGET_NS,
	};
}

static bool has_folder(const struct control *control)
{
	return control->config.daemon->state[0] != '\0';
}

static uint64_t ms_since(uint64_t begun_ns)
{
	return (clock_monotonic_ns() - begun_ns) / CLOCK_NS_PER_MS;
}

struct config *control_copy_left(const struct control *control)
{
	const struct config *running = control->running.now->config;
	uint32_t count = 0;

	for (uint32_t i = 0; i < running->backend_count; i++)
		count += running->backends[i].state == CONFIG_STATE_LEAVING;
	return count > 0 ? config_clone(running) : NULL;
}

static void inherit_tell_saved(
	const struct handover_count *count, int rc, const struct error *err, uint64_t begun_ns)
{
	if (rc != 0)
		log_warning("flows: none is kept for the next daemon: %s", err->text);
	else if (count->is_cut)
		log_warning(
			"flows: %lu are kept for the next daemon; there was no time for the others, "
			"which the hash tables answer for",
			count->done);
	else if (count->flows > 0)
		log_info("flows: %lu of %lu are kept for the next daemon, in %lu ms", count->done,
			count->flows, ms_since(begun_ns));
}

// What is written while the tables are read.
static void inherit_hand_over(struct control *control, struct spool *spool)
{
	struct saver *saver = control->saving.saver;
	struct saver_wish *left =
		wish_left(control->config.daemon->state, control_copy_left(control));
	struct saver_wish *flows = spool_wish(spool, true);

	if (control_is_unkept(control) && control->saving.version != control->running.version)
		control_keep_running(control);
	if (left != NULL)
		saver_want(saver, SAVER_LEFT, left);
	if (flows != NULL)
		saver_want(saver, SAVER_FLOWS, flows);
}

static int inherit_save(struct control *control, struct spool *spool, struct handover_count *count,
	struct error *err)
{
	struct handover handover = control_handover(control, FLOWS_FILE_PLANNED);
	int rc;

	handover.spool = spool;
	rc = handover_save(&handover, count, err);
	if (rc != 0)
		spool_end(spool, SPOOL_ABANDON);
	return rc;
}

// The checkpoint of a daemon that ends as planned is of no use to anybody.
static void inherit_remove_checkpoint(const struct control *control)
{
	flows_file_remove(control->config.daemon->state, FLOWS_FILE_CHECKPOINT);
}

// Ends what reads and what records, each of them whatever becomes of the other.
static bool inherit_end(struct control *control, uint64_t until_ns)
{
	bool has_read = control_reading_end(control, until_ns);
	bool has_recorded = recording_end(control->recording, until_ns);
	bool has_probed = health_end_files(control->health, until_ns);

	return has_read && has_recorded && has_probed;
}

bool control_save_flows(struct control *control)
{
	bool is_late = control_saving_late_ns(control) > 0;
	uint64_t begun_ns = clock_monotonic_ns();
	uint64_t until_ns = begun_ns + (is_late ? END_LATE_NS : END_NS);
	struct handover_count count = {0};
	struct spool *spool;
	struct error err;
	bool is_whole;
	int rc;

	jobs_free(control->jobs);
	control->jobs = NULL;
	if (!has_folder(control))
		return inherit_end(control, until_ns);
	control_checkpoint_forget(control);
	spool = spool_new(control->config.daemon->state, FLOWS_FILE_PLANNED, KEPT_OVER_PROCESSES);
	if (spool == NULL) {
		log_warning("flows: none is kept for the next daemon: out of memory");
		is_whole = control_saving_end(control, until_ns);
		return inherit_end(control, until_ns) && is_whole;
	}
	inherit_hand_over(control, spool);
	rc = inherit_save(control, spool, &count, &err);
	is_whole = control_saving_end(control, until_ns);
	if (is_whole && rc == 0)
		rc = spool_result(spool, &err);
	if (is_whole)
		inherit_tell_saved(&count, rc, &err, begun_ns);
	if (is_whole && rc == 0)
		inherit_remove_checkpoint(control);
	spool_free(spool);
	return inherit_end(control, until_ns) && is_whole;
}

static void tell(const struct handover_count *count, bool is_planned, uint64_t begun_ns)
{
	log_info("flows: %lu of %lu %s are taken up, in %lu ms", count->done, count->flows,
		is_planned ? "from the last daemon"
			   : "that no hash table knows, of a daemon that died,",
		ms_since(begun_ns));
	if (count->expired > 0)
		log_info("flows: %lu of them have expired meanwhile", count->expired);
	if (count->unknown > 0)
		log_warning("flows: %lu are of services or backends that are no longer configured",
			count->unknown);
	if (count->homeless > 0)
		log_warning(
			"flows: %lu are of services with many ports, and have no place in tables of "
			"another size or under another hash key",
			count->homeless);
}

// Services go on with the hash tables that they had: what differs now is a change, and the last daemon's table is the one before
// it. Without memory they have those that were made of what is known now.
static void inherit_take_past(struct control *control, const struct past *past)
{
	struct build build;
	struct snapshot *last;
	struct error err;
	uint32_t count;
	int rc;

	build_begin(control, &build);
	build.configuration = control->running.now;
	rc = build_run(&build, &err);
	last = build.snapshot;
	if (rc == 0) {
		count = snapshot_recall(last, past);
		build_begin(control, &build);
		build.configuration = control->running.now;
		build.previous = last;
		rc = build_run(&build, &err);
	}
	if (rc == 0) {
		log_info("flows: %u of %u services go on with the hash tables of the last daemon",
			count, past->view_count);
		control_publish(control, build.snapshot);
	} else {
		log_warning("flows: the hash tables of the last daemon are lost: %s", err.text);
	}
	snapshot_free(last);
}

// 0 where there was a file, and it is whole.
static int take(struct control *control, const char *file, bool is_planned)
{
	struct handover handover = control_handover(control, file);
	uint64_t begun_ns = clock_monotonic_ns();
	struct past_reader *past = NULL;
	struct handover_count count;
	struct error err;
	int rc;

	handover.past = &past;
	rc = handover_take(&handover, &count, &err);
	if (rc == -ENOENT)
		return rc;
	if (rc != 0)
		log_warning(
			"flows: %s: the hash tables answer for connections that are not taken up",
			err.text);
	if (count.flows > 0)
		tell(&count, is_planned, begun_ns);
	if (past != NULL)
		inherit_take_past(control, past_read(past));
	past_reader_free(past);
	return rc;
}

void control_take_flows(struct control *control)
{
	if (!has_folder(control))
		return;
	if (take(control, FLOWS_FILE_PLANNED, true) != 0 &&
		take(control, FLOWS_FILE_CHECKPOINT, false) != 0)
		take(control, FLOWS_FILE_TAKEN, false);
}
