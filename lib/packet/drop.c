// SPDX-License-Identifier: BSD-3-Clause
#include <packet/drop.h>

static const struct {
	const char *label;
	const char *text;
} reasons[] = {
#define X(identifier, label, text, ...) {label, text},
	DROP_REASONS(X)
#undef X
};

const char *drop_label(enum drop_reason reason)
{
	return reasons[reason].label;
}

const char *drop_text(enum drop_reason reason)
{
	return reasons[reason].text;
}
