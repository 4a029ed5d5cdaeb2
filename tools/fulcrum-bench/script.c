// SPDX-License-Identifier: BSD-3-Clause
#include "script.h"

#include <base/parse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 5

enum argument { ARGUMENT_NONE, ARGUMENT_NAME, ARGUMENT_NUMBER, ARGUMENT_PERCENT, ARGUMENT_SECONDS };

// The words of an event, then what follows them.
static const struct grammar {
	const char *object, *verb;
	enum argument arguments[2];
	uint32_t required;
	enum script_verb event;
} grammar[] = {
	{"backend", "add", {ARGUMENT_NAME, ARGUMENT_NUMBER}, 1, SCRIPT_BACKEND_ADD},
	{"backend", "remove", {ARGUMENT_NAME}, 1, SCRIPT_BACKEND_REMOVE},
	{"backend", "weight", {ARGUMENT_NAME, ARGUMENT_NUMBER}, 2, SCRIPT_BACKEND_WEIGHT},
	{"backend", "drain", {ARGUMENT_NAME}, 1, SCRIPT_BACKEND_DRAIN},
	{"backend", "undrain", {ARGUMENT_NAME}, 1, SCRIPT_BACKEND_UNDRAIN},
	{"backend", "disable", {ARGUMENT_NAME}, 1, SCRIPT_BACKEND_DISABLE},
	{"backend", "down", {ARGUMENT_NAME}, 1, SCRIPT_BACKEND_DOWN},
	{"backend", "up", {ARGUMENT_NAME}, 1, SCRIPT_BACKEND_UP},
	{"probes", "fail", {ARGUMENT_NAME}, 1, SCRIPT_PROBES_FAIL},
	{"probes", "pass", {ARGUMENT_NAME}, 1, SCRIPT_PROBES_PASS},
	{"zones", NULL, {ARGUMENT_NAME}, 1, SCRIPT_ZONES},
	{"zone", "down", {ARGUMENT_NAME}, 1, SCRIPT_ZONE_DOWN},
	{"zone", "up", {ARGUMENT_NAME}, 1, SCRIPT_ZONE_UP},
	{"prefer", NULL, {ARGUMENT_NAME, ARGUMENT_PERCENT}, 1, SCRIPT_PREFER},
	{"slow_start", NULL, {ARGUMENT_SECONDS}, 1, SCRIPT_SLOW_START},
	{"balancer", "add", {ARGUMENT_NONE}, 0, SCRIPT_BALANCER_ADD},
	{"balancer", "lose", {ARGUMENT_NUMBER}, 1, SCRIPT_BALANCER_LOSE},
	{"balancer", "restart", {ARGUMENT_NUMBER}, 1, SCRIPT_BALANCER_RESTART},
	{"flows", "renew", {ARGUMENT_PERCENT}, 1, SCRIPT_FLOWS_RENEW},
	{"flows", "add", {ARGUMENT_NUMBER}, 1, SCRIPT_FLOWS_ADD},
	{"wait", NULL, {ARGUMENT_SECONDS}, 1, SCRIPT_WAIT},
	{"expect", "none", {ARGUMENT_NONE}, 0, SCRIPT_EXPECT_NONE},
	{"expect", "own", {ARGUMENT_NONE}, 0, SCRIPT_EXPECT_OWN},
	{"expect", "share", {ARGUMENT_PERCENT}, 1, SCRIPT_EXPECT_SHARE},
};

static const struct grammar *find_grammar(char *const *words, uint32_t count)
{
	for (size_t i = 0; i < sizeof(grammar) / sizeof(grammar[0]); i++) {
		const struct grammar *g = &grammar[i];

		if (strcmp(g->object, words[0]) == 0 &&
			(g->verb == NULL || (count > 1 && strcmp(g->verb, words[1]) == 0)))
			return g;
	}
	return NULL;
}

static int parse_percent(const char *word, double *out)
{
	char *end;

	*out = strtod(word, &end);
	return end != word && strcmp(end, "%") == 0 && *out >= 0 && *out <= 100 ? 0 : -EINVAL;
}

static int parse_argument(enum argument kind, const char *word, struct script_event *event)
{
	uint64_t value = 0;
	int rc = 0;

	if (kind == ARGUMENT_PERCENT)
		return parse_percent(word, &event->percent);
	if (kind == ARGUMENT_NAME) {
		if (strlen(word) >= sizeof(event->name))
			return -EINVAL;
		strcpy(event->name, word);
		return 0;
	}
	if (kind == ARGUMENT_NUMBER)
		rc = parse_u64(word, &value);
	else if (kind == ARGUMENT_SECONDS && (rc = parse_duration_ms(word, &value)) == 0)
		value /= 1000;
	event->number = (uint32_t)value;
	return kind != ARGUMENT_NONE && rc == 0 && value <= UINT32_MAX ? 0 : -EINVAL;
}

static int parse_event(char *const *words, uint32_t count, struct script_event *event)
{
	const struct grammar *g = find_grammar(words, count);
	uint32_t first = g == NULL || g->verb == NULL ? 1 : 2;

	if (g == NULL || count < first + g->required || count > first + 2)
		return -EINVAL;
	event->verb = g->event;
	event->number =
		event->verb == SCRIPT_BACKEND_ADD ? 100 : 0; // the weight unless it is named
	for (uint32_t i = first; i < count; i++)
		if (parse_argument(g->arguments[i - first], words[i], event) != 0)
			return -EINVAL;
	return 0;
}

static uint32_t split(char *text, char *words[WORDS_MAX])
{
	uint32_t count = 0;
	char *rest = NULL;

	for (char *word = strtok_r(text, " \t\r", &rest); word != NULL && count < WORDS_MAX;
		word = strtok_r(NULL, " \t\r", &rest))
		words[count++] = word;
	return count;
}

static int append(struct script *script, const struct script_event *event)
{
	struct script_event *grown = realloc(script->events, (script->count + 1) * sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	grown[script->count++] = *event;
	script->events = grown;
	return 0;
}

// Takes the line to pieces in place.
static int parse_line(
	struct script *script, const char *name, uint32_t line, char *text, struct error *err)
{
	char *rest = NULL, *words[WORDS_MAX];

	text[strcspn(text, "#")] = '\0';
	for (char *part = strtok_r(text, ";", &rest); part != NULL;
		part = strtok_r(NULL, ";", &rest)) {
		struct script_event event = {.line = line};
		char said[80];
		uint32_t count;

		snprintf(said, sizeof(said), "%s", part + strspn(part, " \t"));
		count = split(part, words);
		if (count == 0)
			continue;
		if (parse_event(words, count, &event) != 0)
			return error_set(err, EINVAL, "%s:%u: '%s' is no event", name, line, said);
		if (append(script, &event) != 0)
			return error_set(err, ENOMEM, "no memory for the script");
	}
	return 0;
}

int script_parse(const char *name, const char *text, struct script *out, struct error *err)
{
	char *copy = strdup(text), *rest = copy, *line;
	int rc = 0;

	*out = (struct script){.text = strdup(text)};
	if (copy == NULL || out->text == NULL)
		rc = error_set(err, ENOMEM, "no memory for the script");
	for (uint32_t number = 1; rc == 0 && (line = strsep(&rest, "\n")) != NULL; number++)
		rc = parse_line(out, name, number, line, err);
	free(copy);
	if (rc != 0)
		script_free(out);
	return rc;
}

int script_load(const char *path, struct script *out, struct error *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *text = NULL;
	size_t capacity = 0;
	ssize_t size;
	int rc;

	if (file == NULL)
		return error_set(err, EIO, "%s: %s", path, strerror(errno));
	size = getdelim(&text, &capacity, '\0', file);
	if (size < 0 && ferror(file))
		rc = error_set(err, EIO, "%s: %s", path, strerror(errno));
	else
		rc = script_parse(path, size < 0 ? "" : text, out, err);
	free(text);
	if (file != stdin)
		fclose(file);
	return rc;
}

void script_free(struct script *script)
{
	free(script->events);
	free(script->text);
	*script = (struct script){0};
}
