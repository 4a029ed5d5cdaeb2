// SPDX-License-Identifier: BSD-3-Clause
#include <config/findings.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *compose(const struct findings *findings, struct place place, const char *sentence)
{
	char *text = NULL;
	int rc;

	if (findings->files == NULL)
		rc = asprintf(&text, "%s", sentence);
	else if (place.line == 0)
		rc = asprintf(&text, "%s: %s", findings->files[place.file], sentence);
	else
		rc = asprintf(&text, "%s:%u:%u: %s", findings->files[place.file], place.line,
			place.column, sentence);
	return rc < 0 ? NULL : text;
}

void findings_add(struct findings *findings, struct place place, const char *format, ...)
{
	char sentence[ERROR_SIZE];
	struct finding *list = findings->list;
	va_list args;
	char *text;

	if (findings->total++ >= FINDINGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (list == NULL)
		list = findings->list = calloc(FINDINGS_MAX, sizeof(*list));
	text = list == NULL ? NULL : compose(findings, place, sentence);
	if (text == NULL) {
		findings->out_of_memory = true;
		return;
	}
	list[findings->count] = (struct finding){place, findings->count, text};
	findings->count++;
}

#define PATH_SHOWN_MAX 100

const char *findings_line(
	const struct findings *findings, struct place place, const char *word, char *text)
{
	const char *path = findings->file_count > 1 ? findings->files[place.file] : "";
	size_t size = strlen(path);
	bool long_path = size > PATH_SHOWN_MAX;

	text[0] = '\0';
	if (place.line != 0 && size == 0)
		snprintf(text, FINDINGS_LINE_SIZE, " (%sline %u)", word, place.line);
	else if (place.line != 0)
		snprintf(text, FINDINGS_LINE_SIZE, " (%s%s%s:%u)", word, long_path ? "..." : "",
			long_path ? path + size - PATH_SHOWN_MAX : path, place.line);
	return text;
}

static int by_place(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;

	if (a->place.file != b->place.file)
		return a->place.file < b->place.file ? -1 : 1;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->ordinal < b->ordinal ? -1 : 1;
}

static void tell(const struct findings *findings, config_report_fn *report, void *context)
{
	char more[ERROR_SIZE];

	for (uint32_t i = 0; i < findings->count; i++)
		report(context, findings->list[i].text);
	if (findings->total == findings->count)
		return;
	snprintf(more, sizeof(more), "%s: %u more errors are not listed",
		findings->files != NULL && findings->file_count <= 1 ? findings->files[0]
								     : "configuration",
		findings->total - findings->count);
	report(context, more);
}

int findings_close(
	struct findings *findings, config_report_fn *report, void *context, struct error *err)
{
	int rc = findings->total > 0 ? -EINVAL : 0;

	if (findings->count > 0) {
		qsort(findings->list, findings->count, sizeof(*findings->list), by_place);
		error_set(err, EINVAL, "%s", findings->list[0].text);
		if (report != NULL)
			tell(findings, report, context);
	}
	if (findings->out_of_memory)
		rc = error_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < findings->count; i++)
		free(findings->list[i].text);
	free(findings->list);
	*findings = (struct findings){.files = findings->files, .file_count = findings->file_count};
	return rc;
}
