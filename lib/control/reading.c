// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/reply_private.h>
#include <control/saving_private.h>

#include <errno.h>
#include <stdlib.h>

// Earlier versions, their list, and the file that the daemon's own file names: read on a thread of
// its own, as a disk may hang. Whoever asks waits for a bounded time; other changes go on
// meanwhile.

struct reading {
	struct control *control; // the loop's
	struct commit *commit; // whose request is read; NULL: it is the list of the history
	uint64_t number;
	char folder[DAEMON_PATH_SIZE];
	struct history_entry *entries; // HISTORY_MAX
	uint32_t count;
};

static void reading_free(struct reading *reading)
{
	free(reading->entries);
	commit_free(reading->commit);
	free(reading);
}

// On the thread. It touches what the reading owns.
static void reading_work(void *context)
{
	struct reading *reading = context;

	if (reading->commit != NULL)
		commit_read(reading->commit);
	else
		reading->count = history_list(reading->folder, reading->entries);
}

uint64_t control_await_disk(struct control *control)
{
	control->reply.step = REPLY_WAIT;
	control->reply.reading = ++control->saving.readings;
	control->reply.reading_until_ns = clock_monotonic_ns() + control_patience_ns(control);
	return control->reply.reading;
}

bool control_is_awaited(struct control *control, uint64_t number)
{
	if (control->reply.step != REPLY_WAIT || control->reply.reading != number)
		return false;
	control->reply.reading = 0;
	return true;
}

static void reading_answer_history(struct control *control, struct reading *reading)
{
	if (!control_is_awaited(control, reading->number))
		return;
	control->reply.history = reading->entries;
	control->reply.history_count = reading->count;
	control->reply.step = REPLY_ROWS;
	reading->entries = NULL;
}

static void reading_start_commit(struct control *control, struct reading *reading)
{
	struct commit *commit = reading->commit;

	reading->commit = NULL;
	if (commit->is_own) {
		commits_take_file(&control->commits, commit);
	} else if (control_is_awaited(control, reading->number)) {
		commits_start(&control->commits, commit);
	} else {
		commit_free(commit);
	}
}

static void reading_done(void *context)
{
	struct reading *reading = context;
	struct control *control = reading->control;

	control->saving.reading = NULL;
	if (reading->commit != NULL)
		reading_start_commit(control, reading);
	else
		reading_answer_history(control, reading);
	reading_free(reading);
	control_poll_now(control);
	commits_reload_next(&control->commits);
}

static struct reading *reading_new(struct control *control, struct commit *commit)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (reading == NULL)
		return NULL;
	reading->control = control;
	reading->commit = commit;
	snprintf(reading->folder, sizeof(reading->folder), "%s", control->config.daemon->state);
	return reading;
}

static void reading_begin(struct control *control, struct reading *reading, bool is_own)
{
	control->saving.reading = reading;
	if (!is_own)
		reading->number = control_await_disk(control);
	job_start(control->saving.reader, reading_work, reading_done, reading);
}

static void reading_refuse(struct control *control, const struct commit *commit, int code)
{
	const char *words =
		code == ENOMEM ? "out of memory" : "the disk does not answer: nothing was changed";

	if (commit == NULL || !commit->is_own)
		control_reply_error(control, code, words);
	else
		log_error("config: pools: %s", words);
}

bool control_reading_is_busy(const struct control *control)
{
	return control->saving.reading != NULL;
}

void control_read_commit(struct control *control, struct commit *commit)
{
	struct reading *reading = NULL;
	bool is_busy = control_reading_is_busy(control);

	if (!is_busy)
		reading = reading_new(control, commit);
	if (reading != NULL) {
		reading_begin(control, reading, commit->is_own);
		return;
	}
	reading_refuse(control, commit, is_busy ? EAGAIN : ENOMEM);
	commit_free(commit);
}

void control_read_history(struct control *control)
{
	struct reading *reading;

	if (control_reading_is_busy(control)) {
		reading_refuse(control, NULL, EAGAIN);
		return;
	}
	reading = reading_new(control, NULL);
	if (reading != NULL)
		reading->entries = calloc(HISTORY_MAX, sizeof(*reading->entries));
	if (reading == NULL || reading->entries == NULL) {
		free(reading);
		reading_refuse(control, NULL, ENOMEM);
		return;
	}
	reading_begin(control, reading, false);
}

bool control_reading_gives_up(struct control *control)
{
	if (control->reply.reading == 0 || clock_monotonic_ns() < control->reply.reading_until_ns)
		return false;
	reading_refuse(control, NULL, EAGAIN);
	return true;
}

bool control_reading_end(struct control *control, uint64_t until_ns)
{
	struct reading *reading = control->saving.reading;
	bool has_ended = job_end(control->saving.reader, until_ns);

	control->saving.reader = NULL;
	control->saving.reading = NULL;
	if (has_ended && reading != NULL)
		reading_free(reading);
	return has_ended;
}
