// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <control/apply_private.h>
#include <control/control_private.h>
#include <control/saving_private.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

// The file or folder that 'pools' in the daemon's own file names, for those who keep it in git or have it written: put in
// force soon after the start and whenever somebody asks, by a commit of the daemon's own. It is checked first, and refused
// whole: then what runs goes on.

#define TOLD_MAX 20u

void control_reload(struct control *control)
{
	if (control->config.daemon->pools[0] == '\0') {
		log_warning(
			"config: SIGHUP: there is no 'pools' in the daemon's file to read again");
		return;
	}
	control->reload_due = true;
	control_reload_next(control);
}

static void refuse(struct control *control, const char *sentence)
{
	log_error("config: pools: refused, version %lu goes on: %s", control->running.version,
		sentence);
	snprintf(control->pools_refusal, sizeof(control->pools_refusal), "%.*s",
		(int)sizeof(control->pools_refusal) - 1, sentence);
}

void control_reload_next(struct control *control)
{
	struct commit *commit;

	if (!control->reload_due || control->commit != NULL || control_reading_is_busy(control))
		return;
	control->reload_due = false;
	if (control->trial.before != NULL) {
		refuse(control, "a configuration waits for its confirmation: 'fulcrumctl confirm'");
		return;
	}
	commit = control_commit_new(control);
	if (commit == NULL) {
		refuse(control, "out of memory");
		return;
	}
	commit->is_own = true;
	commit->is_file = true;
	commit->pools_path = control->config.daemon->pools;
	commit->author.kind = HISTORY_FILE;
	history_identify((uint32_t)getpid(), &commit->author.uid, &commit->author.pid);
	control_read_commit(control, commit);
}

void control_reload_read(struct control *control, struct commit *commit)
{
	if (control->commit != NULL || control->trial.before != NULL) {
		control->reload_due = true;
		commit_free(commit);
		return;
	}
	commit->version = control->running.version + 1;
	control->commit = commit;
	jobs_next(control->jobs);
}

void control_reload_refused(struct control *control, const struct commit *commit)
{
	refuse(control, commit->err.text);
}

void control_reload_done(struct control *control, const struct commit *commit)
{
	control->pools_refusal[0] = '\0';
	if (commit->is_equal)
		log_info("config: pools: nothing changed; version %lu is in force",
			control->running.version);
}

// --- In the commit's jobs ---

static void log_change(void *context, const char *sentence)
{
	uint32_t *count = context;

	if ((*count)++ < TOLD_MAX)
		log_warning("config: pools: changed since the file was read: %s", sentence);
}

// The newest version that came from the file; 0.
static uint64_t find_last(const struct commit *commit)
{
	struct history_entry *entries = calloc(HISTORY_MAX, sizeof(*entries));
	uint32_t count = entries != NULL ? history_list(commit->state_folder, entries) : 0;
	uint64_t version = 0;

	for (uint32_t i = 0; i < count && version == 0; i++)
		version = entries[i].kind == HISTORY_FILE ? entries[i].version : 0;
	free(entries);
	return version;
}

static void read_last(struct commit *commit)
{
	struct error err;

	commit->last_file_version = find_last(commit);
	if (commit->last_file_version != 0 &&
		history_load(commit->state_folder, commit->last_file_version, &commit->last_file,
			&err) != 0)
		commit->last_file = NULL;
}

// Who wrote into what runs by the tool is told what he loses, before it is overwritten.
void commit_tell_overwritten(const struct commit *commit)
{
	uint32_t count = 0;

	if (commit->last_file == NULL || commit->last_file_version == commit->version - 1)
		return;
	config_diff(commit->last_file, commit->running->written, log_change, &count);
	if (count > TOLD_MAX)
		log_warning("config: pools: and %u changes more", count - TOLD_MAX);
}

static void log_sentence(void *context, const char *sentence)
{
	uint32_t *count = context;

	if ((*count)++ < TOLD_MAX)
		log_error("config: pools: %s", sentence);
}

static void log_passed(void *context, const char *sentence)
{
	log_warning("config: pools: %s", sentence);
}

int commit_read_pools(struct commit *commit)
{
	uint32_t count = 0;
	int rc = config_load_path(commit->pools_path, &commit->config, log_sentence, log_passed,
		&count, &commit->err);

	if (rc == 0)
		read_last(commit);
	return rc;
}
