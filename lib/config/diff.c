// SPDX-License-Identifier: BSD-3-Clause
#include <config/config.h>
#include <config/schema.h>
#include <config/value.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDENTITY_SIZE (2 * CONFIG_NAME_SIZE)
#define LINE_SIZE     1024
#define TEXT_SHOWN    72 // of a text that may have line ends

// One kind of record on one side.
struct side {
	const void *records;
	uint32_t count;
};

struct diff {
	const struct schema *schema;
	struct side old;
	struct side new;
	uint32_t *
		order; // of the old records by identity, once one is not where it is looked for first
	bool is_ordered;
	uint32_t next; // where that is
	uint32_t changes;
	config_report_fn *report;
	void *context;
};

static void tell(struct diff *diff, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct diff *diff, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list args;

	diff->changes++;
	if (diff->report == NULL)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	diff->report(diff->context, line);
}

static const uint8_t *record_at(const struct diff *diff, const struct side *side, uint32_t index)
{
	return (const uint8_t *)side->records + (size_t)index * diff->schema->size;
}

// --- Which record of the other side is the same one ---

// By name, and by where it stands.
static bool is_identity(const struct schema_key *key)
{
	return key->inherited || strcmp(key->name, "name") == 0;
}

static int compare_identity(const struct diff *diff, const uint8_t *a, const uint8_t *b)
{
	int order = 0;

	for (const struct schema_key *key = diff->schema->keys; key->name != NULL && order == 0;
		key++) {
		if (is_identity(key))
			order = strcmp(
				(const char *)a + key->offset, (const char *)b + key->offset);
	}
	return order;
}

static int by_identity(const void *left, const void *right, void *context)
{
	const struct diff *diff = context;

	return compare_identity(diff, record_at(diff, &diff->old, *(const uint32_t *)left),
		record_at(diff, &diff->old, *(const uint32_t *)right));
}

static uint32_t search(const struct diff *diff, const uint8_t *record)
{
	uint32_t low = 0, high = diff->old.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, at = diff->order[middle];
		int direction = compare_identity(diff, record, record_at(diff, &diff->old, at));

		if (direction == 0)
			return at;
		if (direction > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}

// The old record's index, or UINT32_MAX. Most of them stand in the old order: the one behind the
// last is tried first.
static uint32_t find_old(struct diff *diff, const uint8_t *record)
{
	uint32_t found = diff->next;

	if (found >= diff->old.count ||
		compare_identity(diff, record, record_at(diff, &diff->old, found)) != 0) {
		if (!diff->is_ordered)
			qsort_r(diff->order, diff->old.count, sizeof(*diff->order), by_identity,
				diff);
		diff->is_ordered = true;
		found = search(diff, record);
	}
	if (found != UINT32_MAX)
		diff->next = found + 1;
	return found;
}

// "web", or "web/a1".
static const char *identity(const struct schema *schema, const uint8_t *record, char *text)
{
	const char *outer = NULL, *name = "";

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (key->inherited)
			outer = (const char *)record + key->offset;
		else if (is_identity(key))
			name = (const char *)record + key->offset;
	}
	snprintf(text, IDENTITY_SIZE, "%s%s%s", outer != NULL ? outer : "",
		outer != NULL ? "/" : "", name);
	return text;
}

// --- What differs in it ---

static const char *value_text(const struct schema_key *key, const uint8_t *record, char *text)
{
	if (!value_is_absent(key, record) && key->type == SCHEMA_STRING)
		return value_quote((const char *)record + key->offset, text, TEXT_SHOWN);
	if (!value_is_absent(key, record))
		return value_format(key, record, text, VALUE_TEXT_SIZE);
	return key->sticky != NULL ? key->sticky : "none";
}

// Ports go by the key that a file would have.
static const char *compare_name(
	const struct schema_key *key, const uint8_t *old, const uint8_t *new)
{
	bool is_port = key->type == SCHEMA_PORTS && value_is_one_port(key, old) &&
		       value_is_one_port(key, new);

	return is_port ? "port" : key->name;
}

static void compare_value(struct diff *diff, const struct schema_key *key, const char *path,
	const uint8_t *old, const uint8_t *new, const char *name)
{
	char from[VALUE_TEXT_SIZE], to[VALUE_TEXT_SIZE];
	const char *before, *after;

	// Both keys of ports stand for the same field.
	if (key->type == SCHEMA_RECORDS || key->type == SCHEMA_PORT || is_identity(key) ||
		(memcmp(old + key->offset, new + key->offset, value_size(key)) == 0 &&
			value_count(key, old) == value_count(key, new)))
		return;
	if (key->sticky != NULL && value_is_absent(key, new))
		return;
	before = value_text(key, old, from);
	after = value_text(key, new, to);
	if (strcmp(before, after) == 0 && key->type == SCHEMA_STRING)
		tell(diff, "%s %s: %s%s changed behind %s", diff->schema->kind, name, path,
			key->name, before);
	else if (strcmp(before, after) != 0)
		tell(diff, "%s %s: %s%s %s -> %s", diff->schema->kind, name, path,
			compare_name(key, old, new), before, after);
}

static void compare_keys(struct diff *diff, const struct schema *schema, const char *path,
	const uint8_t *old, const uint8_t *new, const char *name)
{
	char inner[CONFIG_NAME_SIZE];

	for (const struct schema_key *key = schema->keys; key->name != NULL; key++) {
		if (key->type != SCHEMA_MAPPING) {
			compare_value(diff, key, path, old, new, name);
			continue;
		}
		snprintf(inner, sizeof(inner), "%s ", key->name);
		compare_keys(diff, key->child, inner, old + key->offset, new + key->offset, name);
	}
}

static void compare_record(
	struct diff *diff, const uint8_t *old, const uint8_t *new, const char *name)
{
	if (memcmp(old, new, diff->schema->size) != 0)
		compare_keys(diff, diff->schema, "", old, new, name);
}

static void walk(struct diff *diff, bool *kept)
{
	char name[IDENTITY_SIZE];

	for (uint32_t i = 0; i < diff->new.count; i++) {
		const uint8_t *record = record_at(diff, &diff->new, i);
		uint32_t found = find_old(diff, record);

		identity(diff->schema, record, name);
		if (found == UINT32_MAX) {
			tell(diff, "%s %s: added", diff->schema->kind, name);
			continue;
		}
		kept[found] = true;
		compare_record(diff, record_at(diff, &diff->old, found), record, name);
	}
	for (uint32_t i = 0; i < diff->old.count; i++) {
		if (!kept[i])
			tell(diff, "%s %s: removed", diff->schema->kind,
				identity(diff->schema, record_at(diff, &diff->old, i), name));
	}
}

static void compare_records(
	struct diff *diff, const struct schema *schema, struct side old, struct side new)
{
	uint32_t *order = calloc((size_t)old.count + 1, sizeof(*order));
	bool *kept = calloc((size_t)old.count + 1, sizeof(*kept));

	diff->schema = schema;
	diff->old = old;
	diff->new = new;
	diff->order = order;
	diff->is_ordered = false;
	diff->next = 0;
	if (order != NULL && kept != NULL) {
		for (uint32_t i = 0; i < old.count; i++)
			order[i] = i;
		walk(diff, kept);
	} else {
		tell(diff, "%s: out of memory to compare them", schema->kind);
	}
	free(order);
	free(kept);
}

uint32_t config_diff(
	const struct config *old, const struct config *new, config_report_fn *report, void *context)
{
	struct diff diff = {.report = report, .context = context};

	if (old->hash_key_set != new->hash_key_set ||
		memcmp(old->hash_key, new->hash_key, sizeof(old->hash_key)) != 0)
		tell(&diff, "hash_key: changed");
	compare_records(&diff, &schema_service, (struct side){old->services, old->service_count},
		(struct side){new->services, new->service_count});
	compare_records(&diff, &schema_pool, (struct side){old->pools, old->pool_count},
		(struct side){new->pools, new->pool_count});
	compare_records(&diff, &schema_backend, (struct side){old->backends, old->backend_count},
		(struct side){new->backends, new->backend_count});
	return diff.changes;
}
