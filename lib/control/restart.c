// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <capture/recording.h>
#include <control/control_private.h>
#include <control/rebuild_private.h>
#include <control/saving_private.h>
#include <handover/checkpointer.h>
#include <handover/restart.h>
#include <running/build.h>
#include <snapshot/recall.h>

// How the daemon ends, with all that is still to be written; and how its successor goes on with its
// flows and hash tables.

// A disk that takes longer to take them hangs; one that did not answer before gets little more
// time.
#define END_NS      (8 * CLOCK_NS_PER_S)
#define END_LATE_NS (2 * CLOCK_NS_PER_S)

// Ends what reads, records and probes, each of them whatever becomes of the others.
static bool restart_end_beside(struct control *control, uint64_t until_ns)
{
	bool has_read = control_reading_end(control, until_ns);
	bool has_recorded = recording_end(control->recording, until_ns);
	bool has_probed = health_end_files(control->health, until_ns);

	return has_read && has_recorded && has_probed;
}

bool control_save_flows(struct control *control)
{
	bool is_late = control_saving_late_ns(control) > 0;
	uint64_t until_ns = clock_monotonic_ns() + (is_late ? END_LATE_NS : END_NS);
	struct restart_save save;
	bool is_whole;

	jobs_free(control->jobs);
	control->jobs = NULL;
	if (control->handover.folder[0] == '\0')
		return restart_end_beside(control, until_ns);
	checkpointer_drop(control->checkpointer);
	if (control_is_unkept(control) && control->saving.version != control->running.version)
		control_keep_running(control);
	restart_save_begin(&save, &control->handover, control->saving.saver);
	is_whole = control_saving_end(control, until_ns);
	restart_save_conclude(&save, is_whole);
	return restart_end_beside(control, until_ns) && is_whole;
}

// Services go on with the hash tables that they had: what differs now is a change, and the last
// daemon's table is the one before it. Without memory they have those that were made of what is
// known now.
static void restart_recall(void *context, const struct past *past)
{
	struct control *control = context;
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

void control_restore_flows(struct control *control)
{
	restart_restore(&control->handover, restart_recall, control);
}
