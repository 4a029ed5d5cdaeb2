// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_DECODE_H
#define CONFIG_DECODE_H

#include <config/findings.h>
#include <config/schema.h>
#include <config/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A mapping of the tree to the struct that its schema describes. Every fault becomes a finding; the
// fields that are right are set all the same, so that more can be checked.

struct decode {
	const struct tree *tree;
	struct findings *findings;
	// Who is being read, for the sentences: "pool 'web': backend 'a1'".
	const char *outer; // "pool 'web'" or NULL
	const struct schema *schema;
	uint32_t node;
	uint32_t ordinal; // from 1, where it has no name; 0: it is not one of several
};

#define DECODE_SUBJECT_SIZE 224

// Sets '*record' to defaults and then to what 'node' says. Lists of records are checked to be
// lists, no more. Returns whether there was no fault.
bool decode_record(struct decode *decode, void *record);

// "pool 'web': backend 'a1': ", or "" for a whole file. Returns 'text'.
const char *decode_subject(const struct decode *decode, char *text, size_t size);

#endif
