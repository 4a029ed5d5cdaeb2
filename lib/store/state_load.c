// SPDX-License-Identifier: BSD-3-Clause
#include <base/kept_file.h>
#include <base/log.h>
#include <store/history.h>
#include <store/state_private.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_end(FILE *file)
{
	char end[sizeof(STATE_END_MARK)] = "";

	return fseek(file, -(long)strlen(STATE_END_MARK), SEEK_END) == 0 &&
	       fread(end, 1, strlen(STATE_END_MARK), file) == strlen(STATE_END_MARK) &&
	       strcmp(end, STATE_END_MARK) == 0;
}

// An operator may have put a file without marks there; it counts as version 1. NULL, or what is
// wrong.
static const char *read_marks(FILE *file, struct state_mark *mark)
{
	*mark = (struct state_mark){.version = 1};
	if (fscanf(file, STATE_MARK_FORMAT, &mark->version, &mark->applied.wall_s) == 2) {
		if (fscanf(file, STATE_BOOT_FORMAT, &mark->applied.boot, &mark->applied.boot_s) !=
			2)
			mark->applied.boot = 0;
		if (!state_mark_is_sound(mark->version, mark->applied.wall_s))
			return "its first line has a number that no daemon writes";
		return has_end(file) ? NULL : "it was cut short";
	}
	*mark = (struct state_mark){.version = 1};
	return fseek(file, 0, SEEK_END) == 0 && ftell(file) > 0 ? NULL : "it was cut short";
}

int state_read(const char *path, const struct state_contents *contents, struct state_mark *mark,
	struct config **out, struct error *err)
{
	FILE *file = kept_file_open(path, err);
	const char *fault;

	if (file == NULL)
		return -errno;
	fault = read_marks(file, mark);
	fclose(file);
	if (fault != NULL)
		return error_set(err, EINVAL, "%s: %s", path, fault);
	return contents->load(path, out, err);
}

// NULL, and the log has the reason.
static struct config *load_path(
	const char *path, const struct state_contents *contents, struct state_mark *mark)
{
	struct config *config;
	struct error err;

	if (state_read(path, contents, mark, &config, &err) != 0) {
		log_error("state: %s", err.text);
		return NULL;
	}
	log_info("state: %s: version %lu, %u services, %u backends", path, mark->version,
		config->service_count, config->backend_count);
	return config;
}

static bool is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static bool is_same_file(const char *path, const char *other)
{
	struct stat one, two;

	return lstat(path, &one) == 0 && lstat(other, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

// Told at the start, and not by the first apply or the next restart. One that is missing is made by
// the first apply.
static void check_folder(const char *folder)
{
	char inside[STATE_PATH_SIZE];

	snprintf(inside, sizeof(inside), "%s/.", folder);
	if (access(inside, W_OK | X_OK) != 0 && errno != ENOENT)
		log_warning(
			"state: %s cannot be written: %s: a restart would find nothing of what is applied",
			folder, strerror(errno));
}

// The newest of the history before 'version' that can be read; those that are other names of
// 'tried' were told of.
static struct config *load_history(const char *folder, uint64_t version, const char *const *tried,
	uint32_t tried_count, struct state_mark *mark)
{
	struct history_entry entries[HISTORY_MAX];
	uint32_t count = history_list(folder, entries);
	char path[STATE_PATH_SIZE];

	for (uint32_t i = 0; i < count; i++) {
		struct config *config;
		bool is_tried = false;

		if (entries[i].version >= version ||
			history_path(folder, entries[i].version, path, sizeof(path)) != 0)
			continue;
		for (uint32_t t = 0; t < tried_count; t++)
			is_tried |= is_same_file(path, tried[t]);
		config = is_tried ? NULL : load_path(path, &state_whole, mark);
		if (config != NULL)
			return config;
	}
	return NULL;
}

struct config *state_load(const char *folder, struct state_mark *mark)
{
	char now[STATE_PATH_SIZE], before[STATE_PATH_SIZE], broken[STATE_PATH_SIZE];
	const char *const tried[] = {broken, before};
	struct config *config = NULL;
	bool was_there, had_before;

	*mark = (struct state_mark){0};
	if (folder[0] == '\0')
		return NULL;
	snprintf(now, sizeof(now), "%s/" STATE_NOW, folder);
	snprintf(before, sizeof(before), "%s/" STATE_BEFORE, folder);
	snprintf(broken, sizeof(broken), "%s/" STATE_BROKEN, folder);
	check_folder(folder);
	was_there = is_there(now);
	had_before = is_there(before);
	if (was_there) {
		config = load_path(now, &state_whole, mark);
		if (config != NULL)
			return config;
		// Else the next save would make it the one before.
		if (rename(now, broken) != 0)
			log_warning("state: %s: %s", broken, strerror(errno));
		else
			log_warning("state: it is kept as %s", broken);
	}
	if (had_before)
		config = load_path(before, &state_whole, mark);
	if (config == NULL && (was_there || had_before))
		config = load_history(folder, UINT64_MAX, tried, 2, mark);
	if (config != NULL && was_there)
		log_warning("state: version %lu is served in the place of what cannot be read",
			mark->version);
	if (config == NULL)
		*mark = (struct state_mark){0};
	if (config == NULL && was_there)
		log_error(
			"state: nothing that was applied can be read: no service is served until an apply");
	return config;
}

struct config *state_load_before(
	const char *folder, const struct state_mark *loaded, struct state_mark *mark)
{
	char before[STATE_PATH_SIZE];
	const char *const tried[] = {before};
	struct config *config;

	if (folder[0] == '\0' || loaded->version == 0)
		return NULL;
	snprintf(before, sizeof(before), "%s/" STATE_BEFORE, folder);
	if (!is_there(before))
		return NULL;
	config = load_path(before, &state_whole, mark);
	if (config != NULL && mark->version < loaded->version)
		return config;
	config_free(config); // the one that was loaded is it, or a later one
	return load_history(folder, loaded->version, tried, 1, mark);
}

struct config *state_take_left(const char *folder)
{
	struct config *config = NULL;
	struct state_mark mark;
	char left[STATE_PATH_SIZE];

	if (folder[0] == '\0')
		return NULL;
	snprintf(left, sizeof(left), "%s/" STATE_LEFT, folder);
	if (!is_there(left))
		return NULL;
	config = load_path(left, &state_leaving, &mark);
	if (config == NULL)
		unlink(left);
	return config;
}
