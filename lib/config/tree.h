// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <base/error.h>
#include <config/findings.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// YAML texts as a tree, with the place of everything in them. Aliases are followed by the
// accessors, so nobody above sees them. Immutable once read; any thread.
//
// Refused here, each with its place: text that is not UTF-8, tabs as indentation, several
// documents, tags, keys that are not plain, nesting deeper than TREE_DEPTH_MAX, and aliases that
// would make more than TREE_ALIASED_MAX values of what they stand for. These limits are for all
// texts of a tree together.

#define TREE_DEPTH_MAX   16u
#define TREE_ANCHORS_MAX 1000u
#define TREE_ALIASED_MAX 16000000u

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAPPING, TREE_ALIAS };

struct tree_node {
	struct place place;
	uint32_t next; // behind it in its list or mapping (keys and values in turn); 0: the last
	uint32_t first; // TREE_SCALAR: where its text stands; TREE_ALIAS: its node
	uint32_t size; // entries or pairs
	uint8_t kind; // enum tree_kind
	bool absent; // an empty, '~' or 'null' scalar
};

struct tree; // opaque

#define TREE_ROOT 1u

// An empty tree, or NULL without memory.
struct tree *tree_new(void);
// Adds a text, whose places are in the findings' file of that number; '*root' is its own root.
// Anchors are known in their text alone. 0, -ENOMEM, or -EINVAL with a finding added. A text
// without a document is -EINVAL too.
int tree_add(struct tree *tree, uint32_t file, const char *text, size_t size,
	struct findings *findings, uint32_t *root);
// A tree of one text, of file 0, below TREE_ROOT. As tree_add(); '*out' is set where that is 0.
int tree_read(const char *text, size_t size, struct findings *findings, struct tree **out);
void tree_free(struct tree *tree);

// A node by its number, aliases followed.
const struct tree_node *tree_node(const struct tree *tree, uint32_t node);
// A scalar's text.
const char *tree_text(const struct tree *tree, const struct tree_node *node);
struct place tree_place(const struct tree *tree, uint32_t node);
// Where it stands itself if it is an alias, else nowhere.
struct place tree_alias_place(const struct tree *tree, uint32_t node);

// The first entry of a list, or the first key of a mapping: 0 if it is empty. What follows a key
// is its value.
uint32_t tree_first(const struct tree *tree, uint32_t node);
uint32_t tree_next(const struct tree *tree, uint32_t node);

// The value of a mapping's key, or 0. A dot goes into mappings: "health.port".
uint32_t tree_find(const struct tree *tree, uint32_t node, const char *key);

// Reads a file, up to 'limit' bytes; the caller frees '*text'. 0, -ENOMEM, -EIO, or -EINVAL if it
// is too large, with the sentence.
int tree_read_file(const char *path, size_t limit, char **text, size_t *size, struct error *err);
// One of any size that the daemon keeps itself (base/kept_file.h).
int tree_read_kept(const char *path, char **text, size_t *size, struct error *err);

#endif
