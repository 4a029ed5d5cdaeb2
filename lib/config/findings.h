// SPDX-License-Identifier: BSD-3-Clause
#ifndef CONFIG_FINDINGS_H
#define CONFIG_FINDINGS_H

#include <base/error.h>
#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>

// What is wrong with a configuration, gathered in any order and told in the order of the lines. One thread.

#define FINDINGS_MAX 1000u

struct place {
	uint32_t line; // from 1; 0: nowhere
	uint32_t column;
};

struct finding {
	struct place place;
	uint32_t ordinal; // as it was found, among equal places
	char *text;
};

struct findings {
	const char *name; // of the file; NULL: there is none, and places are not told
	struct finding *list;
	uint32_t count;
	uint32_t total; // with those that were too many to keep
	bool out_of_memory;
};

void findings_add(struct findings *findings, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

// Tells all of them and frees them. 0 if there were none, -ENOMEM, or -EINVAL with the first one in 'err'.
int findings_close(
	struct findings *findings, config_report_fn *report, void *context, struct error *err);

#endif
