// SPDX-License-Identifier: BSD-3-Clause
#include <config/decode.h>
#include <config/value.h>

#include <stdio.h>
#include <string.h>

#define KEYS_MAX      32
#define QUOTE_SIZE    72
#define MISMATCH_SIZE (VALUE_TEXT_SIZE + 64)

// One mapping: the record's own, or one inside of it.
struct level {
	const struct schema *schema;
	uint32_t node;
	const char *path; // "health: " or ""
	uint8_t *record;
	uint32_t seen[KEYS_MAX]; // by the key's index: its key node, or 0
};

const char *decode_subject(const struct decode *d, char *text, size_t size)
{
	uint32_t name = tree_find(d->tree, d->node, "name");
	const struct tree_node *node = name == 0 ? NULL : tree_node(d->tree, name);
	const char *outer = d->outer != NULL ? d->outer : "";
	const char *colon = d->outer != NULL ? ": " : "";
	char quoted[QUOTE_SIZE];

	if (d->ordinal == 0)
		snprintf(text, size, "%s%s", outer, colon);
	else if (node == NULL || node->kind != TREE_SCALAR || node->absent)
		snprintf(text, size, "%s%s%s %u: ", outer, colon, d->schema->kind, d->ordinal);
	else
		snprintf(text, size, "%s%s%s %s: ", outer, colon, d->schema->kind,
			value_quote(tree_text(d->tree, node), quoted, sizeof(quoted)));
	return text;
}

#define FAULT(d, level, where, format, ...)                                              \
	do {                                                                             \
		char subject_[DECODE_SUBJECT_SIZE];                                      \
		findings_add((d)->findings, tree_place((d)->tree, where), "%s%s" format, \
			decode_subject(d, subject_, sizeof(subject_)), (level)->path,    \
			__VA_ARGS__);                                                    \
	} while (0)

// "must be a list, not text", "is empty: it must be a list".
static const char *mismatch(
	const struct tree_node *node, const char *expects, char *text, size_t size)
{
	static const char *const names[] = {"text", "a list", "a mapping (key: value)"};

	if (node->absent)
		snprintf(text, size, "is empty: it must be %s", expects);
	else
		snprintf(text, size, "must be %s, not %s", expects, names[node->kind]);
	return text;
}

static bool decode_scalar(struct decode *d, const struct level *level, const struct schema_key *key,
	uint32_t node, void *record)
{
	const struct tree_node *value = tree_node(d->tree, node);
	char expects[VALUE_TEXT_SIZE], text[MISMATCH_SIZE];
	struct error err;

	if (value->kind != TREE_SCALAR || value->absent) {
		value_expects(key, expects, sizeof(expects));
		FAULT(d, level, node, "%s %s", key->name,
			mismatch(value, expects, text, sizeof(text)));
		return false;
	}
	if (value_parse(key, tree_text(d->tree, value), record, &err) == 0)
		return true;
	FAULT(d, level, node, "%s", err.text);
	return false;
}

// What stands without brackets is the only element of its list.
static bool decode_lone(
	struct decode *d, const struct level *level, const struct schema_key *key, uint32_t node)
{
	struct schema_key element = value_element(key, 0);
	const uint32_t count = 1;

	memcpy(level->record + key->count, &count, sizeof(count));
	return decode_scalar(d, level, &element, node, level->record);
}

// A list of scalars into an array; each element is parsed as if it were the only one.
static bool decode_list(
	struct decode *d, const struct level *level, const struct schema_key *key, uint32_t node)
{
	const struct tree_node *list = tree_node(d->tree, node);
	bool needs_entry = key->required || key->type == SCHEMA_PORTS;
	uint32_t index = 0;
	char text[MISMATCH_SIZE];
	bool good = true;

	if (key->lone && (list->kind != TREE_LIST || key->list_max == 1))
		return decode_lone(d, level, key, node);
	if (list->kind != TREE_LIST) {
		FAULT(d, level, node, "%s %s", key->name,
			mismatch(list, "a list", text, sizeof(text)));
		return false;
	}
	if (list->size > key->list_max || (list->size == 0 && needs_entry)) {
		FAULT(d, level, node, "%s must have %u to %u entries, not %u", key->name,
			needs_entry ? 1 : 0, key->list_max, list->size);
		return false;
	}
	for (uint32_t entry = tree_first(d->tree, node); entry != 0;
		entry = tree_next(d->tree, entry)) {
		struct schema_key element = value_element(key, index++);

		good &= decode_scalar(d, level, &element, entry, level->record);
	}
	memcpy(level->record + key->count, &list->size, sizeof(list->size));
	return good;
}

static bool decode_mapping(struct decode *d, struct level *level);

static bool decode_value(
	struct decode *d, const struct level *level, const struct schema_key *key, uint32_t node)
{
	const struct tree_node *value = tree_node(d->tree, node);
	struct level inner = {key->child, node, "", level->record + key->offset, {0}};
	char path[QUOTE_SIZE], expects[VALUE_TEXT_SIZE], text[MISMATCH_SIZE];

	if (key->type == SCHEMA_MAPPING && value->kind == TREE_MAPPING) {
		snprintf(path, sizeof(path), "%s%s: ", level->path, key->name);
		inner.path = path;
		return decode_mapping(d, &inner);
	}
	if (key->type == SCHEMA_RECORDS && value->kind == TREE_LIST)
		return true;
	if (key->list_max > 0)
		return decode_list(d, level, key, node);
	if (key->type != SCHEMA_MAPPING && key->type != SCHEMA_RECORDS)
		return decode_scalar(d, level, key, node, level->record);
	value_expects(key, expects, sizeof(expects));
	FAULT(d, level, node, "%s %s", key->name, mismatch(value, expects, text, sizeof(text)));
	return false;
}

static void unknown_key(struct decode *d, const struct level *level, uint32_t node)
{
	const char *name = tree_text(d->tree, tree_node(d->tree, node));
	const char *meant = schema_suggest(level->schema, name);
	char known[VALUE_TEXT_SIZE] = "", quoted[QUOTE_SIZE];
	size_t used = 0;

	value_quote(name, quoted, sizeof(quoted));
	if (strcmp(name, "<<") == 0) {
		FAULT(d, level, node,
			"merge keys (%s) are not taken: use an alias for a whole value", name);
		return;
	}
	if (meant != NULL) {
		FAULT(d, level, node, "unknown key %s: did you mean '%s'?", quoted, meant);
		return;
	}
	for (const struct schema_key *key = level->schema->keys;
		key->name != NULL && used < sizeof(known); key++) {
		if (key->inherited)
			continue;
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
			used == 0 ? "" : ", ", key->name);
	}
	FAULT(d, level, node, "unknown key %s: the keys here are %s", quoted, known);
}

// The key node that gave this field before: by the same key, or by another one that stands for it.
static uint32_t given_before(const struct level *level, const struct schema_key *key)
{
	const struct schema_key *keys = level->schema->keys;
	bool is_port = key->type == SCHEMA_PORT || key->type == SCHEMA_PORTS;

	for (uint32_t i = 0; keys[i].name != NULL; i++) {
		bool other = is_port && keys[i].offset == key->offset;

		if (level->seen[i] != 0 && (&keys[i] == key || other))
			return level->seen[i];
	}
	return 0;
}

static bool decode_pair(struct decode *d, struct level *level, uint32_t key_node)
{
	const char *name = tree_text(d->tree, tree_node(d->tree, key_node));
	const struct schema_key *key = schema_find(level->schema, name);
	uint32_t before;

	if (key == NULL) {
		unknown_key(d, level, key_node);
		return false;
	}
	before = given_before(level, key);
	if (before != 0) {
		const char *first = tree_text(d->tree, tree_node(d->tree, before));
		uint32_t line = tree_place(d->tree, before).line;

		if (strcmp(first, name) == 0)
			FAULT(d, level, key_node, "key '%s' is given twice (first at line %u)",
				name, line);
		else
			FAULT(d, level, key_node, "give either '%s' or '%s' (first at line %u)",
				first, name, line);
		return false;
	}
	level->seen[key - level->schema->keys] = key_node;
	return decode_value(d, level, key, tree_next(d->tree, key_node));
}

// "protocol is missing: the transport protocol, tcp or udp": the first clause of its description
// will do.
static void missing_key(struct decode *d, const struct level *level, const struct schema_key *key)
{
	int clause = (int)strcspn(key->doc, ";");
	char expects[VALUE_TEXT_SIZE];

	if (key->type == SCHEMA_WORD)
		FAULT(d, level, level->node, "%s is missing: %.*s, %s", key->name, clause, key->doc,
			value_expects(key, expects, sizeof(expects)));
	else
		FAULT(d, level, level->node, "%s is missing: %.*s", key->name, clause, key->doc);
}

static bool decode_mapping(struct decode *d, struct level *level)
{
	bool good = true;

	for (uint32_t key = tree_first(d->tree, level->node); key != 0;
		key = tree_next(d->tree, tree_next(d->tree, key)))
		good &= decode_pair(d, level, key);
	for (const struct schema_key *key = level->schema->keys; key->name != NULL; key++) {
		if (!key->required || key->inherited || given_before(level, key) != 0)
			continue;
		missing_key(d, level, key);
		good = false;
	}
	return good;
}

bool decode_record(struct decode *d, void *record)
{
	const struct tree_node *node = tree_node(d->tree, d->node);
	struct level level = {d->schema, d->node, "", record, {0}};
	char subject[DECODE_SUBJECT_SIZE], text[MISMATCH_SIZE];

	schema_defaults(d->schema, record);
	if (node->kind == TREE_MAPPING)
		return decode_mapping(d, &level);
	decode_subject(d, subject, sizeof(subject));
	subject[strlen(subject) - (subject[0] != '\0' ? strlen(": ") : 0)] = '\0';
	findings_add(d->findings, node->place, "%s %s", subject[0] != '\0' ? subject : "a file",
		mismatch(node, "a mapping (key: value)", text, sizeof(text)));
	return false;
}
