// SPDX-License-Identifier: BSD-3-Clause
#include <base/kept_file.h>
#include <config/tree.h>
#include <config/tree_private.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	free(tree->nodes);
	free(tree->text);
	free(tree);
}

const struct tree_node *tree_node(const struct tree *tree, uint32_t node)
{
	const struct tree_node *found = &tree->nodes[node];

	return found->kind == TREE_ALIAS ? &tree->nodes[found->first] : found;
}

const char *tree_text(const struct tree *tree, const struct tree_node *node)
{
	return tree->text + node->first;
}

struct place tree_place(const struct tree *tree, uint32_t node)
{
	return tree_node(tree, node)->place;
}

struct place tree_alias_place(const struct tree *tree, uint32_t node)
{
	const struct tree_node *found = &tree->nodes[node];

	return found->kind == TREE_ALIAS ? found->place : (struct place){0, 0};
}

uint32_t tree_first(const struct tree *tree, uint32_t node)
{
	const struct tree_node *found = tree_node(tree, node);

	return found->kind == TREE_SCALAR ? 0 : found->first;
}

uint32_t tree_next(const struct tree *tree, uint32_t node)
{
	return tree->nodes[node].next;
}

static uint32_t find_key(const struct tree *tree, uint32_t node, const char *name, size_t size)
{
	if (tree_node(tree, node)->kind != TREE_MAPPING)
		return 0;
	for (uint32_t key = tree_first(tree, node); key != 0;) {
		const char *text = tree_text(tree, tree_node(tree, key));
		uint32_t value = tree_next(tree, key);

		if (strncmp(text, name, size) == 0 && text[size] == '\0')
			return value;
		key = tree_next(tree, value);
	}
	return 0;
}

uint32_t tree_find(const struct tree *tree, uint32_t node, const char *key)
{
	const char *dot = strchr(key, '.');

	if (dot == NULL)
		return find_key(tree, node, key, strlen(key));
	node = find_key(tree, node, key, (size_t)(dot - key));
	return node == 0 ? 0 : tree_find(tree, node, dot + 1);
}

// Closes the file.
static int tree_read_open(
	FILE *file, const char *path, size_t limit, char **text, size_t *size, struct error *err)
{
	size_t room = 1 << 16;
	char *bytes = NULL;
	int rc = 0;

	*size = 0;
	while (rc == 0 && *size <= limit) {
		char *grown = realloc(bytes, room);

		if (grown == NULL) {
			rc = error_set(err, ENOMEM, "%s: out of memory", path);
			break;
		}
		bytes = grown;
		*size += fread(bytes + *size, 1, room - *size, file);
		if (ferror(file))
			rc = error_set(err, EIO, "%s: %s", path, strerror(errno));
		if (*size < room)
			break;
		room *= 2;
	}
	fclose(file);
	if (rc == 0 && *size > limit)
		rc = error_set(err, EINVAL, "%s: a file may have %u MiB at most", path,
			(unsigned int)(limit >> 20));
	if (rc != 0) {
		free(bytes);
		return rc;
	}
	*text = bytes;
	return 0;
}

int tree_read_file(const char *path, size_t limit, char **text, size_t *size, struct error *err)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return error_set(err, EIO, "%s: %s", path, strerror(errno));
	return tree_read_open(file, path, limit, text, size, err);
}

int tree_read_kept(const char *path, char **text, size_t *size, struct error *err)
{
	FILE *file = kept_file_open(path, err);

	return file == NULL ? -EIO : tree_read_open(file, path, SIZE_MAX, text, size, err);
}
