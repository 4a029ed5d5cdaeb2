// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_TREE_PRIVATE_H
#define CONFIG_TREE_PRIVATE_H

#include <config/tree.h>

struct tree {
	struct tree_node *nodes; // number 0 is none
	uint32_t node_count;
	uint32_t node_room;
	char *text; // all scalars, each with its zero
	uint32_t text_size;
	uint32_t text_room;
	uint32_t anchor_count; // of all texts
	uint64_t values; // with what aliases stand for
};

// Whether all of it is text that a file may hold (base/printable.h), with lines, and no tab in an
// indentation. False with a finding at the first place where it is not.
bool tree_check_text(uint32_t file, const char *text, size_t size, struct findings *findings);

#endif
