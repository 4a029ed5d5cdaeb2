// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <commit/commits_private.h>

#include <stdio.h>
#include <unistd.h>

// The file or folder that 'pools' in the daemon's own file names, for those who keep it in git or
// have it written: put in force soon after the start and whenever somebody asks, by a commit of the
// daemon's own. It is checked first, and refused whole: then what runs goes on.

static void reload_refuse(struct commits *commits, const char *sentence)
{
	log_error("config: pools: refused, version %lu goes on: %s", commits->running->version,
		sentence);
	snprintf(commits->pools_refusal, sizeof(commits->pools_refusal), "%.*s",
		(int)sizeof(commits->pools_refusal) - 1, sentence);
}

void commits_reload(struct commits *commits)
{
	if (commits->pools_path[0] == '\0') {
		log_warning(
			"config: SIGHUP: there is no 'pools' in the daemon's file to read again");
		return;
	}
	commits->reload_due = true;
	commits_reload_next(commits);
}

void commits_reload_next(struct commits *commits)
{
	const struct commits_host *host = &commits->host;
	struct commit *commit;

	if (!commits->reload_due || commits->current != NULL || host->is_reading(host->context))
		return;
	commits->reload_due = false;
	if (commits_waits_for_confirmation(commits)) {
		reload_refuse(commits,
			"a configuration waits for its confirmation: 'fulcrumctl confirm'");
		return;
	}
	commit = commits_new(commits, COMMIT_FILE);
	if (commit == NULL) {
		reload_refuse(commits, "out of memory");
		return;
	}
	commit->is_own = true;
	commit->pools_path = commits->pools_path;
	commit->author.kind = HISTORY_FILE;
	history_identify((uint32_t)getpid(), &commit->author.uid, &commit->author.pid);
	host->read(host->context, commit);
}

void commits_take_file(struct commits *commits, struct commit *commit)
{
	if (commits->current != NULL || commits_waits_for_confirmation(commits)) {
		commits->reload_due = true;
		commit_free(commit);
		return;
	}
	commit->version = commits->running->version + 1;
	commits_begin(commits, commit);
}

void reload_end(struct commits *commits, const struct commit *commit)
{
	if (commit->step == COMMIT_REFUSED) {
		reload_refuse(commits, commit->err.text);
		return;
	}
	commits->pools_refusal[0] = '\0';
	if (commit->is_equal)
		log_info("config: pools: nothing changed; version %lu is in force",
			commits->running->version);
}
