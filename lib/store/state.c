// SPDX-License-Identifier: BSD-3-Clause
#include <base/kept_file.h>
#include <base/log.h>
#include <store/state_private.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// What the later one leaves out stays as it was (schema.h), so each is asked for what it lacks.
static bool whole_equals(const struct config *config, const struct config *again)
{
	return config_diff(config, again, NULL, NULL) == 0 &&
	       config_diff(again, config, NULL, NULL) == 0;
}

static bool leaving_equals(const struct config *config, const struct config *again)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < config->backend_count; i++)
		count += config->backends[i].state == CONFIG_STATE_LEAVING;
	return again->backend_count == count;
}

const struct state_contents state_whole = {config_write, config_load_written, whole_equals};
const struct state_contents state_leaving = {
	config_write_leaving, config_load_leaving, leaving_equals};

static int state_write(FILE *file, const struct state_contents *contents,
	const struct config *config, const struct state_mark *mark)
{
	int rc;

	fprintf(file, STATE_MARK_FORMAT STATE_BOOT_FORMAT, mark->version, mark->applied.wall_s,
		mark->applied.boot, mark->applied.boot_s);
	rc = contents->write(config, file);
	if (rc == 0)
		fputs(STATE_END_MARK, file);
	return rc;
}

// Nothing takes the place of what can be read unless it can be read itself, and says the same.
static int state_read_back(const char *path, const struct state_contents *contents,
	const struct config *config, const struct state_mark *mark, struct error *err)
{
	struct state_mark again_mark;
	struct config *again;
	int rc = state_read(path, contents, &again_mark, &again, err);
	bool is_equal;

	if (rc == -ENOMEM)
		return rc;
	if (rc != 0)
		return error_prefix(err, EIO, "what was written cannot be read back");
	is_equal = again_mark.version == mark->version &&
		   again_mark.applied.wall_s == mark->applied.wall_s &&
		   contents->equals(config, again);
	config_free(again);
	if (!is_equal)
		return error_set(err, EIO, "%s: what was written is read back as another", path);
	return 0;
}

// A second name for what is there now. Not every file system has links: then there is none before.
static void state_keep_before(int folder)
{
	struct stat status;

	unlinkat(folder, STATE_LINK, 0);
	if (fstatat(folder, STATE_NOW, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISREG(status.st_mode) && linkat(folder, STATE_NOW, folder, STATE_LINK, 0) == 0 &&
		renameat(folder, STATE_LINK, folder, STATE_BEFORE) != 0)
		log_warning("state: " STATE_BEFORE ": %s", strerror(errno));
	unlinkat(folder, STATE_LINK, 0); // it stays where both were the same file already
}

static int state_replace(const char *folder, const char *name,
	const struct state_contents *contents, const struct config *config,
	const struct state_mark *mark, struct error *err)
{
	char path[STATE_PATH_SIZE];
	struct kept_file kept;
	int rc = kept_file_begin(&kept, folder, name, KEPT_OVER_CRASHES);
	int code;

	if (rc != 0)
		return error_set(err, -rc, "%s/%s: %s", folder, name, strerror(-rc));
	rc = state_write(kept.file, contents, config, mark);
	code = kept_file_seal(&kept);
	if (rc == 0)
		rc = code;
	if (rc != 0) {
		kept_file_abandon(&kept);
		return error_set(err, -rc, "%s/%s: %s", folder, name, strerror(-rc));
	}
	snprintf(path, sizeof(path), "%s/%s", folder, kept.fresh);
	rc = state_read_back(path, contents, config, mark, err);
	if (rc != 0) {
		kept_file_abandon(&kept);
		return rc;
	}
	if (contents == &state_whole)
		state_keep_before(kept.folder);
	rc = kept_file_commit(&kept);
	return rc == 0 ? 0 : error_set(err, -rc, "%s/%s: %s", folder, name, strerror(-rc));
}

int state_save(const char *folder, const struct config *config, uint64_t version,
	const struct clock_stamp *applied, struct error *err)
{
	const struct state_mark mark = {version, *applied};

	if (folder[0] == '\0')
		return 0;
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	return state_replace(folder, STATE_NOW, &state_whole, config, &mark, err);
}

int state_save_left(const char *folder, const struct config *config, struct error *err)
{
	const struct state_mark mark = {.version = 1};
	int rc = state_replace(folder, STATE_LEFT, &state_leaving, config, &mark, err);

	if (rc != 0)
		state_forget_left(folder);
	return rc;
}

void state_forget_left(const char *folder)
{
	char path[STATE_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/" STATE_LEFT, folder);
	unlink(path);
}
