// SPDX-License-Identifier: BSD-3-Clause
#include "load.h"

#include "ctl.h"

#include <base/printable.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

void load_print_sentence(void *context, const char *sentence)
{
	char text[2048];
	struct load_report *report = context;
	bool colours = ctl_colours(STDERR_FILENO);

	report->count++;
	snprintf(text, sizeof(text), "%s", sentence);
	fprintf(stderr, "%s%s%s\n", colours ? "\033[1m" : "", printable_make(text),
		colours ? "\033[0m" : "");
	for (uint32_t i = 0; i < report->path_count; i++) {
		if (!is_stdin(report->paths[i]) && load_print_excerpt(report->paths[i], sentence))
			return;
	}
}

// All of standard input; a byte more than a file may have is enough to have it refused. NULL
// without memory.
static char *read_stdin(size_t *size)
{
	size_t room = 1u << 16;
	char *text = malloc(room), *more;

	*size = 0;
	while (text != NULL && *size <= CONFIG_TEXT_MAX) {
		size_t got = fread(text + *size, 1, room - *size, stdin);

		*size += got;
		if (got == 0)
			return text;
		if (*size < room)
			continue;
		more = realloc(text, room * 2);
		if (more == NULL)
			break;
		text = more;
		room *= 2;
	}
	if (text != NULL && *size > CONFIG_TEXT_MAX)
		return text;
	free(text);
	return NULL;
}

// Gives standard input's source its text, which the caller wipes and frees.
static int load_stdin(struct config_source *source, char **text, size_t *size)
{
	*text = read_stdin(size);
	if (*text == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	if (ferror(stdin))
		return ctl_fail(CTL_BAD_INPUT, "standard input cannot be read");
	source->text = *text;
	source->size = *size;
	return CTL_OK;
}

static int load_sources(
	const struct config_source *sources, struct load_report *report, struct config **out)
{
	struct error err = {{0}};
	int code = config_load(sources, report->path_count, out, load_print_sentence, report, &err);

	if (code == 0)
		return CTL_OK;
	if (report->count == 0)
		return ctl_fail(code == -ENOMEM ? CTL_FAILED : CTL_BAD_INPUT, "%s", err.text);
	return CTL_BAD_INPUT;
}

static int load_paths(char **paths, uint32_t count, struct config **out)
{
	struct load_report report = {.paths = (const char *const *)paths, .path_count = count};
	struct config_source *sources = calloc(count, sizeof(*sources));
	char *text = NULL; // standard input's
	size_t size = 0;
	int status = sources == NULL ? ctl_fail(CTL_FAILED, "out of memory") : CTL_OK;

	for (uint32_t i = 0; i < count && status == CTL_OK; i++) {
		sources[i].name = paths[i];
		if (is_stdin(paths[i]))
			status = load_stdin(&sources[i], &text, &size);
	}
	if (status == CTL_OK)
		status = load_sources(sources, &report, out);
	if (text != NULL)
		explicit_bzero(text, size); // it may hold the hash key
	free(text);
	free(sources);
	return status;
}

int load_files(const struct load_files *files, struct config **out)
{
	char **paths;
	uint32_t count;
	int status = load_find_paths(files, &paths, &count);

	if (status != CTL_OK)
		return status;
	status = load_paths(paths, count, out);
	config_free_paths(paths, count);
	return status;
}

static uint32_t count_weighted(const struct config *config, const struct config_pool *pool)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < pool->backend_count; i++)
		count += config->backends[pool->first_backend + i].weight > 0;
	return count;
}

static void note_quorum(const char *title, const struct config *config, uint32_t service)
{
	const struct config_service *wants = &config->services[service];
	const struct config_pool *pool = &config->pools[wants->pool_index];
	uint32_t able = count_weighted(config, pool);
	uint16_t quorum = config_quorum(&wants->announce, false);

	if (wants->announce.mode != CONFIG_ANNOUNCE_NONE && quorum > able)
		printable_line(stderr,
			"%s: note: service '%s' is announced when %u of its backends serve, and pool '%s' has %u",
			title, wants->name, quorum, pool->name, able);
}

// Nobody takes a new flow then, and no probe fails.
static void note_weights(const char *title, const struct config *config, uint32_t pool)
{
	if (config->pools[pool].backend_count > 0 &&
		count_weighted(config, &config->pools[pool]) == 0)
		printable_line(stderr,
			"%s: note: pool '%s': every backend has weight 0: none of them takes a new flow",
			title, config->pools[pool].name);
}

void load_note(const struct load_files *files, const struct config *config)
{
	if (!config->hash_key_set)
		printable_line(stderr,
			"%s: note: no hash_key: the built-in key serves, which is no secret (128 random bits "
			"in hex: openssl rand -hex 16)",
			files->title);
	for (uint32_t i = 0; i < config->service_count; i++)
		note_quorum(files->title, config, i);
	for (uint32_t i = 0; i < config->pool_count; i++)
		note_weights(files->title, config, i);
}
