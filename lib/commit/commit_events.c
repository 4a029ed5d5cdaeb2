// SPDX-License-Identifier: BSD-3-Clause
#include <commit/commits_private.h>
#include <events/events.h>

#include <string.h>

// So many backends of one change have an event of their own: a change of thousands leaves room for
// what was before it.
#define TOLD_MAX 1000u

static void commit_set_author(struct events_entry *entry, const struct history_entry *author)
{
	entry->uid = author->uid;
	entry->pid = author->pid;
}

// What the log says of it line by line when it is compared ("config: backend web/a: state active ->
// draining").
static void commit_tell_state(struct commits *commits, const struct commit *commit, uint32_t at)
{
	const struct config_backend *now = &commit->all->backends[at];
	uint32_t place = commit->places[at];
	const struct config_backend *before =
		place == CONFIGURATION_NONE ? NULL : &commit->running->config->backends[place];
	const char *state = config_state_name((enum config_backend_state)now->state);
	const char *old =
		before != NULL ? config_state_name((enum config_backend_state)before->state) : "";
	struct events_entry entry = events_about(
		EVENTS_DRAIN, LOG_LEVEL_INFO, old, state, "%s/%s", now->pool, now->name);

	entry.version = commit->version;
	commit_set_author(&entry, &commit->author);
	events_record(commits->running->events, &entry, "backend %s/%s is %s", now->pool, now->name,
		state);
}

static bool commit_has_new_state(const struct commit *commit, uint32_t at)
{
	uint32_t place = commit->places[at];

	if (place ==
		CONFIGURATION_NONE) // a new one: its first state is news where it does not serve
		return commit->all->backends[at].state != CONFIG_STATE_ACTIVE;
	return commit->all->backends[at].state != commit->running->config->backends[place].state;
}

static void commit_tell_states(struct commits *commits, const struct commit *commit)
{
	uint32_t told = 0;

	for (uint32_t i = 0; i < commit->all->backend_count && told < TOLD_MAX; i++) {
		if (commit_has_new_state(commit, i)) {
			commit_tell_state(commits, commit, i);
			told++;
		}
	}
}

void commit_tell(struct commits *commits, const struct commit *commit)
{
	static const char *const how[HISTORY_KINDS] = {
		[HISTORY_APPLY] = "apply",
		[HISTORY_BACKEND] = "backend",
		[HISTORY_ROLLBACK] = "rollback",
		[HISTORY_TAKEN_BACK] = "taken back",
		[HISTORY_EXPIRED] = "not confirmed",
		[HISTORY_FILE] = "file",
	};
	struct events_entry entry =
		events_about(EVENTS_APPLY, LOG_LEVEL_INFO, "", "in force", "config");
	char of[48] = "", by[48] = "";

	if (commit->kind == COMMIT_CONFIRM)
		strcpy(entry.after, "confirmed");
	else if (commit->is_equal)
		return;
	entry.version =
		commit->kind == COMMIT_CONFIRM ? commits->running->version : commit->version;
	commit_set_author(&entry, &commit->author);
	if (commit->author.of != 0)
		snprintf(of, sizeof(of), " of version %lu", commit->author.of);
	if (commit->author.pid != 0)
		snprintf(by, sizeof(by), ", by process %u of user %u", commit->author.pid,
			commit->author.uid);
	events_tell(commits->running->events, &entry, "apply: version %lu is %s (%s%s)%s",
		entry.version, entry.after, how[commit->author.kind], of, by);
	if (!commit->is_equal && commit->places != NULL)
		commit_tell_states(commits, commit);
}

void commit_tell_refusal(
	struct commits *commits, const struct history_entry *author, const char *reason)
{
	struct events_entry entry =
		events_about(EVENTS_APPLY, LOG_LEVEL_WARNING, "", "refused", "config");

	commit_set_author(&entry, author);
	events_tell(commits->running->events, &entry, "apply: refused: %s", reason);
}
