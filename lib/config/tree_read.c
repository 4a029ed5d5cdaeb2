// SPDX-License-Identifier: BSD-3-Clause
#include <config/tree_private.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
	uint32_t name; // in the tree's text
	uint32_t node;
	uint64_t values; // that an alias of it stands for
	bool open; // not at its end yet
};

struct level {
	uint32_t node;
	uint32_t last; // entry; 0: none yet
	uint32_t anchor; // index + 1; 0: none
	uint64_t values_before;
};

// Reading in progress.
struct reader {
	yaml_parser_t parser;
	struct tree *tree;
	struct findings *findings;
	struct level levels[TREE_DEPTH_MAX + 1];
	uint32_t depth;
	struct anchor *anchors;
	uint32_t anchor_count;
	uint32_t documents;
	uint32_t file;
};

static struct place place_of(const struct reader *r, yaml_mark_t mark)
{
	return (struct place){(uint32_t)mark.line + 1, (uint32_t)mark.column + 1, r->file};
}

#define REFUSE(reader, mark, ...) \
	(findings_add((reader)->findings, place_of(reader, mark), __VA_ARGS__), -EINVAL)

// What libyaml says, and what would be right.
static const struct {
	const char *problem;
	const char *remedy;
} remedies[] = {
	{"mapping values are not allowed in this context",
		"there is a second ': ' on this line, or the indentation is wrong"},
	{"did not find expected key", "the indentation differs from that of the keys above"},
	{"did not find expected '-' indicator",
		"the indentation differs from that of the entries above"},
	{"did not find expected ',' or ']'", "a list in brackets ends with ']'"},
	{"did not find expected ',' or '}'", "a mapping in braces ends with '}'"},
	{"could not find expected ':'", "a key is followed by ': '"},
	{"found unexpected end of stream", "a quote is not closed"},
	{"found character that cannot start any token", "put the value in quotes"},
	{"block sequence entries are not allowed in this context",
		"put the '- ' on a line of its own"},
	{"did not find expected <document start>", "one file holds one document"},
	{"found unexpected ':'", "a space follows the ':' of a key"},
	{"did not find expected node content", "a value or a closing bracket is missing"},
	{"found incompatible YAML document", "leave the line out, or write %YAML 1.1"},
};

static const char *remedy_for(const char *problem)
{
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++) {
		if (strcmp(problem, remedies[i].problem) == 0)
			return remedies[i].remedy;
	}
	return "see the lines above";
}

static int refuse_yaml(struct reader *r)
{
	uint32_t began = place_of(r, r->parser.context_mark).line;
	const char *problem = r->parser.problem != NULL ? r->parser.problem : "cannot be read";

	if (r->parser.error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	// What does not end is noticed far behind its beginning.
	if (r->parser.context != NULL && began < place_of(r, r->parser.problem_mark).line)
		return REFUSE(r, r->parser.problem_mark,
			"not YAML: %s in what began at line %u: %s", problem, began,
			remedy_for(problem));
	return REFUSE(r, r->parser.problem_mark, "not YAML: %s: %s", problem, remedy_for(problem));
}

static int add_text(struct tree *tree, const void *text, size_t size, uint32_t *out)
{
	if (tree->text_size + size + 1 > tree->text_room) {
		uint32_t room = 2 * (tree->text_size + (uint32_t)size + 1);
		char *grown = realloc(tree->text, room);

		if (grown == NULL)
			return -ENOMEM;
		tree->text = grown;
		tree->text_room = room;
	}
	*out = tree->text_size;
	memcpy(tree->text + tree->text_size, text, size);
	tree->text[tree->text_size + size] = '\0';
	tree->text_size += (uint32_t)size + 1;
	return 0;
}

// The next node, behind what its parent has already.
static int add_node(struct reader *r, enum tree_kind kind, yaml_mark_t mark, uint32_t *out)
{
	struct tree *tree = r->tree;
	struct level *parent = r->depth > 0 ? &r->levels[r->depth - 1] : NULL;

	if (tree->node_count == tree->node_room) {
		uint32_t room = tree->node_room * 2;
		struct tree_node *grown = realloc(tree->nodes, room * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		tree->nodes = grown;
		tree->node_room = room;
	}
	*out = tree->node_count++;
	r->tree->values++;
	tree->nodes[*out] = (struct tree_node){.place = place_of(r, mark), .kind = kind};
	if (parent == NULL)
		return 0;
	if (parent->last == 0)
		tree->nodes[parent->node].first = *out;
	else
		tree->nodes[parent->last].next = *out;
	parent->last = *out;
	tree->nodes[parent->node].size++;
	return 0;
}

// In a mapping every other entry is a key.
static bool key_is_due(const struct reader *r)
{
	const struct tree_node *parent;

	if (r->depth == 0)
		return false;
	parent = &r->tree->nodes[r->levels[r->depth - 1].node];
	return parent->kind == TREE_MAPPING && parent->size % 2 == 0;
}

static struct anchor *find_anchor(struct reader *r, const char *name)
{
	for (uint32_t i = r->anchor_count; i > 0; i--) {
		if (strcmp(r->tree->text + r->anchors[i - 1].name, name) == 0)
			return &r->anchors[i - 1];
	}
	return NULL;
}

static int add_anchor(struct reader *r, const yaml_char_t *name, uint32_t node, yaml_mark_t mark)
{
	struct anchor *anchor = &r->anchors[r->anchor_count];

	if (name == NULL)
		return 0;
	if (r->tree->anchor_count == TREE_ANCHORS_MAX)
		return REFUSE(r, mark, "there are more than %u anchors", TREE_ANCHORS_MAX);
	*anchor = (struct anchor){.node = node, .values = 1};
	r->anchor_count++;
	r->tree->anchor_count++;
	return add_text(r->tree, name, strlen((const char *)name), &anchor->name);
}

static int read_alias(struct reader *r, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *anchor = find_anchor(r, name);
	uint32_t node;
	int rc;

	if (anchor == NULL)
		return REFUSE(
			r, event->start_mark, "there is no anchor &%s above this alias", name);
	if (anchor->open)
		return REFUSE(
			r, event->start_mark, "the alias *%s stands inside of what it names", name);
	if (key_is_due(r))
		return REFUSE(r, event->start_mark, "a key must be plain text, not an alias");
	r->tree->values += anchor->values;
	if (r->tree->values - r->tree->node_count > TREE_ALIASED_MAX)
		return REFUSE(r, event->start_mark, "aliases would make more than %u values of %s",
			TREE_ALIASED_MAX, r->findings->file_count > 1 ? "all files" : "this file");
	rc = add_node(r, TREE_ALIAS, event->start_mark, &node);
	if (rc == 0)
		r->tree->nodes[node].first = anchor->node;
	return rc;
}

// What YAML takes for "no value".
static bool is_absent(const yaml_event_t *event)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	const char *text = (const char *)event->data.scalar.value;

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
		if (strcmp(text, nulls[i]) == 0)
			return true;
	}
	return false;
}

static int read_scalar(struct reader *r, const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	uint32_t node;
	int rc;

	if (event->data.scalar.tag != NULL)
		return REFUSE(r, event->start_mark,
			"tags such as !!str have no place here: leave it out");
	if (strlen(text) != size)
		return REFUSE(
			r, event->start_mark, "there is a zero byte in this text: remove the \\0");
	rc = add_node(r, TREE_SCALAR, event->start_mark, &node);
	if (rc != 0)
		return rc;
	r->tree->nodes[node].absent = is_absent(event);
	rc = add_anchor(r, event->data.scalar.anchor, node, event->start_mark);
	if (rc != 0)
		return rc;
	return add_text(r->tree, text, size, &r->tree->nodes[node].first);
}

static int open_level(struct reader *r, const yaml_event_t *event, enum tree_kind kind,
	const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct level level = {.values_before = r->tree->values};
	int rc;

	if (tag != NULL)
		return REFUSE(r, event->start_mark,
			"tags such as !!map have no place here: leave it out");
	if (key_is_due(r))
		return REFUSE(
			r, event->start_mark, "a key must be plain text, not a list or a mapping");
	if (r->depth == TREE_DEPTH_MAX)
		return REFUSE(r, event->start_mark, "nested deeper than %u levels", TREE_DEPTH_MAX);
	rc = add_node(r, kind, event->start_mark, &level.node);
	if (rc == 0)
		rc = add_anchor(r, anchor, level.node, event->start_mark);
	if (rc != 0)
		return rc;
	if (anchor != NULL) {
		level.anchor = r->anchor_count;
		r->anchors[level.anchor - 1].open = true;
	}
	r->levels[r->depth++] = level;
	return 0;
}

static void close_level(struct reader *r)
{
	const struct level *level = &r->levels[--r->depth];
	struct tree_node *node = &r->tree->nodes[level->node];

	if (node->kind == TREE_MAPPING)
		node->size /= 2;
	if (level->anchor != 0) {
		r->anchors[level->anchor - 1].open = false;
		r->anchors[level->anchor - 1].values = r->tree->values - level->values_before;
	}
}

static int read_event(struct reader *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->documents++ > 0)
			return REFUSE(r, event->start_mark,
				"a second document begins here: one file holds one");
		return 0;
	case YAML_ALIAS_EVENT:
		return read_alias(r, event);
	case YAML_SCALAR_EVENT:
		return read_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(r, event, TREE_LIST, event->data.sequence_start.anchor,
			event->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return open_level(r, event, TREE_MAPPING, event->data.mapping_start.anchor,
			event->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_level(r);
		return 0;
	default:
		return 0;
	}
}

static int read_events(struct reader *r)
{
	yaml_event_type_t type = YAML_NO_EVENT;
	int rc = 0;

	while (rc == 0 && type != YAML_STREAM_END_EVENT) {
		yaml_event_t event;

		if (!yaml_parser_parse(&r->parser, &event))
			return refuse_yaml(r);
		type = event.type;
		rc = read_event(r, &event);
		yaml_event_delete(&event);
	}
	if (rc == 0 && r->documents == 0) {
		findings_add(r->findings, (struct place){1, 1, r->file},
			"there is nothing in this file: it must be a mapping (key: value)");
		rc = -EINVAL;
	}
	return rc;
}

struct tree *tree_new(void)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree == NULL)
		return NULL;
	tree->node_room = 1024;
	tree->node_count = TREE_ROOT;
	tree->nodes = calloc(tree->node_room, sizeof(*tree->nodes));
	tree->text_room = 4096;
	tree->text = malloc(tree->text_room);
	if (tree->nodes == NULL || tree->text == NULL) {
		tree_free(tree);
		return NULL;
	}
	return tree;
}

int tree_add(struct tree *tree, uint32_t file, const char *text, size_t size,
	struct findings *findings, uint32_t *root)
{
	static const char mark[] =
		"\xef\xbb\xbf"; // of byte order, as some editors put it; no part of the text
	struct reader r = {.findings = findings, .tree = tree, .file = file};
	int rc = -ENOMEM;

	if (size >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0) {
		text += strlen(mark);
		size -= strlen(mark);
	}
	*root = tree->node_count;
	if (!tree_check_text(file, text, size, findings))
		return -EINVAL;
	r.anchors = calloc(TREE_ANCHORS_MAX, sizeof(*r.anchors));
	if (r.anchors != NULL && yaml_parser_initialize(&r.parser)) {
		yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
		yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
		rc = read_events(&r);
		yaml_parser_delete(&r.parser);
	}
	free(r.anchors);
	return rc;
}

int tree_read(const char *text, size_t size, struct findings *findings, struct tree **out)
{
	struct tree *tree = tree_new();
	uint32_t root;
	int rc = tree == NULL ? -ENOMEM : tree_add(tree, 0, text, size, findings, &root);

	if (rc == 0)
		*out = tree;
	else
		tree_free(tree);
	return rc;
}
