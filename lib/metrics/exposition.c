// SPDX-License-Identifier: BSD-3-Clause
#include <metrics/exposition.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void put_bytes(struct exposition *e, const char *bytes, size_t size)
{
	if (size > e->room - e->size) {
		e->is_cut = true;
		return;
	}
	memcpy(e->text + e->size, bytes, size);
	e->size += size;
}

static void put(struct exposition *e, const char *text)
{
	put_bytes(e, text, strlen(text));
}

static void put_number(struct exposition *e, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	put_bytes(e, digits + at, sizeof(digits) - at);
}

// OpenMetrics 1.0, "Escaping": a backslash, a quote and the end of a line.
static void put_escaped(struct exposition *e, const char *text)
{
	for (;;) {
		size_t plain = strcspn(text, "\\\"\n");

		put_bytes(e, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		put(e, *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "\\\\");
		text++;
	}
}

// --- The format ---

// True for a range of "Accept" such as "application/openmetrics-text;version=1.0.0;q=0.5" that is
// not refused.
static bool asks_for_openmetrics(const char *range, size_t size)
{
	static const char type[] = "application/openmetrics-text";
	const char *q;

	while (size > 0 && (*range == ' ' || *range == '\t')) {
		range++;
		size--;
	}
	if (size < sizeof(type) - 1 || strncasecmp(range, type, sizeof(type) - 1) != 0)
		return false;
	if (size > sizeof(type) - 1 && strchr("; \t", range[sizeof(type) - 1]) == NULL)
		return false;
	q = memmem(range, size, "q=", 2);
	return q == NULL || strtod(q + 2, NULL) > 0;
}

enum exposition_format exposition_negotiate(const char *accept)
{
	while (accept != NULL && *accept != '\0') {
		size_t size = strcspn(accept, ",");

		if (asks_for_openmetrics(accept, size))
			return EXPOSITION_OPENMETRICS;
		accept += size + (accept[size] == ',');
	}
	return EXPOSITION_PROMETHEUS;
}

const char *exposition_content_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

// --- Families and samples ---

static const char *suffix_of(enum metrics_type type)
{
	return type == METRICS_COUNTER ? "_total" : type == METRICS_INFO ? "_info" : "";
}

// The older format knows no info, and names a family as its samples are named.
static void put_descriptor(struct exposition *e, const char *what, const char *text)
{
	put(e, "# ");
	put(e, what);
	put(e, " ");
	put(e, e->family->name);
	if (e->format == EXPOSITION_PROMETHEUS)
		put(e, suffix_of(e->family->type));
	put(e, " ");
	put(e, text);
	put(e, "\n");
}

void exposition_begin(struct exposition *e, enum metrics_id id)
{
	exposition_begin_family(e, &metrics_families[id]);
}

void exposition_begin_family(struct exposition *e, const struct metrics_family *family)
{
	bool is_older = e->format == EXPOSITION_PROMETHEUS;

	e->family = family;
	put_descriptor(e, "TYPE",
		is_older && e->family->type == METRICS_INFO ? "gauge"
							    : metrics_type_name(e->family->type));
	if (!is_older && e->family->unit[0] != '\0')
		put_descriptor(e, "UNIT", e->family->unit);
	put_descriptor(e, "HELP", e->family->help);
}

void exposition_sample(struct exposition *e, const char *suffix)
{
	put(e, e->family->name);
	put(e, suffix_of(e->family->type));
	put(e, suffix);
	e->labels = 0;
}

void exposition_label(struct exposition *e, const char *name, const char *value)
{
	put(e, e->labels++ == 0 ? "{" : ",");
	put(e, name);
	put(e, "=\"");
	put_escaped(e, value);
	put(e, "\"");
}

static void begin_value(struct exposition *e)
{
	put(e, e->labels > 0 ? "} " : " ");
}

void exposition_number(struct exposition *e, uint64_t value)
{
	begin_value(e);
	put_number(e, value);
	put(e, "\n");
}

void exposition_signed(struct exposition *e, int64_t value)
{
	begin_value(e);
	if (value < 0)
		put(e, "-");
	put_number(e, value < 0 ? -(uint64_t)value : (uint64_t)value);
	put(e, "\n");
}

void exposition_micro(struct exposition *e, uint64_t millionths)
{
	char fraction[] = ".000000";

	begin_value(e);
	put_number(e, millionths / 1000000);
	millionths %= 1000000;
	for (size_t at = sizeof(fraction) - 2; at > 0; at--, millionths /= 10)
		fraction[at] = (char)('0' + millionths % 10);
	put(e, fraction);
	put(e, "\n");
}

void exposition_end(struct exposition *e)
{
	if (e->format == EXPOSITION_OPENMETRICS)
		put(e, "# EOF\n");
}
