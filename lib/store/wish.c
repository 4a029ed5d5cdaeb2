// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <config/daemon.h>
#include <store/wish.h>

#include <stdlib.h>
#include <string.h>

#define RETRY_NS (5 * CLOCK_NS_PER_S)

struct wish {
	struct saver_wish wish;
	char folder[DAEMON_PATH_SIZE];
	struct config *config;
	struct state_mark mark;
	struct history_entry entry;
	char name[KEPT_FILE_NAME_SIZE];
	char *text;
	size_t size;
};

static void wish_free(struct saver_wish *base)
{
	struct wish *wish = (struct wish *)base;

	config_free(wish->config);
	free(wish->text);
	free(wish);
}

static struct wish *wish_new(
	const char *folder, int (*work)(struct saver_wish *wish, struct error *err))
{
	struct wish *wish = calloc(1, sizeof(*wish));

	if (wish == NULL)
		return NULL;
	wish->wish.work = work;
	wish->wish.free = wish_free;
	snprintf(wish->folder, sizeof(wish->folder), "%s", folder);
	return wish;
}

static int wish_write_config(struct saver_wish *base, struct error *err)
{
	const struct wish *wish = (const struct wish *)base;
	struct error history_err;
	int rc = state_save(
		wish->folder, wish->config, wish->mark.version, &wish->mark.applied, err);

	if (rc == 0 && history_keep(wish->folder, &wish->entry, &history_err) != 0)
		log_warning("state: %s: the history will lack version %lu", history_err.text,
			wish->mark.version);
	return rc;
}

struct saver_wish *wish_config(const char *folder, struct config *config,
	const struct state_mark *mark, const struct history_entry *author)
{
	struct wish *wish = config != NULL ? wish_new(folder, wish_write_config) : NULL;

	if (wish == NULL) {
		config_free(config);
		return NULL;
	}
	wish->wish.tag = mark->version;
	wish->wish.retry_ns = RETRY_NS;
	wish->config = config;
	wish->mark = *mark;
	wish->entry = *author;
	wish->entry.version = mark->version;
	wish->entry.applied_s = mark->applied.wall_s;
	return &wish->wish;
}

static int wish_write_left(struct saver_wish *base, struct error *err)
{
	const struct wish *wish = (const struct wish *)base;

	if (wish->config != NULL)
		return state_save_left(wish->folder, wish->config, err);
	state_forget_left(wish->folder);
	return 0;
}

struct saver_wish *wish_left(const char *folder, struct config *config)
{
	struct wish *wish = wish_new(folder, wish_write_left);

	if (wish == NULL) {
		config_free(config);
		return NULL;
	}
	wish->config = config;
	return &wish->wish;
}

static int wish_write_text(struct saver_wish *base, struct error *err)
{
	const struct wish *wish = (const struct wish *)base;
	struct kept_file kept;
	int rc = kept_file_begin(&kept, wish->folder, wish->name, KEPT_OVER_CRASHES);

	if (rc == 0) {
		fwrite(wish->text, 1, wish->size, kept.file);
		rc = kept_file_commit(&kept);
	}
	return rc == 0 ? 0
		       : error_set(err, -rc, "%s/%s: %s", wish->folder, wish->name, strerror(-rc));
}

struct saver_wish *wish_text(const char *folder, const char *name, char *text, size_t size)
{
	struct wish *wish = wish_new(folder, wish_write_text);

	if (wish == NULL) {
		free(text);
		return NULL;
	}
	snprintf(wish->name, sizeof(wish->name), "%s", name);
	wish->text = text;
	wish->size = size;
	return &wish->wish;
}
