// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include <base/error.h>
#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>

// What is wrong with a configuration, gathered in any order and told in the order of the files and
// their lines. One thread.

#define FINDINGS_MAX 1000u

struct place {
	uint32_t line; // from 1; 0: nowhere
	uint32_t column;
	uint32_t file; // its number among the findings' files
};

struct finding {
	struct place place;
	uint32_t ordinal; // as it was found, among equal places
	char *text;
};

struct findings {
	const char *const *files; // their names; NULL: there is none, and places are not told
	uint32_t file_count; // 0 is 1
	struct finding *list;
	uint32_t count;
	uint32_t total; // with those that were too many to keep
	bool out_of_memory;
};

void findings_add(struct findings *findings, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define FINDINGS_LINE_SIZE 160
// " (first at line 11)" with 'word' in front, of several files " (first at other.yaml:11)", or ""
// for nowhere. Of a long path the end is told. 'text' has FINDINGS_LINE_SIZE bytes; returns it.
const char *findings_line(
	const struct findings *findings, struct place place, const char *word, char *text);

// Tells all of them and frees them. 0 if there were none, -ENOMEM, or -EINVAL with the first one in
// 'err'.
int findings_close(
	struct findings *findings, config_report_fn *report, void *context, struct error *err);

#endif
