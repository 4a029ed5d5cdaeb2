// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <commit/commit_private.h>

#include <stdlib.h>

// The file or folder that 'pools' in the daemon's own file names, as a job reads it.

#define TOLD_MAX 20u

static void pools_log_change(void *context, const char *sentence)
{
	uint32_t *count = context;

	if ((*count)++ < TOLD_MAX)
		log_warning("config: pools: changed since the file was read: %s", sentence);
}

// The newest version that came from the file; 0.
static uint64_t pools_find_last(const struct commit *commit)
{
	struct history_entry *entries = calloc(HISTORY_MAX, sizeof(*entries));
	uint32_t count = entries != NULL ? history_list(commit->state_folder, entries) : 0;
	uint64_t version = 0;

	for (uint32_t i = 0; i < count && version == 0; i++)
		version = entries[i].kind == HISTORY_FILE ? entries[i].version : 0;
	free(entries);
	return version;
}

static void pools_read_last(struct commit *commit)
{
	struct error err;

	commit->last_file_version = pools_find_last(commit);
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
	config_diff(commit->last_file, commit->running->written, pools_log_change, &count);
	if (count > TOLD_MAX)
		log_warning("config: pools: and %u changes more", count - TOLD_MAX);
}

static void pools_log_sentence(void *context, const char *sentence)
{
	uint32_t *count = context;

	if ((*count)++ < TOLD_MAX)
		log_error("config: pools: %s", sentence);
}

static void pools_log_passed(void *context, const char *sentence)
{
	log_warning("config: pools: %s", sentence);
}

int commit_read_pools(struct commit *commit)
{
	uint32_t count = 0;
	int rc = config_load_path(commit->pools_path, &commit->config, pools_log_sentence,
		pools_log_passed, &count, &commit->err);

	if (rc == 0)
		pools_read_last(commit);
	return rc;
}
