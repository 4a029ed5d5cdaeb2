// SPDX-License-Identifier: BSD-3-Clause
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include <metrics/family.h>
#include <metrics/histogram.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The text of metrics, into memory of the caller's: OpenMetrics 1.0, or the older text format of
// Prometheus (0.0.4) for those who do not ask for OpenMetrics. One thread at a time.
//
//     exposition_begin(e, METRICS_FLOWS);
//     exposition_sample(e, "");
//     exposition_label(e, "worker", "0");
//     exposition_number(e, 17);            a sample's value ends its line
//
// The samples of a family stand together, and so the families are begun once each.

enum exposition_format { EXPOSITION_PROMETHEUS, EXPOSITION_OPENMETRICS };

// More than a family's first lines, or a line of a sample whose labels' values have 512 bytes in
// all, can take.
#define EXPOSITION_LINE_MAX 2048

struct exposition {
	enum exposition_format format;
	char *text;
	size_t size;
	size_t room; // EXPOSITION_LINE_MAX more than 'size' before each line, or the text is cut
	bool is_cut;
	const struct metrics_family *family;
	uint32_t labels; // of the sample at hand
};

// The format that a client asks for by its "Accept" header; NULL: it sent none.
enum exposition_format exposition_negotiate(const char *accept);
const char *exposition_content_type(enum exposition_format format);

// The family's TYPE, UNIT and HELP.
void exposition_begin(struct exposition *e, enum metrics_id id);
// The same of a family that is another program's: it outlives 'e'.
void exposition_begin_family(struct exposition *e, const struct metrics_family *family);
// A sample's name; 'suffix' comes behind what the family's type asks for.
void exposition_sample(struct exposition *e, const char *suffix);
void exposition_label(struct exposition *e, const char *name, const char *value);
void exposition_number(struct exposition *e, uint64_t value);
void exposition_signed(struct exposition *e, int64_t value);
void exposition_micro(struct exposition *e, uint64_t millionths);
// Behind the last family.
void exposition_end(struct exposition *e);

#endif
