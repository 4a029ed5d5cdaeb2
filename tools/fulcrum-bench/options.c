// SPDX-License-Identifier: BSD-3-Clause
#include "options.h"

#include <base/parse.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int parse_count(const char *text, uint64_t *out)
{
	size_t size = strlen(text);
	char digits[24];
	char last = size > 0 ? text[size - 1] : '\0';
	uint32_t shift = last == 'k' ? 10 : last == 'M' ? 20 : 0;

	if (size >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, size + 1);
	if (shift != 0)
		digits[size - 1] = '\0';
	if (parse_u64(digits, out) != 0 || *out > UINT64_MAX >> 20)
		return -EINVAL;
	*out <<= shift;
	return 0;
}

int option_number(const char *command, const char *name, const char *text,
	const struct option_bounds *bounds, uint64_t *out)
{
	uint64_t value;

	if (parse_count(text, &value) == 0 && value >= bounds->min && value <= bounds->max) {
		*out = value;
		return 0;
	}
	fprintf(stderr,
		"fulcrum-bench %s: --%s %s: a whole number from %" PRIu64 " to %" PRIu64 "\n",
		command, name, text, bounds->min, bounds->max);
	return -EINVAL;
}

int option_word(const char *command, const char *name, const char *text, const char *first,
	const char *second, bool *out_second)
{
	*out_second = strcmp(text, second) == 0;
	if (*out_second || strcmp(text, first) == 0)
		return 0;
	fprintf(stderr, "fulcrum-bench %s: --%s %s: %s or %s\n", command, name, text, first,
		second);
	return -EINVAL;
}
