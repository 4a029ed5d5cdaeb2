// SPDX-License-Identifier: BSD-3-Clause
#include "load.h"

#include "ctl.h"

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
	struct load_report *report = context;
	bool colours = ctl_colours(STDERR_FILENO);

	report->count++;
	fprintf(stderr, "%s%s%s\n", colours ? "\033[1m" : "", sentence, colours ? "\033[0m" : "");
	if (!is_stdin(report->path))
		load_print_excerpt(report->path, sentence);
}

// All of standard input; a byte more than a file may have is enough to have it refused. NULL without memory.
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

static int load_stdin(struct load_report *report, struct config **out, struct error *err)
{
	size_t size;
	char *text = read_stdin(&size);
	int code;

	if (text == NULL)
		return error_set(err, ENOMEM, "out of memory");
	if (ferror(stdin))
		code = error_set(err, EIO, "standard input cannot be read");
	else
		code = config_load_text("-", text, size, out, load_print_sentence, report, err);
	explicit_bzero(text, size); // it holds the hash key
	free(text);
	return code;
}

int load_file(const char *path, struct config **out)
{
	struct load_report report = {.path = path};
	struct error err = {{0}};
	int code = is_stdin(path) ? load_stdin(&report, out, &err)
				  : config_load_file(path, out, load_print_sentence, &report, &err);

	if (code == 0)
		return CTL_OK;
	if (report.count == 0)
		return ctl_fail(code == -ENOMEM ? CTL_FAILED : CTL_BAD_INPUT, "%s", err.text);
	return CTL_BAD_INPUT;
}

void load_note_key(const char *path, const struct config *config)
{
	if (!config->hash_key_set)
		fprintf(stderr,
			"%s: note: no hash_key: the built-in key serves, which is no secret (128 random bits "
			"in hex: openssl rand -hex 16)\n",
			path);
}
