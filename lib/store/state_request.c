// SPDX-License-Identifier: BSD-3-Clause
#include <base/clock.h>
#include <base/log.h>
#include <config/daemon.h>
#include <store/state_request.h>

#include <stdlib.h>
#include <string.h>

#define RETRY_NS (5 * CLOCK_NS_PER_S)

struct state_request {
	struct saver_request request;
	char folder[DAEMON_PATH_SIZE];
	struct config *config;
	struct state_mark mark;
	struct history_entry entry;
	char name[KEPT_FILE_NAME_SIZE];
	char *text;
	size_t size;
};

static void state_request_free(struct saver_request *base)
{
	struct state_request *request = (struct state_request *)base;

	config_free(request->config);
	free(request->text);
	free(request);
}

static struct state_request *state_request_new(
	const char *folder, int (*work)(struct saver_request *request, struct error *err))
{
	struct state_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->request.work = work;
	request->request.free = state_request_free;
	snprintf(request->folder, sizeof(request->folder), "%s", folder);
	return request;
}

static int state_request_write_config(struct saver_request *base, struct error *err)
{
	const struct state_request *request = (const struct state_request *)base;
	struct error history_err;
	int rc = state_save(request->folder, request->config, request->mark.version,
		&request->mark.applied, err);

	if (rc == 0 && history_keep(request->folder, &request->entry, &history_err) != 0)
		log_warning("state: %s: the history will lack version %lu", history_err.text,
			request->mark.version);
	return rc;
}

struct saver_request *state_request_config(const char *folder, struct config *config,
	const struct state_mark *mark, const struct history_entry *author)
{
	struct state_request *request =
		config != NULL ? state_request_new(folder, state_request_write_config) : NULL;

	if (request == NULL) {
		config_free(config);
		return NULL;
	}
	request->request.tag = mark->version;
	request->request.retry_ns = RETRY_NS;
	request->config = config;
	request->mark = *mark;
	request->entry = *author;
	request->entry.version = mark->version;
	request->entry.applied_s = mark->applied.wall_s;
	return &request->request;
}

static int state_request_write_removed(struct saver_request *base, struct error *err)
{
	const struct state_request *request = (const struct state_request *)base;

	if (request->config != NULL)
		return state_save_left(request->folder, request->config, err);
	state_forget_left(request->folder);
	return 0;
}

struct saver_request *state_request_removed(const char *folder, struct config *config)
{
	struct state_request *request = state_request_new(folder, state_request_write_removed);

	if (request == NULL) {
		config_free(config);
		return NULL;
	}
	request->config = config;
	return &request->request;
}

static int state_request_write_text(struct saver_request *base, struct error *err)
{
	const struct state_request *request = (const struct state_request *)base;
	struct kept_file kept;
	int rc = kept_file_begin(&kept, request->folder, request->name, KEPT_OVER_CRASHES);

	if (rc == 0) {
		fwrite(request->text, 1, request->size, kept.file);
		rc = kept_file_commit(&kept);
	}
	return rc == 0 ? 0
		       : error_set(err, -rc, "%s/%s: %s", request->folder, request->name,
				 strerror(-rc));
}

struct saver_request *state_request_text(
	const char *folder, const char *name, char *text, size_t size)
{
	struct state_request *request = state_request_new(folder, state_request_write_text);

	if (request == NULL) {
		free(text);
		return NULL;
	}
	snprintf(request->name, sizeof(request->name), "%s", name);
	request->text = text;
	request->size = size;
	return &request->request;
}
