// SPDX-License-Identifier: BSD-3-Clause
#include <base/log.h>
#include <base/parse.h>
#include <commit/commit_private.h>
#include <store/state_request.h>

#include <stdlib.h>

// Changes that go to the log one by one; the client gets them all.
#define LOGGED_LINES 20

struct lines {
	FILE *file;
	uint32_t count;
};

static void conclude_add_line(void *context, const char *sentence)
{
	struct lines *lines = context;

	fprintf(lines->file, "%s\n", sentence);
	if (++lines->count <= LOGGED_LINES)
		log_info("config: %s", sentence);
}

static void conclude_list_changes(struct commit *commit, struct lines *lines)
{
	static const struct config nothing;
	const struct config *before = commit->before == NULL ? &nothing : commit->before->written;

	commit->changes = config_diff(before, commit->now->written, conclude_add_line, lines);
	if (lines->count > LOGGED_LINES)
		log_info("config: and %u changes more", lines->count - LOGGED_LINES);
	log_info("config: version %lu, %lu changes", commit->version, commit->changes);
}

// The disk has its turn after the answer is decided, and beside everything else.
static void conclude_prepare_saving(struct commit *commit)
{
	const struct state_mark mark = {commit->version, commit->applied};

	commit->wants_saving = commit->state_folder[0] != '\0';
	commit->is_saved = !commit->wants_saving;
	if (commit->wants_saving)
		commit->save = state_request_config(commit->state_folder,
			config_clone(commit->now->written), &mark, &commit->author);
}

// It is not saved before it is confirmed: a restart takes it back.
static void conclude_tell_fallback(const struct commit *commit, const struct lines *lines)
{
	char text[32];

	fprintf(lines->file,
		"unless 'fulcrumctl confirm' follows within %s, version %lu comes back\n",
		format_duration_ms(commit->confirm_s * 1000ull, text, sizeof(text)),
		commit->version - 1);
}

void commit_conclude(void *context)
{
	struct commit *commit = context;
	struct lines lines = {.file = NULL};

	if (commit->kind == COMMIT_REAP) {
		configuration_free(commit->before);
		commit->before = NULL;
		return;
	}
	lines.file = open_memstream(&commit->text, &commit->text_size);
	if (lines.file == NULL)
		lines.file = stderr; // out of memory: the log has them
	if (!commit->is_equal)
		conclude_list_changes(commit, &lines);
	if (commit->confirm_s > 0 && !commit->is_equal)
		conclude_tell_fallback(commit, &lines);
	else
		conclude_prepare_saving(commit);
	if (lines.file != stderr)
		fclose(lines.file);
	configuration_free(commit->before);
	commit->before = NULL;
}
